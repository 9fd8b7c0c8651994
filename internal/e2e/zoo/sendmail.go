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

func startSendmail(t *testing.T) *running {
	t.Helper()
	place := e2e.PlaceFor(t, "sendmail")
	write(t, place, "sendmail.mc", sendmailConfig)
	write(t, place, "service.switch", "hosts files\naliases files\n")
	write(t, place, "etc/mail/aliases", "tester: /dev/null\npostmaster: /dev/null\nMAILER-DAEMON: /dev/null\n")
	write(t, place, "etc/mail/local-host-names", "zoo.test\n")
	write(t, place, "etc/hosts", "127.0.0.1 localhost\n{address} "+hostname+"\n")
	write(t, place, "etc/sasl2/Sendmail.conf", "pwcheck_method: auxprop\nauxprop_plugin: sasldb\nsasldb_path: {dir}/sasldb2\nmech_list: PLAIN LOGIN CRAM-MD5\n")
	r := &running{place: place, rude: regexp.MustCompile(`(?i)lost input channel|rejecting commands|SYSERR`)}
	r.program = sandboxed(t, place, "sendmail", []string{"sendmail-bin", "sendmail-base", "sendmail-cf"}, `
m4 "$ROOT/sendmail.mc" > "$ROOT/sendmail.cf"
echo `+password+` | saslpasswd2 -p -c -f "$ROOT/sasldb2" -u `+hostname+` `+username+`
mkdir -p /var/spool/mqueue /var/lib/sendmail /var/run/sendmail /var/mail
chmod 700 /var/spool/mqueue
chmod 644 /etc/mail/*
chmod go-w / /etc /etc/mail
mkdir -p /usr/lib/sm.bin
/usr/libexec/sendmail/sendmail -C "$ROOT/sendmail.cf" -bi
exec /usr/libexec/sendmail/sendmail -C "$ROOT/sendmail.cf" -bD -X /dev/null -d0.1`)
	r.await(t, 2525, 2526)
	smtp, auth := url("smtp", place, 2525), url("smtp", place, 2526)
	r.situations = []situation{
		{asked: "a session", url: smtp, settings: ehlo, verdict: "none/none:250:done"},
		{asked: "a wrong password (CRAM-MD5)", url: smtp, settings: login(wrongPassword, `auth_mechanism = "CRAM-MD5"`), verdict: "auth_failed/auth_credentials_invalid:535:auth", fault: "credentials"},
		{asked: "a wrong password (PLAIN)", url: smtp, settings: login(wrongPassword, `auth_mechanism = "PLAIN"`), verdict: "auth_failed/auth_credentials_invalid:535:auth", fault: "credentials"},
		{asked: "the right password", url: smtp, settings: login(password), verdict: "none/none:235:done"},
		{asked: "MAIL without the AUTH that the port requires", url: auth, settings: known, verdict: "sender_refused/auth_required:530:mail", fault: "config"},
		{asked: "a recipient of another domain", url: smtp, settings: foreign, verdict: "recipients_refused/relay_denied:550:rcpt", fault: "config"},
		{asked: "an unknown mailbox", url: smtp, settings: missing, verdict: "recipients_refused/mailbox_unknown:550:rcpt", fault: "message"},
		{asked: "a message larger than SIZE", url: smtp, settings: send + "\nmessage_size = 4096", verdict: "not_supported/message_too_large:none:mail", fault: "config"},
		{asked: "a message", url: smtp, settings: send, verdict: "none/none:250:done"},
		{asked: "LMTP on an SMTP port", url: url("lmtp", place, 2525), verdict: "helo_refused/not_lmtp:500:ehlo", fault: "config"},
	}
	return r
}
