package smtperr

import (
	"fmt"
	"slices"
)

// Phase is a step of an SMTP session. The zero value is no phase.
type Phase string

// The phases, in the order in which a session reaches them.
const (
	PhaseConfig   Phase = "config"
	PhaseDNS      Phase = "dns"
	PhaseConnect  Phase = "connect"
	PhaseTLS      Phase = "tls"      // the handshake, at once or after STARTTLS
	PhaseGreeting Phase = "greeting" // RFC 5321 §4.3.1
	PhaseEHLO     Phase = "ehlo"     // EHLO and LHLO, also the second one after TLS
	PhaseHELO     Phase = "helo"
	PhaseSTARTTLS Phase = "starttls" // the command and its reply, RFC 3207
	PhaseAuth     Phase = "auth"     // RFC 4954; also fetching an OAuth2 token
	PhaseMail     Phase = "mail"
	PhaseRcpt     Phase = "rcpt"
	PhaseData     Phase = "data" // the command and its 354
	PhaseBody     Phase = "body" // writing the message
	PhaseDot      Phase = "dot"  // waiting for the reply to the final dot
	PhaseRset     Phase = "rset"
	PhaseQuit     Phase = "quit"
	PhaseDone     Phase = "done" // the session reached its goal
)

// PhaseMailbox is not a step of a session: it is looking into the mailbox where
// a message ends. What a delivery status notification passes on has this phase,
// too.
const PhaseMailbox Phase = "mailbox"

// Phases lists the phases of a session in order.
func Phases() []Phase {
	all := make([]Phase, len(phases))
	for i := range phases {
		all[i] = phases[i].phase
	}
	return all
}

// ParsePhase returns the phase of that name.
func ParsePhase(name string) (Phase, error) {
	if p := Phase(name); p == PhaseMailbox || name != "" && slices.Contains(Phases(), p) {
		return Phase(name), nil
	}
	return "", fmt.Errorf("unknown phase %q", name)
}

// phaseRow is what the package knows about one phase.
type phaseRow struct {
	phase   Phase
	label   string    // in error texts
	accepts codeRange // the replies due
	refusal Class     // of any other 4xx or 5xx
}

// codeRange is a range of reply codes, both ends included.
type codeRange struct{ first, last int }

func (r codeRange) contains(code int) bool { return r.first <= code && code <= r.last }

// Unknown codes go by their first digit (RFC 5321 §4.3.2). Where client and
// server change state together, only one code says that they agree.
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

// row returns the phase's row; for NOOP, VRFY and other commands outside the
// phases one without a label.
func (p Phase) row() phaseRow {
	for i := range phases {
		if phases[i].phase == p {
			return phases[i]
		}
	}
	return phaseRow{p, string(p), completed, ClassResponseError}
}
