package smtperr_test

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// The taxonomy once more, as it was agreed: names and numbers are in databases
// and configurations, so that the list may only grow.
const agreed = `
0  none                | no        | -                  | no                 | no                 |
1  config_error        | no        | no                 | no                 | no                 | config
2  local_error         | yes       | later              | yes                | no                 | prober
3  canceled            | yes       | -                  | no                 | no                 | prober
4  dns_not_found       | no        | no                 | yes                | yes                | config
5  dns_timeout         | yes       | yes                | yes                | yes                | network
6  dns_error           | yes       | yes                | yes                | yes                | network
7  connect_error       | yes       | yes                | yes                | yes                | network
8  connect_timeout     | yes       | yes                | yes                | yes                | network
9  tls_verify_error    | no        | no                 | yes                | yes                | relay
10 tls_error           | yes       | no                 | yes                | yes                | relay
11 tls_timeout         | yes       | yes                | yes                | yes                | network
12 starttls_refused    | by code   | later              | yes                | yes                | relay
13 not_supported       | no        | no                 | yes                | yes                | config
14 greeting_refused    | by code   | later              | yes                | yes                | relay
15 helo_refused        | by code   | later              | yes                | yes                | config
16 auth_failed         | by code   | no                 | no                 | 4xx only           | credentials
17 sender_refused      | by code   | later              | yes                | 4xx only           | message
18 recipient_refused   | by code   | later              | yes                | 4xx only           | message
19 recipients_refused  | by code   | later              | yes                | 4xx only           | message
20 data_refused        | by code   | later              | yes                | 4xx only           | message
21 service_unavailable | yes       | later              | yes                | yes                | relay
22 disconnected        | yes       | yes, not after dot | yes, not after dot | yes, not after dot | relay
23 read_timeout        | yes       | yes, not after dot | yes, not after dot | yes, not after dot | relay
24 write_timeout       | yes       | yes                | yes                | yes                | network
25 protocol_error      | yes       | no                 | yes                | yes                | relay
26 response_error      | by code   | later              | yes                | yes                | relay
27 unexpected_success  | no        | no                 | no                 | no                 | relay
28 unknown             | yes       | no                 | yes                | yes                | prober
`

func TestTheTableIsTheAgreedOne(t *testing.T) {
	t.Parallel()
	lines := strings.Split(strings.TrimSpace(agreed), "\n")
	classes := smtperr.Classes()
	require.Len(t, classes, len(lines))
	for i, line := range lines {
		cells := strings.Split(line, "|")
		for k := range cells {
			cells[k] = strings.TrimSpace(cells[k])
		}
		info := classes[i]
		number, name, _ := strings.Cut(cells[0], " ")
		require.Equal(t, number, strconv.Itoa(int(info.Class)))
		require.Equal(t, strings.TrimSpace(name), info.Name)
		row := []string{string(info.Temporary), string(info.RetrySame), string(info.NextSeed), string(info.NextMTA), string(info.Fault)}
		require.Equal(t, cells[1:], row, info.Name)
	}
}

func toJSON(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	require.NoError(t, err)
	return string(text)
}

func TestEveryClassIsDescribed(t *testing.T) {
	t.Parallel()
	for _, info := range smtperr.Classes()[1:] {
		require.NotEmpty(t, info.Kinds, info.Name)
		require.NotEmpty(t, info.SMTPLib, info.Name)
		require.NotEmpty(t, info.AIOSMTP, info.Name)
		require.Regexp(t, `^[A-Za-z].*[^.]$`, info.Meaning, info.Name)
		require.Regexp(t, `^[A-Z].*\.$`, info.Advice, info.Name)
	}
}

func TestClassesAreReadAndWrittenByName(t *testing.T) {
	t.Parallel()
	for _, info := range smtperr.Classes() {
		parsed, err := smtperr.ParseClass(info.Name)
		require.NoError(t, err)
		require.Equal(t, info.Class, parsed)
		require.Equal(t, info.Name, info.Class.String())

		var read smtperr.Class
		require.NoError(t, json.Unmarshal([]byte(toJSON(t, info.Class)), &read))
		require.Equal(t, info.Class, read)
	}
	c, err := smtperr.ParseClass("bad_weather")
	require.EqualError(t, err, `unknown error class "bad_weather"`)
	require.Equal(t, smtperr.None, c)
	require.Error(t, c.UnmarshalText([]byte("Auth_Failed")))
	require.Equal(t, "unknown", smtperr.Class(200).String(), "a number from a later version")
}

func TestPhasesAreInOrder(t *testing.T) {
	t.Parallel()
	const order = "config dns connect tls greeting ehlo helo starttls auth mail rcpt data body dot rset quit done"
	names := make([]string, 0, 17)
	for _, p := range smtperr.Phases() {
		names = append(names, string(p))
		parsed, err := smtperr.ParsePhase(string(p))
		require.NoError(t, err)
		require.Equal(t, p, parsed)
	}
	require.Equal(t, order, strings.Join(names, " "))
	_, err := smtperr.ParsePhase("EHLO")
	require.Error(t, err)
}

func TestEveryAgreedReasonExists(t *testing.T) {
	t.Parallel()
	const names = `mailbox_unknown recipient_domain_unknown recipient_syntax mailbox_ambiguous mailbox_moved sender_syntax
		sender_domain_invalid null_mx mailbox_disabled mailbox_full message_too_large list_expansion system_full not_accepting
		feature_unsupported relay_misconfigured system_error mailbox_unavailable next_hop_unreachable connection_dropped
		dns_misconfig unroutable congested mail_loop expired no_valid_recipients bad_sequence syntax too_many_recipients
		invalid_arguments protocol_version auth_line_too_long smtputf8_required content not_authorized policy_temporary
		list_prohibited auth_mechanism_unsupported crypto integrity auth_credentials_invalid auth_mechanism_weak tls_required
		requiretls password_transition account_disabled trust_required priority rrvs dkim spf rdns auth_checks_failed
		sender_null_mx rate_limited arc auth_temporary policy tls_unavailable access_denied host_no_mail auth_required
		mailbox_unavailable_temp address_not_allowed parameters content_rejected refused relay_denied greylisted
		host_unreachable network_unreachable reset closed truncated_reply no_greeting slow_reply no_reply not_found
		server_failure not_yet_valid host_mismatch unknown_authority self_signed plaintext_smtp tls_on_plaintext_port
		handshake_failure client_cert_required not_smtp_http not_smtp_ssh not_smtp bad_code code_mismatch unexpected_code
		line_too_long reply_too_long unsolicited starttls_injection bad_challenge challenge_loop server_unverified
		starttls_not_offered auth_not_offered auth_no_mechanism cleartext_auth_forbidden smtputf8_not_offered
		esmtp_unavailable too_many_open_files no_source_address permission invalid_address invalid_port token_refused
		token_unreachable proxy_refused open_relay expectation_missed starttls_withdrawn`
	for _, name := range strings.Fields(names) {
		_, err := smtperr.ParseReason(name)
		require.NoError(t, err)
	}
}

func TestEveryReasonHasAdvice(t *testing.T) {
	t.Parallel()
	for _, r := range smtperr.Reasons() {
		require.Regexp(t, `^[A-Z].{20,120}[.]$`, r.Advice(), r)
	}
	require.Empty(t, smtperr.Reason("").Advice())
}
