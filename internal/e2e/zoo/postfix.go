//go:build e2e && zoo

package zoo

import (
	"regexp"
	"testing"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/e2e"
)

const postfixMain = `
compatibility_level = 3.6
maillog_file = {dir}/mail.log
maillog_file_prefixes = {dir}
queue_directory = {dir}/spool
data_directory = {dir}/data
myhostname = ` + hostname + `
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 192.0.2.1/32
smtpd_peername_lookup = no
alias_maps =
alias_database =
virtual_mailbox_domains = zoo.test
virtual_mailbox_base = {dir}/mail
virtual_mailbox_maps = inline:{ {tester@zoo.test = tester/} }
virtual_uid_maps = static:65534
virtual_gid_maps = static:65534
smtpd_relay_restrictions = reject_unauth_destination
anvil_rate_time_unit = 600s
header_checks = regexp:{dir}/header_checks
`

const postfixMaster = `
{address}:2525 inet n - n - - smtpd
{address}:2526 inet n - n - - smtpd
  -o smtpd_helo_restrictions=reject_non_fqdn_helo_hostname
{address}:2527 inet n - n - - smtpd
  -o smtpd_sender_restrictions=reject_non_fqdn_sender
{address}:2528 inet n - n - - smtpd
  -o { smtpd_sender_restrictions = check_sender_access static:{550 5.1.0 User unknown in local recipient table} }
{address}:2529 inet n - n - - smtpd
  -o smtpd_client_recipient_rate_limit=1
{address}:2530 inet n - n - - smtpd
  -o smtpd_client_message_rate_limit=1
{address}:2531 inet n - n - - smtpd
  -o { smtpd_client_restrictions = check_client_access static:{554 5.7.1 Service unavailable; Client host [127.200.1.1] blocked using zen.spamhaus.org} }
{address}:2532 inet n - n - - smtpd
  -o smtpd_tls_security_level=may -o smtpd_tls_cert_file={dir}/server.pem -o smtpd_tls_key_file={dir}/broken.pem
{address}:2533 inet n - n - - smtpd
  -o message_size_limit=1000
{address}:2534 inet n - n - - smtpd
  -o smtpd_milters=inet:127.0.0.1:1 -o milter_default_action=tempfail
{address}:2535 inet n - n - - smtpd
  -o { smtpd_recipient_restrictions = check_recipient_access static:{DEFER_IF_PERMIT 4.7.1 Greylisted, see http://postgrey.schweikert.ch/} }
{address}:2536 inet n - n - - smtpd
  -o smtpd_delay_reject=no -o { smtpd_client_restrictions = check_client_access static:{450 4.7.25 cannot find your hostname, [127.200.1.1]} }
cleanup   unix  n - n - 0 cleanup
qmgr      unix  n - n 300 1 qmgr
tlsmgr    unix  - - n 1000? 1 tlsmgr
rewrite   unix  - - n - - trivial-rewrite
bounce    unix  - - n - 0 bounce
defer     unix  - - n - 0 bounce
trace     unix  - - n - 0 bounce
verify    unix  - - n - 1 verify
flush     unix  n - n 1000? 0 flush
proxymap  unix  - - n - - proxymap
smtp      unix  - - n - - smtp
showq     unix  n - n - - showq
error     unix  - - n - - error
retry     unix  - - n - - error
discard   unix  - - n - - discard
local     unix  - n n - - local
virtual   unix  - n n - - virtual
anvil     unix  - - n - 1 anvil
scache    unix  - - n - 1 scache
postlog   unix-dgram n - n - 1 postlogd
`

func startPostfix(t *testing.T) *running {
	t.Helper()
	place := e2e.PlaceFor(t, "postfix")
	newAuthority(t, place).issue(t, place)
	write(t, place, "conf/main.cf", postfixMain)
	write(t, place, "conf/master.cf", postfixMaster)
	write(t, place, "header_checks", "/^Subject: viagra/ REJECT\n")
	write(t, place, "broken.pem", "")
	r := &running{
		place: place, logs: []string{place.File("mail.log")},
		rude: regexp.MustCompile(`(?i)lost connection|improper command|timeout after|non-SMTP command`),
	}
	r.program = sandboxed(t, place, "postfix", nil, `
mkdir -p "$ROOT/spool" "$ROOT/data" "$ROOT/mail"
chown postfix "$ROOT/data"
chown nobody "$ROOT/mail"
postfix -c "$ROOT/conf" set-permissions >/dev/null 2>&1 || :
exec postfix -c "$ROOT/conf" start-fg`)
	r.await(t, 2525)
	at := func(port int) string { return url("smtp", place, port) }
	r.situations = []situation{
		{asked: "a session", url: at(2525), settings: ehlo, verdict: "none/none:250:done"},
		{asked: "a recipient of another domain", url: at(2525), settings: foreign, verdict: "recipients_refused/relay_denied:554:rcpt", fault: "config"},
		{asked: "an unknown mailbox", url: at(2525), settings: missing, verdict: "recipients_refused/mailbox_unknown:550:rcpt", fault: "message"},
		{asked: "a helo name that is not a FQDN", url: at(2526), settings: known + "\n" + `helo = "localhost"`, verdict: "recipients_refused/helo_rejected:504:rcpt", fault: "config"},
		{asked: "a sender that is not fully qualified", url: at(2527), settings: `probe = "rcpt"` + "\n" + `starttls = "never"` + "\n" + `from = "a@localhost"` + "\n" + `to = ["tester@zoo.test"]`, verdict: "recipients_refused/sender_domain_invalid:504:rcpt", fault: "message"},
		{asked: "a sender that is unknown, refused at RCPT", url: at(2528), settings: known, verdict: "recipients_refused/sender_unverifiable:550:rcpt", fault: "message"},
		{asked: "too many recipients (first)", url: at(2529), settings: known, verdict: "none/none:250:done"},
		{asked: "too many recipients from this address", url: at(2529), settings: known, verdict: "recipients_refused/rate_limited:450:rcpt", fault: "prober"},
		{asked: "too much mail (first)", url: at(2530), settings: known, verdict: "none/none:250:done"},
		{asked: "too much mail from this address", url: at(2530), settings: known, verdict: "sender_refused/rate_limited:450:mail", fault: "prober"},
		{asked: "a block list", url: at(2531), settings: known, verdict: "recipients_refused/client_blocked:554:rcpt", fault: "prober"},
		{asked: "STARTTLS without a usable key", url: at(2532), settings: `probe = "ehlo"`, verdict: "none/none:250:done", warnings: "starttls_refused"},
		{asked: "STARTTLS required, without a usable key", url: at(2532), settings: `starttls = "required"`, verdict: "starttls_refused/tls_unavailable:454:starttls", fault: "relay"},
		{asked: "a message over the size limit", url: at(2533), settings: send + "\nmessage_size = 4000", verdict: "not_supported/message_too_large:none:mail", fault: "config"},
		{asked: "a milter that is down", url: at(2534), settings: known, verdict: "sender_refused/policy_temporary:451:mail", fault: "relay"},
		{asked: "greylisting", url: at(2535), settings: known, verdict: "recipients_refused/greylisted:450:rcpt", fault: "message"},
		{asked: "no reverse DNS", url: at(2536), settings: known, verdict: "greeting_refused/rdns:450:greeting", fault: "prober"},
		{asked: "content that header_checks reject", url: at(2525), settings: send + "\n" + `subject = "viagra"`, verdict: "data_refused/content_rejected:550:dot", fault: "message"},
		{asked: "a message", url: at(2525), settings: send, verdict: "none/none:250:done"},
		{asked: "LMTP on an SMTP port", url: url("lmtp", place, 2525), verdict: "helo_refused/not_lmtp:500:ehlo", fault: "config"},
	}
	return r
}
