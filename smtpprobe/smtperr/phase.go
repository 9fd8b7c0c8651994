package smtperr

import (
	"fmt"
	"slices"
)

// Phase is a step of an SMTP session. The zero value means none of them.
type Phase string

// The phases, in the order in which a session reaches them.
const (
	PhaseConfig   Phase = "config"
	PhaseDNS      Phase = "dns"
	PhaseConnect  Phase = "connect"
	PhaseTLS      Phase = "tls"      // the handshake of implicit TLS or STARTTLS
	PhaseGreeting Phase = "greeting" // RFC 5321 §4.3.1
	PhaseEHLO     Phase = "ehlo"     // EHLO or LHLO, before and after STARTTLS
	PhaseHELO     Phase = "helo"
	PhaseSTARTTLS Phase = "starttls" // the command and its reply, RFC 3207
	PhaseAuth     Phase = "auth"     // RFC 4954, including the request of an OAuth2 token
	PhaseMail     Phase = "mail"
	PhaseRcpt     Phase = "rcpt"
	PhaseData     Phase = "data" // the command and its 354
	PhaseBody     Phase = "body" // writing the message
	PhaseDot      Phase = "dot"  // waiting for the reply to the final dot
	PhaseRset     Phase = "rset"
	PhaseQuit     Phase = "quit"
	PhaseDone     Phase = "done" // the session succeeded
)

// PhaseMailbox is not a step of an SMTP session: it is the check of a message's
// arrival in a mailbox. Failures reported in a delivery status notification have
// this phase, too.
const PhaseMailbox Phase = "mailbox"

// Phases returns the phases of a session in order.
func Phases() []Phase {
	all := make([]Phase, len(phases))
	for i := range phases {
		all[i] = phases[i].phase
	}
	return all
}

// ParsePhase returns the phase with the given name.
func ParsePhase(name string) (Phase, error) {
	if p := Phase(name); p == PhaseMailbox || name != "" && slices.Contains(Phases(), p) {
		return Phase(name), nil
	}
	return "", fmt.Errorf("unknown phase %q", name)
}

// phaseRow describes a phase.
type phaseRow struct {
	phase   Phase
	label   string    // in error texts
	accepts codeRange // the expected reply codes
	refusal Class     // of a 4xx or 5xx
}

// codeRange is an inclusive range of reply codes.
type codeRange struct{ first, last int }

func (r codeRange) contains(code int) bool { return r.first <= code && code <= r.last }

// The first digit of a reply code decides (RFC 5321 §4.3.2), except where client
// and server change their state together: the greeting, STARTTLS and AUTH.
var (
	ready         = codeRange{220, 220}
	authenticated = codeRange{235, 235}
	completed     = codeRange{200, 299}
	intermediate  = codeRange{300, 399}
)

var phases = [...]phaseRow{
	{PhaseConfig, "config", completed, ClassResponseError},
	{PhaseDNS, "dns", completed, ClassResponseError},
	{PhaseConnect, "connect", completed, ClassResponseError},
	{PhaseTLS, "TLS handshake", completed, ClassResponseError},
	{PhaseGreeting, "greeting", ready, ClassGreetingRefused},
	{PhaseEHLO, "EHLO", completed, ClassHeloRefused},
	{PhaseHELO, "HELO", completed, ClassHeloRefused},
	{PhaseSTARTTLS, "STARTTLS", ready, ClassStartTLSRefused},
	{PhaseAuth, "AUTH", authenticated, ClassAuthFailed},
	{PhaseMail, "MAIL", completed, ClassSenderRefused},
	{PhaseRcpt, "RCPT", completed, ClassRecipientRefused},
	{PhaseData, "DATA", intermediate, ClassDataRefused},
	{PhaseBody, "message", completed, ClassDataRefused},
	{PhaseDot, "end of message", completed, ClassDataRefused},
	{PhaseRset, "RSET", completed, ClassResponseError},
	{PhaseQuit, "QUIT", completed, ClassResponseError},
	{PhaseDone, "done", completed, ClassResponseError},
}

// row returns the description of p. NOOP, VRFY and other commands outside of the
// phases have one without a label.
func (p Phase) row() phaseRow {
	for i := range phases {
		if phases[i].phase == p {
			return phases[i]
		}
	}
	return phaseRow{p, string(p), completed, ClassResponseError}
}
