package smtpprobe

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/influxdata/telegraf"
	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/dnstest"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest"
)

// gatherOutcome gathers once and returns the outcome of the only relay.
func gatherOutcome(t *testing.T, p *SMTPProbe) string {
	t.Helper()
	acc := newRecord(t)
	require.NoError(t, p.Gather(acc))
	m := acc.only(t, "smtpprobe")
	f := m.Fields()
	success := f["success"] == int64(1)
	require.Equal(t, success, f["consecutive_failures"] == int64(0))
	for _, field := range []string{"error", "temporary"} {
		if success {
			require.NotContains(t, f, field)
		} else {
			require.Contains(t, f, field)
		}
	}
	return outcomeOf(m)
}

// outcomeOf returns success, class/reason, code and phase of a metric.
func outcomeOf(m telegraf.Metric) string {
	verdict, tags := "FAILED", m.Tags()
	if m.Fields()["success"] == int64(1) {
		verdict = "ok"
	}
	return fmt.Sprintf("%s %s/%s %s %s", verdict, tags["error_class"], tags["reason"], tags["reply_code"], tags["phase"])
}

// withPassword authenticates as the user probe.
const withPassword = `
	probe = "auth"
	username = "probe"
	password = "s3cret"
	auth_cleartext = true`

// withToken cannot fetch its token.
const withToken = `
	probe = "auth"
	username = "probe"
	token_url = "http://127.0.0.1:1/"
	client_id = "probe"
	client_secret = "s3cret"
	auth_cleartext = true`

func accounts(password string) smtptest.Script {
	return smtptest.Script{Accounts: &smtptest.Accounts{Passwords: map[string]string{"probe": password}}}
}

func TestExpect_Outcomes(t *testing.T) {
	rcpt := func(steps ...smtptest.Step) smtptest.Script { return smtptest.Script{Rcpt: smtptest.Seq(steps...)} }
	denied, later := smtptest.Say("554 5.7.1 Relay access denied"), smtptest.Say("450 4.2.0 Greylisted, see you")
	for name, tt := range map[string]struct {
		script           smtptest.Script
		settings, expect string
		want             string
	}{
		"class":                             {rcpt(denied), "", "recipients_refused", "ok recipients_refused/relay_denied 554 rcpt"},
		"reason":                            {rcpt(denied), "", "recipients_refused/relay_denied", "ok recipients_refused/relay_denied 554 rcpt"},
		"code":                              {rcpt(denied), "", "recipients_refused:554", "ok recipients_refused/relay_denied 554 rcpt"},
		"phase":                             {rcpt(denied), "", "recipients_refused/relay_denied:554:rcpt", "ok recipients_refused/relay_denied 554 rcpt"},
		"other reason":                      {rcpt(denied), "", "recipients_refused/mailbox_full", "FAILED recipients_refused/relay_denied 554 rcpt"},
		"other code":                        {rcpt(denied), "", "recipients_refused:550", "FAILED recipients_refused/relay_denied 554 rcpt"},
		"other phase":                       {rcpt(denied), "", "recipients_refused:554:dot", "FAILED recipients_refused/relay_denied 554 rcpt"},
		"other class":                       {rcpt(denied), "", "sender_refused", "FAILED recipients_refused/relay_denied 554 rcpt"},
		"several expectations":              {rcpt(denied), "", `sender_refused", "recipients_refused`, "ok recipients_refused/relay_denied 554 rcpt"},
		"relaying denied by 4xx":            {rcpt(smtptest.Say("454 4.7.1 relaying denied")), "", "recipients_refused", "ok recipients_refused/relay_denied 454 rcpt"},
		"open relay":                        {rcpt(smtptest.Healthy()), "", "recipients_refused", "FAILED unexpected_success/open_relay 250 rcpt"},
		"open relay, 251":                   {rcpt(smtptest.Say("251 will forward")), "", "recipients_refused", "FAILED unexpected_success/open_relay 251 rcpt"},
		"greylisting, expected refusal":     {rcpt(later), "", "recipients_refused", "FAILED recipients_refused/greylisted 450 rcpt"},
		"greylisting, expected greylisting": {rcpt(later), "", "recipients_refused/greylisted", "ok recipients_refused/greylisted 450 rcpt"},
		"busy mailbox":                      {rcpt(smtptest.Say("450 4.2.1 busy")), "", "recipients_refused", "FAILED recipients_refused/mailbox_unavailable_temp 450 rcpt"},
		"two recipients, one greylisted":    {rcpt(denied, later), `to = ["a@b.example", "c@d.example"]`, "recipients_refused", "FAILED recipients_refused/greylisted 450 rcpt"},
		"two recipients, one accepted":      {rcpt(denied, smtptest.Healthy()), `to = ["a@b.example", "c@d.example"]`, "recipients_refused", "FAILED recipient_refused/relay_denied 554 rcpt"},
		"421 to RCPT":                       {rcpt(smtptest.Say("421 4.3.2 bye")), "", "recipients_refused", "FAILED service_unavailable/not_accepting 421 rcpt"},
		"421 greeting":                      {smtptest.Script{Greeting: smtptest.Say("421 4.3.2 bye")}, "", "recipients_refused", "FAILED service_unavailable/refused 421 greeting"},
		"timeout in RCPT":                   {rcpt(smtptest.Silence()), `read_timeout = "200ms"`, "recipients_refused", "FAILED read_timeout/no_reply none rcpt"},
		"connection closed in RCPT":         {rcpt(smtptest.Close()), "", "recipients_refused", "FAILED disconnected/closed none rcpt"},
		"none or a refusal":                 {rcpt(smtptest.Healthy()), "", `recipients_refused", "none`, "ok none/none 250 done"},
		"none":                              {rcpt(denied), "", "none", "FAILED recipients_refused/relay_denied 554 rcpt"},
		"refused greeting":                  {smtptest.Script{Greeting: smtptest.Say("554 no")}, `probe = "connect"`, "greeting_refused/access_denied", "ok greeting_refused/access_denied 554 greeting"},
		"accepted greeting":                 {smtptest.Script{}, `probe = "connect"`, "greeting_refused", "FAILED unexpected_success/expectation_missed 220 greeting"},
		"accepted EHLO":                     {smtptest.Script{}, `probe = "ehlo"`, "helo_refused", "FAILED unexpected_success/expectation_missed 250 ehlo"},
		"accepted credentials":              {accounts("s3cret"), withPassword, "auth_failed", "FAILED unexpected_success/expectation_missed 235 auth"},
		"refused credentials":               {accounts("other"), withPassword, "auth_failed:535", "ok auth_failed/auth_credentials_invalid 535 auth"},
		"454 to AUTH":                       {smtptest.Script{Accounts: accounts("s3cret").Accounts, Auth: smtptest.Say("454 4.7.0 later")}, withPassword, "auth_failed", "FAILED auth_failed/auth_temporary 454 auth"},
		"token not available":               {accounts("s3cret"), withToken, "auth_failed", "FAILED auth_failed/token_unreachable none auth"},
		"refused message":                   {smtptest.Script{Dot: smtptest.Say("554 5.6.0 virus")}, `probe = "send"`, "data_refused:554:dot", "ok data_refused/malware_suspected 554 dot"},
		"accepted message":                  {smtptest.Script{}, `probe = "send"`, "data_refused", "FAILED unexpected_success/expectation_missed 250 dot"},
		"accepted message, expected refusal in RCPT": {smtptest.Script{}, `probe = "send"`, "recipients_refused", "FAILED unexpected_success/open_relay 250 rcpt"},
	} {
		t.Run(name, func(t *testing.T) {
			srv := smtptest.Start(t, tt.script)
			p := initialized(t, fmt.Sprintf(`
				[[inputs.smtpprobe]]
				helo = "probe.example"
				probe = "rcpt"
				to = ["a@b.example"]
				expect = ["%s"]
				[[inputs.smtpprobe.relay]]
				url = "smtp://%s"
				%s`, tt.expect, srv.Addr(), tt.settings))
			require.Equal(t, tt.want, gatherOutcome(t, p))
			sent := slices.Contains(srv.Session(t).Commands(), "DATA")
			require.Equal(t, strings.HasPrefix(tt.expect, "data_refused"), sent)
		})
	}
}

func TestExpect_WithoutSession(t *testing.T) {
	dns := dnstest.Start(t, dnstest.Zone{"null.test": dnstest.Records("MX 0 ."), "silent.test": dnstest.Silence()})
	for name, tt := range map[string]struct{ url, expect, want string }{
		"null MX":                       {"mx://null.test", "dns_not_found/null_mx", "ok dns_not_found/null_mx none dns"},
		"silent name server":            {"mx://silent.test", "dns_not_found/null_mx", "FAILED dns_timeout/none none dns"},
		"closed port":                   {"smtp://" + closedPort.String(), "connect_error/refused", "ok connect_error/refused none connect"},
		"closed port, expected refusal": {"smtp://" + closedPort.String(), "recipients_refused", "FAILED connect_error/refused none connect"},
		"unknown name":                  {"smtp://gone.test", "dns_not_found", "ok dns_not_found/not_found none dns"},
	} {
		t.Run(name, func(t *testing.T) {
			p := initialized(t, fmt.Sprintf(`
				[[inputs.smtpprobe]]
				servers = [%q]
				helo = "probe.example"
				dns_server = %q
				connect_timeout = "300ms"
				expect = [%q]`, tt.url, dns.Addr(), tt.expect))
			require.Equal(t, tt.want, gatherOutcome(t, p))
		})
	}
}
