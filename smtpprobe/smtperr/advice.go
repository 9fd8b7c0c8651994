package smtperr

// Advice is whether to try again, or elsewhere.
type Advice string

// The pieces of advice.
const (
	No          Advice = "no"
	Yes         Advice = "yes"
	Later       Advice = "later"              // the same server, after a while
	NotAfterDot Advice = "yes, not after dot" // yes, unless the message may have been delivered
	Only4xx     Advice = "4xx only"           // if the refusal is temporary
	ByCode      Advice = "by code"            // a reply decides: 4xx or 5xx
	NoAdvice    Advice = "-"                  // it was not the server's doing
)

// Policy is a rule of failover.
type Policy string

// The policies.
const (
	// Seed goes on to the next server after connection errors and timeouts,
	// stops at a failed authentication, and goes on after any other error.
	Seed Policy = "seed"
	// MTA does what Postfix does: a 4xx goes on, a 5xx is final.
	MTA Policy = "mta"
)

// RetrySame tells whether the same server may do better: now (Yes), after a
// while (Later) or not at all. A permanent refusal is not worth repeating.
func (e *Error) RetrySame() Advice {
	if e == nil {
		return NoAdvice
	}
	advice := e.Class.Info().RetrySame
	switch {
	case advice == NotAfterDot && e.OutcomeUnknown, advice == Later && !e.Temporary:
		return No
	case advice == NotAfterDot:
		return Yes
	}
	return advice
}

// NextServer tells whether a policy tries the next server after this failure.
func (e *Error) NextServer(p Policy) bool {
	if e == nil {
		return false
	}
	advice := e.Class.Info().NextSeed
	if p == MTA {
		advice = e.Class.Info().NextMTA
	}
	switch advice {
	case Yes:
		return true
	case NotAfterDot:
		return !e.OutcomeUnknown
	case Only4xx:
		return e.Temporary
	}
	return false
}

// Advice is the likely cause and what to do, in one line: the reason's where
// it knows more than the class.
func (e *Error) Advice() string {
	if e == nil {
		return ""
	}
	if advice, ok := byClassAndReason[meaning{e.Class, e.Reason}]; ok {
		return advice
	}
	advice := e.Reason.Advice()
	switch {
	case e.Reply != nil && e.Reason == ReasonExpired:
		return "The message was under way for too long: look at the queue that it lay in."
	case e.Reply != nil && e.Reason == ReasonProtocolVersion:
		return "The relay speaks another version of the protocol: look at the transcript."
	case advice == "", e.Reason == ReasonRefused:
		return e.Class.Info().Advice
	}
	return advice
}

// byClassAndReason is the advice for reasons that mean something else in one
// class than in the others.
var byClassAndReason = map[meaning]string{
	{ConnectError, ReasonRefused}:         "Nothing listens there, or a firewall says so: check that the relay runs, and the port.",
	{ConnectError, ReasonNotFound}:        "There is no such unix socket: check its path, and that the relay runs.",
	{ConnectError, ReasonReset}:           "The connection was reset at once: look for a firewall, or a proxy whose relay is down.",
	{ConnectError, ReasonClosed}:          "The connection was closed at once: look for a proxy whose relay is down.",
	{TLSError, ReasonClosed}:              "The other side hung up in the handshake: check the relay's certificate, key and log.",
	{TLSError, ReasonReset}:               "The connection was reset in the handshake: check the relay's TLS, and firewalls between.",
	{NotSupported, ReasonMessageTooLarge}: "The relay's SIZE is smaller than the message: lower message_size or raise the limit.",
	{DNSNotFound, ReasonNullMX}:           "The domain says that it takes no mail (RFC 7505): check the domain in the configuration.",
}
