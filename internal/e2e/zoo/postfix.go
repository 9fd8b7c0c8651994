//go:build e2e && zoo

package zoo

import (
	"regexp"
	"testing"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/e2e"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest/certs"
)

const postfixSettings = `
mynetworks = 192.0.2.1/32
virtual_mailbox_domains = zoo.test
virtual_mailbox_maps = inline:{ {tester@zoo.test = tester/} }
smtpd_relay_restrictions = reject_unauth_destination
anvil_rate_time_unit = 600s
header_checks = regexp:{dir}/header_checks
`

const postfixServices = `
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
  -o { smtpd_client_restrictions = check_client_access static:{554 5.7.1 Service unavailable; Client host [{client}] blocked using zen.spamhaus.org} }
{address}:2532 inet n - n - - smtpd
  -o smtpd_tls_security_level=may -o smtpd_tls_cert_file={cert} -o smtpd_tls_key_file={dir}/broken.pem
{address}:2533 inet n - n - - smtpd
  -o message_size_limit=1000
{address}:2534 inet n - n - - smtpd
  -o smtpd_milters=inet:127.0.0.1:1 -o milter_default_action=tempfail
{address}:2535 inet n - n - - smtpd
  -o { smtpd_recipient_restrictions = check_recipient_access static:{DEFER_IF_PERMIT 4.7.1 Greylisted, see http://postgrey.schweikert.ch/} }
{address}:2536 inet n - n - - smtpd
  -o smtpd_delay_reject=no -o { smtpd_client_restrictions = check_client_access static:{450 4.7.25 cannot find your hostname, [{client}]} }
`

func startPostfix(t *testing.T) *instance {
	t.Helper()
	place := e2e.PlaceFor(t, "postfix")
	cert, _ := e2e.NewTLSFiles(t).IssueFiles(t, "server", certs.For(place.Address))
	place.WriteFile(t, "header_checks", "/^Subject: viagra/ REJECT\n")
	place.WriteFile(t, "broken.pem", "")
	r := &instance{
		Program: e2e.RunPostfix(t, place, e2e.PostfixConfig{
			Hostname: hostname, Settings: postfixSettings, Services: postfixServices, Pairs: []string{"{cert}", cert, "{client}", client},
		}),
		logs:      []string{place.File("mail.log")},
		complaint: regexp.MustCompile(`(?i)lost connection|improper command|timeout after|non-SMTP command`),
	}
	r.AwaitPorts(t, 2525)
	at := func(port int) string { return "smtp://" + place.At(port) }
	r.probes = []e2e.Relay{
		{Name: "a session", URL: at(2525), Settings: ehlo, Want: "none/none:250:done"},
		{Name: "a recipient in another domain", URL: at(2525), Settings: otherDomain, Want: "recipients_refused/relay_denied:554:rcpt", Fault: "config"},
		{Name: "an unknown mailbox", URL: at(2525), Settings: unknownUser, Want: "recipients_refused/mailbox_unknown:550:rcpt", Fault: "message"},
		{Name: "a HELO name that is not fully qualified", URL: at(2526), Settings: knownUser + `helo = "localhost"`, Want: "recipients_refused/helo_rejected:504:rcpt", Fault: "config"},
		{Name: "a sender that is not fully qualified", URL: at(2527), Settings: "probe = \"rcpt\"\nfrom = \"a@localhost\"\n" + plaintext + toTester, Want: "recipients_refused/sender_domain_invalid:504:rcpt", Fault: "message"},
		{Name: "an unknown sender refused at RCPT", URL: at(2528), Settings: knownUser, Want: "recipients_refused/sender_unverifiable:550:rcpt", Fault: "message"},
		{Name: "the first of too many recipients", URL: at(2529), Settings: knownUser, Want: "none/none:250:done"},
		{Name: "too many recipients from one client", URL: at(2529), Settings: knownUser, Want: "recipients_refused/rate_limited:450:rcpt", Fault: "prober"},
		{Name: "the first of too many messages", URL: at(2530), Settings: knownUser, Want: "none/none:250:done"},
		{Name: "too many messages from one client", URL: at(2530), Settings: knownUser, Want: "sender_refused/rate_limited:450:mail", Fault: "prober"},
		{Name: "a client on a block list", URL: at(2531), Settings: knownUser, Want: "recipients_refused/client_blocked:554:rcpt", Fault: "prober"},
		{Name: "STARTTLS without a usable key", URL: at(2532), Settings: `probe = "ehlo"`, Want: "none/none:250:done", Fields: map[string]any{"warnings": "starttls_refused"}},
		{Name: "STARTTLS required, without a usable key", URL: at(2532), Settings: startTLS, Want: "starttls_refused/tls_unavailable:454:starttls", Fault: "relay"},
		{Name: "a message over the size limit", URL: at(2533), Settings: send + "message_size = 4000", Want: "not_supported/message_too_large:none:mail", Fault: "config"},
		{Name: "a milter that is down", URL: at(2534), Settings: knownUser, Want: "sender_refused/policy_temporary:451:mail", Fault: "relay"},
		{Name: "greylisting", URL: at(2535), Settings: knownUser, Want: "recipients_refused/greylisted:450:rcpt", Fault: "message"},
		{Name: "no reverse DNS", URL: at(2536), Settings: knownUser, Want: "greeting_refused/rdns:450:greeting", Fault: "prober"},
		{Name: "a message rejected by header_checks", URL: at(2525), Settings: spam, Want: "data_refused/content_rejected:550:dot", Fault: "message"},
		{Name: "a message", URL: at(2525), Settings: send, Want: "none/none:250:done"},
		{Name: "LMTP on an SMTP port", URL: "lmtp://" + place.At(2525), Want: "helo_refused/not_lmtp:500:ehlo", Fault: "config"},
	}
	return r
}
