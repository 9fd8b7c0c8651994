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
