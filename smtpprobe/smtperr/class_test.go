package smtperr_test

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// Names and numbers are stored in databases and configurations: they never change.
func TestClasses_Compat(t *testing.T) {
	t.Parallel()
	golden, err := os.ReadFile("testdata/compat_classes.txt")
	require.NoError(t, err)
	var list strings.Builder
	for _, class := range smtperr.Classes() {
		fmt.Fprintf(&list, "%d %s\n", class, class)
	}
	require.Equal(t, string(golden), list.String())
}

func TestClasses_Rows(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		class     smtperr.Class
		temporary string
		retry     smtperr.Retry // after a 4xx
		fault     smtperr.Fault
	}{
		{class: smtperr.ClassConfigError, temporary: "no", retry: smtperr.Never, fault: smtperr.FaultConfig},
		{class: smtperr.ClassLocalError, temporary: "yes", retry: smtperr.Later, fault: smtperr.FaultProber},
		{class: smtperr.ClassCanceled, temporary: "yes", retry: smtperr.Never, fault: smtperr.FaultProber},
		{class: smtperr.ClassDNSNotFound, temporary: "no", retry: smtperr.Never, fault: smtperr.FaultConfig},
		{class: smtperr.ClassDNSTimeout, temporary: "yes", retry: smtperr.Now, fault: smtperr.FaultNetwork},
		{class: smtperr.ClassDNSError, temporary: "yes", retry: smtperr.Now, fault: smtperr.FaultNetwork},
		{class: smtperr.ClassConnectError, temporary: "yes", retry: smtperr.Now, fault: smtperr.FaultNetwork},
		{class: smtperr.ClassConnectTimeout, temporary: "yes", retry: smtperr.Now, fault: smtperr.FaultNetwork},
		{class: smtperr.ClassTLSVerifyError, temporary: "no", retry: smtperr.Never, fault: smtperr.FaultRelay},
		{class: smtperr.ClassTLSError, temporary: "yes", retry: smtperr.Never, fault: smtperr.FaultRelay},
		{class: smtperr.ClassTLSTimeout, temporary: "yes", retry: smtperr.Now, fault: smtperr.FaultNetwork},
		{class: smtperr.ClassStartTLSRefused, temporary: "by code", retry: smtperr.Later, fault: smtperr.FaultRelay},
		{class: smtperr.ClassNotSupported, temporary: "no", retry: smtperr.Never, fault: smtperr.FaultConfig},
		{class: smtperr.ClassGreetingRefused, temporary: "by code", retry: smtperr.Later, fault: smtperr.FaultRelay},
		{class: smtperr.ClassHeloRefused, temporary: "by code", retry: smtperr.Later, fault: smtperr.FaultConfig},
		{class: smtperr.ClassAuthFailed, temporary: "by code", retry: smtperr.Never, fault: smtperr.FaultCredentials},
		{class: smtperr.ClassSenderRefused, temporary: "by code", retry: smtperr.Later, fault: smtperr.FaultMessage},
		{class: smtperr.ClassRecipientRefused, temporary: "by code", retry: smtperr.Later, fault: smtperr.FaultMessage},
		{class: smtperr.ClassRecipientsRefused, temporary: "by code", retry: smtperr.Later, fault: smtperr.FaultMessage},
		{class: smtperr.ClassDataRefused, temporary: "by code", retry: smtperr.Later, fault: smtperr.FaultMessage},
		{class: smtperr.ClassServiceUnavailable, temporary: "yes", retry: smtperr.Later, fault: smtperr.FaultRelay},
		{class: smtperr.ClassDisconnected, temporary: "yes", retry: smtperr.Now, fault: smtperr.FaultRelay},
		{class: smtperr.ClassReadTimeout, temporary: "yes", retry: smtperr.Now, fault: smtperr.FaultRelay},
		{class: smtperr.ClassWriteTimeout, temporary: "yes", retry: smtperr.Now, fault: smtperr.FaultNetwork},
		{class: smtperr.ClassProtocolError, temporary: "yes", retry: smtperr.Never, fault: smtperr.FaultRelay},
		{class: smtperr.ClassResponseError, temporary: "by code", retry: smtperr.Later, fault: smtperr.FaultRelay},
		{class: smtperr.ClassUnexpectedSuccess, temporary: "no", retry: smtperr.Never, fault: smtperr.FaultRelay},
		{class: smtperr.ClassUnknown, temporary: "yes", retry: smtperr.Never, fault: smtperr.FaultProber},
	} {
		failed := func(code int) *smtperr.Error {
			return &smtperr.Error{Class: tt.class, Reply: &smtperr.Reply{Code: code}}
		}
		temporary := map[[2]bool]string{{true, true}: "yes", {true, false}: "by code", {false, false}: "no"}
		require.Equal(t, tt.temporary, temporary[[2]bool{failed(450).Temporary(), failed(550).Temporary()}], tt.class)
		require.Equal(t, tt.retry, failed(450).Retry(), tt.class)
		require.Equal(t, tt.fault, smtperr.New(tt.class, "", "", nil).Fault(), tt.class)
	}
}

func toJSON(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	require.NoError(t, err)
	return string(text)
}

func TestClass_Meaning(t *testing.T) {
	t.Parallel()
	for _, class := range smtperr.Classes()[1:] {
		require.Regexp(t, `^[A-Za-z].*[^.]$`, class.Meaning(), class)
		require.Regexp(t, `^[A-Z].*\.$`, smtperr.New(class, "", "", nil).Advice(), class)
	}
}

func TestParseClass(t *testing.T) {
	t.Parallel()
	for _, class := range smtperr.Classes() {
		parsed, err := smtperr.ParseClass(class.String())
		require.NoError(t, err)
		require.Equal(t, class, parsed)

		var read smtperr.Class
		require.NoError(t, json.Unmarshal([]byte(toJSON(t, class)), &read))
		require.Equal(t, class, read)
	}
	c, err := smtperr.ParseClass("no_such_name")
	require.EqualError(t, err, `unknown error class "no_such_name"`)
	require.Equal(t, smtperr.ClassNone, c)
	require.Error(t, c.UnmarshalText([]byte("Auth_Failed")))
	require.Equal(t, "unknown", smtperr.Class(200).String(), "number of a later version")
}

func TestPhases(t *testing.T) {
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

func TestReasons_Compat(t *testing.T) {
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

func TestReason_Advice(t *testing.T) {
	t.Parallel()
	for _, r := range smtperr.Reasons() {
		require.Regexp(t, `^[A-Z].{20,130}[.]$`, r.Advice(), r)
		require.Regexp(t, `^[A-Za-z].{10,80}[^.]$`, r.Meaning(), r)
		require.Regexp(t, `^(RFC [0-9]+( §[0-9.]+)?)?$`, r.Section(), r)
	}
	require.Empty(t, smtperr.Reason("").Advice())
}
