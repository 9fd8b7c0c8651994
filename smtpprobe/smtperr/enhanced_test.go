package smtperr_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// Subject and detail of RFC 3463 and its successors, at MAIL and with 5yz.
const listed = `
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

func TestEveryListedEnhancedCodeHasItsReason(t *testing.T) {
	t.Parallel()
	fields := strings.Fields(listed)
	for i := 0; i < len(fields); i += 2 {
		e := classifyReply(smtperr.PhaseMail, reply(550, "5."+fields[i]+" x"), smtperr.Session{})
		require.Equal(t, fields[i+1], string(e.Reason), fields[i])
		require.Equal(t, smtperr.ClassSenderRefused, e.Class, "an enhanced code decides no class")
	}
}

func TestEnhancedCodesThatDependOnMore(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		phase  smtperr.Phase
		code   int
		text   string
		c      smtperr.Session
		reason smtperr.Reason
	}{
		{"1.10 with 556 is a null MX", smtperr.PhaseRcpt, 556, "5.1.10 x", smtperr.Session{}, smtperr.ReasonNullMX},
		{"4.1 at RCPT is the mailbox", smtperr.PhaseRcpt, 450, "4.4.1 x", smtperr.Session{}, smtperr.ReasonMailboxUnavailable},
		{"5.1 at DATA 503", smtperr.PhaseData, 503, "5.5.1 x", smtperr.Session{}, smtperr.ReasonNoValidRecipients},
		{"5.1 at DATA 554", smtperr.PhaseData, 554, "5.5.1 x", smtperr.Session{}, smtperr.ReasonNoValidRecipients},
		{"5.1 at DATA 550", smtperr.PhaseData, 550, "5.5.1 x", smtperr.Session{}, smtperr.ReasonBadSequence},
		{"7.1 for now", smtperr.PhaseMail, 450, "4.7.1 x", smtperr.Session{}, smtperr.ReasonPolicyTemporary},
		{"7.0 for now", smtperr.PhaseMail, 450, "4.7.0 x", smtperr.Session{}, smtperr.ReasonPolicyTemporary},
		{"7.0 in AUTH 454", smtperr.PhaseAuth, 454, "4.7.0 x", smtperr.Session{}, smtperr.ReasonAuthTemporary},
		{"7.0 in AUTH 535", smtperr.PhaseAuth, 535, "5.7.0 x", smtperr.Session{}, smtperr.ReasonAuthCredentialsInvalid},
		{"7.4 in AUTH", smtperr.PhaseAuth, 504, "5.7.4 x", smtperr.Session{}, smtperr.ReasonAuthMechanismUnsupported},
		{"7.0 of 530 in plaintext", smtperr.PhaseMail, 530, "5.7.0 x", smtperr.Session{}, smtperr.ReasonTLSRequired},
		{"7.0 of 530 in TLS", smtperr.PhaseMail, 530, "5.7.0 x", smtperr.Session{TLS: true}, smtperr.ReasonAuthRequired},
		{"7.0 of 530 where AUTH is offered", smtperr.PhaseMail, 530, "5.7.0 x", smtperr.Session{AuthOffered: true}, smtperr.ReasonAuthRequired},
		{"7.1 of 530 is vague", smtperr.PhaseMail, 530, "5.7.1 x", smtperr.Session{}, smtperr.ReasonTLSRequired},
		{"530 in AUTH without TLS", smtperr.PhaseAuth, 530, "5.7.0 x", smtperr.Session{AuthOffered: true}, smtperr.ReasonTLSRequired},
		{"530 that names TLS", smtperr.PhaseMail, 530, "5.7.0 x STARTTLS", smtperr.Session{AuthOffered: true}, smtperr.ReasonTLSRequired},
		{"7.8 of 535 outside AUTH", smtperr.PhaseMail, 535, "5.7.8 x", smtperr.Session{}, smtperr.ReasonAuthRequired},
		{"535 outside AUTH", smtperr.PhaseMail, 535, "x", smtperr.Session{}, smtperr.ReasonAuthRequired},
		{"7.139 in AUTH", smtperr.PhaseAuth, 535, "5.7.139 x", smtperr.Session{}, smtperr.ReasonAuthDisabled},
		{"7.1 after the dot", smtperr.PhaseDot, 550, "5.7.1 x", smtperr.Session{}, smtperr.ReasonContentRejected},
		{"7.0 after the dot", smtperr.PhaseDot, 554, "5.7.0 x", smtperr.Session{}, smtperr.ReasonContentRejected},
		{"1.8 after the dot", smtperr.PhaseDot, 550, "5.1.8 x", smtperr.Session{}, smtperr.ReasonSenderDomainInvalid},
		{"4.5 of 452", smtperr.PhaseMail, 452, "4.4.5 x", smtperr.Session{}, smtperr.ReasonSystemFull},
		{"1.1 for now", smtperr.PhaseRcpt, 450, "4.1.1 x", smtperr.Session{}, smtperr.ReasonMailboxUnavailableTemp},
		{"2.1 for now", smtperr.PhaseRcpt, 450, "4.2.1 x", smtperr.Session{}, smtperr.ReasonMailboxUnavailableTemp},
		{"7.500 for now", smtperr.PhaseMail, 451, "4.7.500 x", smtperr.Session{}, smtperr.ReasonCongested},
		{"7.650 for now", smtperr.PhaseMail, 451, "4.7.650 x", smtperr.Session{}, smtperr.ReasonRateLimited},
		{"7.25 as greeting", smtperr.PhaseGreeting, 550, "5.7.25 x", smtperr.Session{}, smtperr.ReasonRDNS},
		{"452 at MAIL", smtperr.PhaseMail, 452, "x", smtperr.Session{}, smtperr.ReasonSystemFull},
		{"any 4xx in AUTH", smtperr.PhaseAuth, 435, "x", smtperr.Session{}, smtperr.ReasonAuthTemporary},
		{"451 in AUTH", smtperr.PhaseAuth, 451, "x", smtperr.Session{}, smtperr.ReasonAuthTemporary},
		{"421 in AUTH", smtperr.PhaseAuth, 421, "x", smtperr.Session{}, smtperr.ReasonRefused},
		{"525 in AUTH", smtperr.PhaseAuth, 525, "x", smtperr.Session{}, smtperr.ReasonAccountDisabled},
		{"LHLO not known", smtperr.PhaseEHLO, 500, "5.5.1 x", smtperr.Session{LMTP: true}, smtperr.ReasonNotLMTP},
		{"HELO to an LMTP server", smtperr.PhaseHELO, 500, "5.5.1 this is LMTP", smtperr.Session{}, smtperr.ReasonNotSMTPLMTP},
		{"HELO not known", smtperr.PhaseHELO, 500, "5.5.1 x", smtperr.Session{}, smtperr.ReasonRefused},
		{"STARTTLS 454 with a listed one", smtperr.PhaseSTARTTLS, 454, "4.7.28 x", smtperr.Session{}, smtperr.ReasonTLSUnavailable},
		{"421 4.4.2", smtperr.PhaseRcpt, 421, "4.4.2 x", smtperr.Session{}, smtperr.ReasonConnectionDropped},
		{"421 4.3.2 to EHLO gives no reason", smtperr.PhaseEHLO, 421, "4.3.2 x", smtperr.Session{}, smtperr.ReasonRefused},
		{"5.7.1 to HELO gives no reason", smtperr.PhaseHELO, 550, "5.7.1 x", smtperr.Session{}, smtperr.ReasonRefused},
		{"5.7.1 as greeting gives no reason", smtperr.PhaseGreeting, 550, "5.7.1 x", smtperr.Session{}, smtperr.ReasonRefused},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			e := classifyReply(tt.phase, reply(tt.code, tt.text), tt.c)
			require.Equal(t, tt.reason, e.Reason)
		})
	}
}

func TestAnEnhancedCodeCountsOnlyWhereItMay(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		code     int
		lines    []string
		want     string
		mismatch bool
	}{
		{"directly after the code", 550, []string{"5.1.1 x"}, "5.1.1", false},
		{"alone", 250, []string{"2.0.0"}, "2.0.0", false},
		{"of the first of several lines", 550, []string{"5.1.1 x", "5.2.2 y"}, "5.1.1", false},
		{"not further on in the text", 550, []string{"x 5.1.1"}, "", false},
		{"not of a later line only", 550, []string{"x", "5.1.1 y"}, "", false},
		{"not with another class", 550, []string{"4.2.1 x"}, "", true},
		{"not of success in a refusal", 550, []string{"2.0.0 x"}, "", true},
		{"never in 3yz", 354, []string{"2.0.0 go"}, "", false},
		{"not in an empty reply", 250, nil, "", false},
		{"with leading zeros", 550, []string{"5.07.001 x"}, "5.7.1", false},
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
