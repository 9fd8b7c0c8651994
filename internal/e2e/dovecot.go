//go:build e2e

package e2e

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"testing"
)

// Dovecot is a private Dovecot: LMTP, and authentication for Postfix.
type Dovecot struct {
	Place
	Log *Log

	server *process
}

// dovecotLMTP is its port; the same is served at LMTPSocket.
const dovecotLMTP = 2424

// otherUser has a mailbox, too.
const otherUser = "other"

// dovecotMechanisms are those that Dovecot has and the product, too.
var dovecotMechanisms = []string{"PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256", "XOAUTH2", "OAUTHBEARER"}

// tokenKey signs access tokens; Dovecot finds it by its file's path.
const tokenKey = "a key of the end-to-end tests only" //nolint:gosec // it opens nothing else

const dovecotConfig = `
base_dir = {dir}/run
state_dir = {dir}/state
log_path = {dir}/dovecot.log
log_timestamp = "%Y-%m-%d %H:%M:%S "
instance_name = {dir}
protocols = lmtp
listen = {address}
ssl = no
default_internal_user = dovecot
default_login_user = dovenull
disable_plaintext_auth = no
auth_mechanisms = {mechanisms}
auth_verbose = yes
auth_failure_delay = 0
# Its answer to a wrong password must not wait for others.
auth_cache_size = 0
mail_location = maildir:{dir}/mail/%n
first_valid_uid = 1
passdb {
  driver = passwd-file
  args = scheme=PLAIN username_format=%u {dir}/users
}
passdb {
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = {dir}/oauth2.conf
}
userdb {
  driver = passwd-file
  args = username_format=%n {dir}/users
}
service auth {
  # Postfix opens it as its own user.
  unix_listener {dir}/auth.sock {
    mode = 0666
  }
}
service lmtp {
  inet_listener lmtp {
    port = {port}
  }
  unix_listener {dir}/lmtp.sock {
    mode = 0666
  }
}
service stats {
  unix_listener stats-writer {
    mode = 0666
  }
}
protocol lmtp {
  postmaster_address = postmaster@mail.test
  hostname = dovecot.test
}
`

const dovecotOAuth2 = `
introspection_mode = local
local_validation_key_dict = fs:posix:prefix={dir}/keys/
username_attribute = sub
`

// StartDovecot starts a Dovecot that ends with the test.
func StartDovecot(t *testing.T) *Dovecot {
	t.Helper()
	d := &Dovecot{Place: newPlace(t, "dovecot")}
	mailbox := d.mkdir(t, "mail", "nobody")
	d.mkdir(t, "keys/default/HS256", "root")
	d.write(t, "keys/default/HS256/default", base64.StdEncoding.EncodeToString([]byte(tokenKey)))
	fill := strings.NewReplacer("{dir}", d.Dir, "{address}", d.Address, "{port}", strconv.Itoa(dovecotLMTP),
		"{mechanisms}", strings.ToLower(strings.Join(dovecotMechanisms, " ")))
	account := fmt.Sprintf(":{PLAIN}%s:65534:65534::%s::\n", password, mailbox)
	d.write(t, "users", username+account+otherUser+account)
	d.write(t, "oauth2.conf", fill.Replace(dovecotOAuth2))
	config := d.write(t, "dovecot.conf", fill.Replace(dovecotConfig))

	d.server = start(t, d.Place, "dovecot", "/usr/sbin/dovecot", "-F", "-c", config)
	d.Log = &Log{path: d.path("dovecot.log"), server: d.server}
	d.Log.Wait(t, "master: Info: Dovecot", "starting up")
	return d
}

// SASL is the socket for PostfixOptions.
func (d *Dovecot) SASL() string { return d.path("auth.sock") }

// LMTPSocket is the unix socket of LMTP.
func (d *Dovecot) LMTPSocket() string { return d.path("lmtp.sock") }

// Mail waits for the one message of a user and returns it.
func (d *Dovecot) Mail(t *testing.T, user string) string {
	t.Helper()
	return d.server.awaitMail(t, d.path("mail", user, "new"))
}
