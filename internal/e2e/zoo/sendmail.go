//go:build e2e && zoo

package zoo

import (
	"regexp"
	"testing"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/e2e"
)

const sendmailConfig = `divert(0)dnl
include(` + "`/usr/share/sendmail/cf/m4/cf.m4'" + `)dnl
VERSIONID(` + "`zoo'" + `)
OSTYPE(` + "`debian'" + `)dnl
define(` + "`confDOMAIN_NAME', `" + hostname + "'" + `)dnl
define(` + "`confDONT_BLAME_SENDMAIL', `GroupWritableForwardFileSafe,TrustStickyBit'" + `)dnl
define(` + "`confLOG_LEVEL', `9'" + `)dnl
define(` + "`confAUTH_MECHANISMS', `PLAIN LOGIN CRAM-MD5'" + `)dnl
define(` + "`confMAX_MESSAGE_SIZE', `2000'" + `)dnl
define(` + "`confTO_IDENT', `0'" + `)dnl
define(` + "`confSERVICE_SWITCH_FILE', `{dir}/service.switch'" + `)dnl
TRUST_AUTH_MECH(` + "`PLAIN LOGIN CRAM-MD5'" + `)dnl
FEATURE(` + "`no_default_msa'" + `)dnl
FEATURE(` + "`nocanonify'" + `)dnl
FEATURE(` + "`accept_unresolvable_domains'" + `)dnl
DAEMON_OPTIONS(` + "`Name=MTA, Addr={address}, Port=2525'" + `)dnl
DAEMON_OPTIONS(` + "`Name=Auth, Addr={address}, Port=2526, M=a'" + `)dnl
LOCAL_DOMAIN(` + "`zoo.test'" + `)dnl
MAILER_DEFINITIONS
MAILER(` + "`local'" + `)dnl
MAILER(` + "`smtp'" + `)dnl
`

func startSendmail(t *testing.T) *instance {
	t.Helper()
	place := e2e.PlaceFor(t, "sendmail")
	place.WriteConfig(t, "sendmail.mc", sendmailConfig)
	place.WriteConfig(t, "service.switch", "hosts files\naliases files\n")
	place.WriteConfig(t, "etc/mail/aliases", "tester: /dev/null\npostmaster: /dev/null\nMAILER-DAEMON: /dev/null\n")
	place.WriteConfig(t, "etc/mail/local-host-names", "zoo.test\n")
	place.WriteConfig(t, "etc/hosts", "127.0.0.1 localhost\n{address} "+hostname+"\n")
	place.WriteConfig(t, "etc/sasl2/Sendmail.conf", "pwcheck_method: auxprop\nauxprop_plugin: sasldb\nsasldb_path: {dir}/sasldb2\nmech_list: PLAIN LOGIN CRAM-MD5\n")
	r := &instance{complaint: regexp.MustCompile(`(?i)lost input channel|rejecting commands|SYSERR`)}
	r.Program = sandboxed(t, place, "sendmail", []string{"sendmail-bin", "sendmail-base", "sendmail-cf"}, `
m4 "$ROOT/sendmail.mc" > "$ROOT/sendmail.cf"
echo `+e2e.Password+` | saslpasswd2 -p -c -f "$ROOT/sasldb2" -u `+hostname+` `+e2e.Username+`
mkdir -p /var/spool/mqueue /var/lib/sendmail /var/run/sendmail /var/mail
chmod 700 /var/spool/mqueue
chmod 644 /etc/mail/*
chmod go-w / /etc /etc/mail
mkdir -p /usr/lib/sm.bin
/usr/libexec/sendmail/sendmail -C "$ROOT/sendmail.cf" -bi
exec /usr/libexec/sendmail/sendmail -C "$ROOT/sendmail.cf" -bD -X /dev/null -d0.1`)
	r.AwaitPorts(t, 2525, 2526)
	smtp, auth := "smtp://"+place.At(2525), "smtp://"+place.At(2526)
	r.probes = []e2e.Relay{
		{Name: "a session", URL: smtp, Settings: ehlo, Want: "none/none:250:done"},
		{Name: "a wrong password (CRAM-MD5)", URL: smtp, Settings: login(e2e.WrongPassword) + `auth_mechanism = "CRAM-MD5"`, Want: "auth_failed/auth_credentials_invalid:535:auth", Fault: "credentials"},
		{Name: "a wrong password (PLAIN)", URL: smtp, Settings: login(e2e.WrongPassword) + `auth_mechanism = "PLAIN"`, Want: "auth_failed/auth_credentials_invalid:535:auth", Fault: "credentials"},
		{Name: "the right password", URL: smtp, Settings: login(e2e.Password), Want: "none/none:235:done"},
		{Name: "MAIL before AUTH", URL: auth, Settings: knownUser, Want: "sender_refused/auth_required:530:mail", Fault: "config"},
		{Name: "a recipient in another domain", URL: smtp, Settings: otherDomain, Want: "recipients_refused/relay_denied:550:rcpt", Fault: "config"},
		{Name: "an unknown mailbox", URL: smtp, Settings: unknownUser, Want: "recipients_refused/mailbox_unknown:550:rcpt", Fault: "message"},
		{Name: "a message larger than SIZE", URL: smtp, Settings: send + "message_size = 4096", Want: "not_supported/message_too_large:none:mail", Fault: "config"},
		{Name: "a message", URL: smtp, Settings: send, Want: "none/none:250:done"},
		{Name: "LMTP on an SMTP port", URL: "lmtp://" + place.At(2525), Want: "helo_refused/not_lmtp:500:ehlo", Fault: "config"},
	}
	return r
}
