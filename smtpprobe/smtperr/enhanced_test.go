package smtperr_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// enhancedReasons has subject, detail and reason of 5xx replies to MAIL.
const enhancedReasons = `
1.1 mailbox_unknown          1.2 recipient_domain_unknown 1.3 recipient_syntax       1.4 mailbox_ambiguous
1.6 mailbox_moved            1.7 sender_syntax            1.8 sender_domain_invalid  1.10 mailbox_unknown
2.1 mailbox_disabled         2.2 mailbox_full             2.3 message_too_large      2.4 list_expansion
3.0 system_error             3.1 system_full              3.2 not_accepting          3.3 feature_unsupported
3.4 message_too_large        3.5 relay_misconfigured      3.6 system_error           3.99 system_error
4.1 next_hop_unreachable     4.2 connection_dropped       4.3 dns_misconfig          4.4 unroutable
4.5 congested                4.6 mail_loop                4.7 expired                5.1 bad_sequence
5.2 syntax                   5.3 too_many_recipients      5.4 invalid_arguments      5.5 syntax
5.6 auth_line_too_long       6.0 content                  6.1 content                6.7 smtputf8_required
6.8 smtputf8_required        6.9 smtputf8_required        6.10 content               7.0 policy
7.1 not_authorized           7.2 list_prohibited          7.5 crypto                 7.6 crypto
7.7 integrity                7.8 policy                   7.9 policy                 7.10 tls_required
7.11 tls_required            7.12 password_transition     7.13 account_disabled      7.14 trust_required
7.15 priority                7.16 message_too_large       7.17 rrvs                  7.18 rrvs
7.19 rrvs                    7.20 dkim                    7.21 dkim                  7.22 dkim
7.23 spf                     7.24 spf                     7.25 rdns                  7.26 auth_checks_failed
7.27 sender_null_mx          7.28 rate_limited            7.29 arc                   7.30 requiretls
0.0 refused     1.0 refused             1.5 address_not_allowed    1.9 address_not_allowed    2.0 refused    2.5 mailbox_unavailable
4.0 refused     5.0 refused             7.3 policy                 7.4 policy                 7.31 policy    7.139 policy
8.1 refused     9.9 refused             4.8 next_hop_unreachable   5.7 syntax                 71.1 refused   6.11 content
2.252 sender_not_allowed                7.54 relay_denied          7.57 auth_required         7.60 sender_not_allowed
7.64 relay_denied       7.66 tls_version_rejected                  7.515 auth_checks_failed   7.605 policy
7.606 client_blocked    7.649 client_blocked                       7.650 policy               7.708 client_blocked
`

func TestClassifyReply_EnhancedCode(t *testing.T) {
	t.Parallel()
	fields := strings.Fields(enhancedReasons)
	for i := 0; i < len(fields); i += 2 {
		e := classifyReply(smtperr.PhaseMail, reply(550, "5."+fields[i]+" x"), smtperr.Session{})
		require.Equal(t, fields[i+1], string(e.Reason), fields[i])
		require.Equal(t, smtperr.ClassSenderRefused, e.Class, "class")
	}
}

func TestClassifyReply_EnhancedCodeInContext(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		phase   smtperr.Phase
		code    int
		text    string
		session smtperr.Session
		reason  smtperr.Reason
	}{
		{name: "556 5.1.10 to RCPT", phase: smtperr.PhaseRcpt, code: 556, text: "5.1.10 x", reason: smtperr.ReasonNullMX},
		{name: "450 4.4.1 to RCPT", phase: smtperr.PhaseRcpt, code: 450, text: "4.4.1 x", reason: smtperr.ReasonMailboxUnavailable},
		{name: "503 5.5.1 to DATA", phase: smtperr.PhaseData, code: 503, text: "5.5.1 x", reason: smtperr.ReasonNoValidRecipients},
		{name: "554 5.5.1 to DATA", phase: smtperr.PhaseData, code: 554, text: "5.5.1 x", reason: smtperr.ReasonNoValidRecipients},
		{name: "550 5.5.1 to DATA", phase: smtperr.PhaseData, code: 550, text: "5.5.1 x", reason: smtperr.ReasonBadSequence},
		{name: "450 4.7.1 to MAIL", phase: smtperr.PhaseMail, code: 450, text: "4.7.1 x", reason: smtperr.ReasonPolicyTemporary},
		{name: "450 4.7.0 to MAIL", phase: smtperr.PhaseMail, code: 450, text: "4.7.0 x", reason: smtperr.ReasonPolicyTemporary},
		{name: "454 4.7.0 to AUTH", phase: smtperr.PhaseAuth, code: 454, text: "4.7.0 x", reason: smtperr.ReasonAuthTemporary},
		{name: "535 5.7.0 to AUTH", phase: smtperr.PhaseAuth, code: 535, text: "5.7.0 x", reason: smtperr.ReasonAuthCredentialsInvalid},
		{name: "504 5.7.4 to AUTH", phase: smtperr.PhaseAuth, code: 504, text: "5.7.4 x", reason: smtperr.ReasonAuthMechanismUnsupported},
		{name: "530 5.7.0 without TLS", phase: smtperr.PhaseMail, code: 530, text: "5.7.0 x", reason: smtperr.ReasonTLSRequired},
		{name: "530 5.7.0 with TLS", phase: smtperr.PhaseMail, code: 530, text: "5.7.0 x", session: smtperr.Session{TLS: true}, reason: smtperr.ReasonAuthRequired},
		{name: "530 5.7.0 with AUTH offered", phase: smtperr.PhaseMail, code: 530, text: "5.7.0 x", session: smtperr.Session{AuthOffered: true}, reason: smtperr.ReasonAuthRequired},
		{name: "530 5.7.1 without TLS", phase: smtperr.PhaseMail, code: 530, text: "5.7.1 x", reason: smtperr.ReasonTLSRequired},
		{name: "530 5.7.0 to AUTH without TLS", phase: smtperr.PhaseAuth, code: 530, text: "5.7.0 x", session: smtperr.Session{AuthOffered: true}, reason: smtperr.ReasonTLSRequired},
		{name: "530 with STARTTLS in the text", phase: smtperr.PhaseMail, code: 530, text: "5.7.0 x STARTTLS", session: smtperr.Session{AuthOffered: true}, reason: smtperr.ReasonTLSRequired},
		{name: "535 5.7.8 to MAIL", phase: smtperr.PhaseMail, code: 535, text: "5.7.8 x", reason: smtperr.ReasonAuthRequired},
		{name: "535 to MAIL", phase: smtperr.PhaseMail, code: 535, text: "x", reason: smtperr.ReasonAuthRequired},
		{name: "535 5.7.139 to AUTH", phase: smtperr.PhaseAuth, code: 535, text: "5.7.139 x", reason: smtperr.ReasonAuthDisabled},
		{name: "550 5.7.1 after the dot", phase: smtperr.PhaseDot, code: 550, text: "5.7.1 x", reason: smtperr.ReasonContentRejected},
		{name: "554 5.7.0 after the dot", phase: smtperr.PhaseDot, code: 554, text: "5.7.0 x", reason: smtperr.ReasonContentRejected},
		{name: "550 5.1.8 after the dot", phase: smtperr.PhaseDot, code: 550, text: "5.1.8 x", reason: smtperr.ReasonSenderDomainInvalid},
		{name: "452 4.4.5 to MAIL", phase: smtperr.PhaseMail, code: 452, text: "4.4.5 x", reason: smtperr.ReasonSystemFull},
		{name: "450 4.1.1 to RCPT", phase: smtperr.PhaseRcpt, code: 450, text: "4.1.1 x", reason: smtperr.ReasonMailboxUnavailableTemp},
		{name: "450 4.2.1 to RCPT", phase: smtperr.PhaseRcpt, code: 450, text: "4.2.1 x", reason: smtperr.ReasonMailboxUnavailableTemp},
		{name: "451 4.7.500 to MAIL", phase: smtperr.PhaseMail, code: 451, text: "4.7.500 x", reason: smtperr.ReasonCongested},
		{name: "451 4.7.650 to MAIL", phase: smtperr.PhaseMail, code: 451, text: "4.7.650 x", reason: smtperr.ReasonRateLimited},
		{name: "550 5.7.25 greeting", phase: smtperr.PhaseGreeting, code: 550, text: "5.7.25 x", reason: smtperr.ReasonRDNS},
		{name: "452 to MAIL", phase: smtperr.PhaseMail, code: 452, text: "x", reason: smtperr.ReasonSystemFull},
		{name: "435 to AUTH", phase: smtperr.PhaseAuth, code: 435, text: "x", reason: smtperr.ReasonAuthTemporary},
		{name: "451 to AUTH", phase: smtperr.PhaseAuth, code: 451, text: "x", reason: smtperr.ReasonAuthTemporary},
		{name: "421 to AUTH", phase: smtperr.PhaseAuth, code: 421, text: "x", reason: smtperr.ReasonRefused},
		{name: "525 to AUTH", phase: smtperr.PhaseAuth, code: 525, text: "x", reason: smtperr.ReasonAccountDisabled},
		{name: "500 to LHLO", phase: smtperr.PhaseEHLO, code: 500, text: "5.5.1 x", session: smtperr.Session{LMTP: true}, reason: smtperr.ReasonNotLMTP},
		{name: "500 to HELO, LMTP in the text", phase: smtperr.PhaseHELO, code: 500, text: "5.5.1 this is LMTP", reason: smtperr.ReasonNotSMTPLMTP},
		{name: "500 to HELO", phase: smtperr.PhaseHELO, code: 500, text: "5.5.1 x", reason: smtperr.ReasonRefused},
		{name: "454 4.7.28 to STARTTLS", phase: smtperr.PhaseSTARTTLS, code: 454, text: "4.7.28 x", reason: smtperr.ReasonTLSUnavailable},
		{name: "421 4.4.2 to RCPT", phase: smtperr.PhaseRcpt, code: 421, text: "4.4.2 x", reason: smtperr.ReasonConnectionDropped},
		{name: "421 4.3.2 to EHLO", phase: smtperr.PhaseEHLO, code: 421, text: "4.3.2 x", reason: smtperr.ReasonRefused},
		{name: "550 5.7.1 to HELO", phase: smtperr.PhaseHELO, code: 550, text: "5.7.1 x", reason: smtperr.ReasonRefused},
		{name: "550 5.7.1 greeting", phase: smtperr.PhaseGreeting, code: 550, text: "5.7.1 x", reason: smtperr.ReasonRefused},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			e := classifyReply(tt.phase, reply(tt.code, tt.text), tt.session)
			require.Equal(t, tt.reason, e.Reason)
		})
	}
}

func TestNewReply_Enhanced(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		code     int
		lines    []string
		want     string
		mismatch bool
	}{
		{name: "after the reply code", code: 550, lines: []string{"5.1.1 x"}, want: "5.1.1"},
		{name: "code only", code: 250, lines: []string{"2.0.0"}, want: "2.0.0"},
		{name: "several lines", code: 550, lines: []string{"5.1.1 x", "5.2.2 y"}, want: "5.1.1"},
		{name: "within the text", code: 550, lines: []string{"x 5.1.1"}},
		{name: "second line only", code: 550, lines: []string{"x", "5.1.1 y"}},
		{name: "other class", code: 550, lines: []string{"4.2.1 x"}, mismatch: true},
		{name: "success class", code: 550, lines: []string{"2.0.0 x"}, mismatch: true},
		{name: "3xx", code: 354, lines: []string{"2.0.0 go"}},
		{name: "no lines", code: 250},
		{name: "leading zeros", code: 550, lines: []string{"5.07.001 x"}, want: "5.7.1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := smtperr.NewReply(tt.code, tt.lines)
			require.Equal(t, tt.want, r.Enhanced.String())
			require.Equal(t, tt.mismatch, r.EnhancedMismatch)
			require.Equal(t, strings.Join(tt.lines, "\n"), r.Text())
		})
	}
}
