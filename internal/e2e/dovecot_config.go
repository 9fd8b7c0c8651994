//go:build e2e

package e2e

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
)

// DovecotConfig is what one Dovecot has beyond the settings of every Dovecot in
// these tests. In Settings {dir} and {address} stand for the place.
type DovecotConfig struct {
	Hostname string
	Users    []string // their password is Password
	Settings string   // for dovecot.conf; "protocols" is required
	Pairs    []string // more placeholders and their values
}

// DovecotLMTP is the port of LMTP.
const DovecotLMTP = 2424

const dovecotConfig = `
base_dir = {dir}/run
state_dir = {dir}/state
log_path = {dir}/dovecot.log
log_timestamp = "%Y-%m-%d %H:%M:%S "
instance_name = {dir}
hostname = {hostname}
postmaster_address = postmaster@mail.test
listen = {address}
ssl = no
default_internal_user = dovecot
default_login_user = dovenull
disable_plaintext_auth = no
mail_location = maildir:{dir}/mail/%n
first_valid_uid = 1
passdb {
  driver = passwd-file
  args = scheme=PLAIN username_format=%n {dir}/users
}
userdb {
  driver = passwd-file
  args = username_format=%n {dir}/users
}
service lmtp {
  inet_listener lmtp {
    port = {lmtp}
  }
}
service stats {
  unix_listener stats-writer {
    mode = 0666
  }
}
`

// RunDovecot starts a Dovecot that logs to dovecot.log and stores mail below
// mail. It stops when the test ends.
func RunDovecot(t *testing.T, place Place, config DovecotConfig) *Program {
	t.Helper()
	place.mkdir(t, "mail", "nobody")
	var users strings.Builder
	for _, user := range config.Users {
		fmt.Fprintf(&users, "%s:{PLAIN}%s:65534:65534::%s::\n", user, Password, place.File("mail"))
	}
	place.WriteFile(t, "users", users.String())
	pairs := append([]string{"{hostname}", config.Hostname, "{lmtp}", strconv.Itoa(DovecotLMTP)}, config.Pairs...)
	place.WriteConfig(t, "dovecot.conf", dovecotConfig+config.Settings, pairs...)
	return restartDovecot(t, place)
}

// restartDovecot starts a Dovecot with the configuration that is in its place.
func restartDovecot(t *testing.T, place Place) *Program {
	t.Helper()
	p := StartProgram(t, place, "dovecot", "/usr/sbin/dovecot", "-F", "-c", place.File("dovecot.conf"))
	p.log("dovecot.log").Wait(t, "master: Info: Dovecot", "starting up")
	return p
}
