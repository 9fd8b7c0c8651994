// Package smtpprobe holds one SMTP (or LMTP) session with a relay, as deep as
// a plan says, and reports every phase's time and reply and a typed verdict.
package smtpprobe

import (
	"context"
	"time"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// Prober probes one target by one plan. It is safe for concurrent use: it
// keeps nothing between probes.
type Prober struct {
	Target Target
	Plan   Plan
}

// findings are a result and what nearly every result refers to, in one piece.
type findings struct {
	Result
	phases [8]PhaseResult // as many as there are up to EHLO within TLS
	reply  smtperr.Reply  // the decisive one, as long as nothing failed
}

// Probe holds one session and always returns a Result. The context's end is
// the class canceled; its deadline, or Plan.Timeout, is the timeout of the
// phase it interrupts. Nothing of the session outlives the call.
func (p *Prober) Probe(ctx context.Context) *Result {
	start := time.Now()
	deadline := start.Add(p.Plan.Timeout)
	if d, ok := ctx.Deadline(); ok && d.Before(deadline) {
		deadline = d
	}
	s := &session{
		ctx:      ctx,
		target:   &p.Target,
		plan:     &p.Plan,
		deadline: deadline,
		found:    &findings{Result: Result{Depth: p.Plan.Depth, Start: start}},
	}
	s.res = &s.found.Result
	s.res.Phases = s.found.phases[:0]
	s.out = s.room[:0]
	if p.Plan.Transcript {
		s.log = &transcript{start: start}
	}
	if err := s.ready(); err != nil {
		s.verdict(err)
	} else {
		s.run()
	}
	s.finish()
	return s.res
}
