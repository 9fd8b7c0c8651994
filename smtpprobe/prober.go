// Package smtpprobe holds one SMTP (or LMTP) session with a relay, as deep as
// a plan says, and reports every phase's time and reply and a typed verdict.
package smtpprobe

import "context"

// Prober probes one target by one plan. It is safe for concurrent use; what it
// keeps between probes is read-only.
type Prober struct {
	Target Target
	Plan   Plan
}

// Probe holds one session and always returns a Result. The context's end is
// the class canceled; its deadline, or Plan.Timeout, is the timeout of the
// phase it interrupts.
func (p *Prober) Probe(ctx context.Context) *Result { panic("TODO") }

// Expand turns a target into those to probe: an MX domain into its hosts, a
// host into its addresses (with all). A failure to resolve is a Result.
func Expand(ctx context.Context, t Target, p Plan, all bool) ([]Target, *Result) { panic("TODO") }
