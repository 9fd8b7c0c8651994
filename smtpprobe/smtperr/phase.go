package smtperr

// Phase is a step of an SMTP session. The zero value is no phase.
type Phase string

// The phases, in the order in which a session reaches them.
const (
	PhaseConfig   Phase = "config"
	PhaseDNS      Phase = "dns"
	PhaseConnect  Phase = "connect"
	PhaseTLS      Phase = "tls"      // the handshake, implicit or after STARTTLS' 220
	PhaseGreeting Phase = "greeting" // RFC 5321 §4.3.1
	PhaseEHLO     Phase = "ehlo"     // EHLO and LHLO, the one after TLS included
	PhaseHELO     Phase = "helo"
	PhaseSTARTTLS Phase = "starttls" // the command and its reply, RFC 3207
	PhaseAuth     Phase = "auth"     // RFC 4954; OAuth2 token fetching included
	PhaseMail     Phase = "mail"
	PhaseRcpt     Phase = "rcpt"
	PhaseData     Phase = "data" // the command and its 354
	PhaseBody     Phase = "body" // writing the message
	PhaseDot      Phase = "dot"  // the wait for the reply after the final dot
	PhaseRset     Phase = "rset"
	PhaseQuit     Phase = "quit"
	PhaseDone     Phase = "done" // a session that reached its goal
)
