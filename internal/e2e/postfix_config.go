//go:build e2e

package e2e

import (
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"
)

// PostfixConfig is what one Postfix has beyond the settings and services of
// every Postfix in these tests. In its texts {dir} and {address} stand for the
// place.
type PostfixConfig struct {
	Hostname string
	Settings string   // for main.cf
	Services string   // network services, for master.cf
	Pairs    []string // more placeholders and their values
}

const postfixMain = `
compatibility_level = 3.6
maillog_file = {dir}/mail.log
maillog_file_prefixes = {dir}
queue_directory = {dir}/spool
data_directory = {dir}/data
myhostname = {hostname}
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
smtpd_peername_lookup = no
alias_maps =
alias_database =
local_recipient_maps =
virtual_mailbox_base = {dir}/mail
virtual_uid_maps = static:65534
virtual_gid_maps = static:65534
`

// postfixMaster has no chroot and only the services that the tests use.
const postfixMaster = `
smtpd     pass  -       -       n       -       -       smtpd
dnsblog   unix  -       -       n       -       0       dnsblog
tlsproxy  unix  -       -       n       -       0       tlsproxy
cleanup   unix  n       -       n       -       0       cleanup
qmgr      unix  n       -       n       300     1       qmgr
tlsmgr    unix  -       -       n       1000?   1       tlsmgr
rewrite   unix  -       -       n       -       -       trivial-rewrite
bounce    unix  -       -       n       -       0       bounce
defer     unix  -       -       n       -       0       bounce
trace     unix  -       -       n       -       0       bounce
verify    unix  -       -       n       -       1       verify
flush     unix  n       -       n       1000?   0       flush
proxymap  unix  -       -       n       -       -       proxymap
smtp      unix  -       -       n       -       -       smtp
relay     unix  -       -       n       -       -       smtp
lmtp      unix  -       -       n       -       -       lmtp
error     unix  -       -       n       -       -       error
retry     unix  -       -       n       -       -       error
discard   unix  -       -       n       -       -       discard
virtual   unix  -       n       n       -       -       virtual
anvil     unix  -       -       n       -       1       anvil
postlog   unix-dgram n  -       n       -       1       postlogd
`

// RunPostfix starts a Postfix that logs to mail.log and delivers mail for
// virtual mailboxes below mail. It stops when the test ends.
func RunPostfix(t *testing.T, place Place, config PostfixConfig) *Program {
	t.Helper()
	place.mkdir(t, "etc", "root")
	place.mkdir(t, "data", "postfix")
	place.mkdir(t, "spool", "root")
	place.mkdir(t, "mail", "nobody")
	pairs := append([]string{"{hostname}", config.Hostname}, config.Pairs...)
	place.WriteConfig(t, "etc/main.cf", postfixMain+config.Settings, pairs...)
	place.WriteConfig(t, "etc/master.cf", config.Services+postfixMaster, pairs...)

	// The check creates the queue. After it master is started directly, because
	// "postfix start-fg" runs master as a child that survives it.
	out, err := exec.Command("/usr/sbin/postfix", "-c", place.File("etc"), "check").CombinedOutput()
	require.NoError(t, err, "%s", out)
	p := StartProgram(t, place, "master", "/usr/lib/postfix/sbin/master", "-c", place.File("etc"), "-s")
	p.log("mail.log").Wait(t, "master[", "daemon started")
	return p
}
