package smtpprobe

import (
	"time"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// usualPhases is the number of phases of a DepthEHLO probe without TLS.
const usualPhases = 5

// clock measures the phases of a probe.
type clock struct {
	phases  []PhaseResult
	current int // index of the phase that is running, or ran last
	started time.Time
	trace   Trace
}

func newClock(trace Trace) clock {
	return clock{phases: make([]PhaseResult, 0, usualPhases), trace: trace}
}

// index returns the index of a phase, which it appends if it is new.
func (c *clock) index(name smtperr.Phase) int {
	for i := range c.phases {
		if c.phases[i].Phase == name {
			return i
		}
	}
	c.phases = append(c.phases, PhaseResult{Phase: name})
	return len(c.phases) - 1
}

// phase returns a phase, which it appends if it is new. The pointer is valid
// until another phase is appended.
func (c *clock) phase(name smtperr.Phase) *PhaseResult { return &c.phases[c.index(name)] }

// running returns the phase that is running, or ran last.
func (c *clock) running() *PhaseResult { return &c.phases[c.current] }

// start starts the clock of a phase, which is incomplete until its next reply.
func (c *clock) start(name smtperr.Phase) {
	c.trace.PhaseStart(name)
	c.current = c.index(name)
	c.running().Complete = false
	c.started = time.Now()
}

// stop stops the clock. If the arrival time of the reply is known, the phase
// ended then: the time until this process read the reply is not the relay's.
func (c *clock) stop(arrived time.Time) {
	took := time.Since(c.started)
	if arrived.After(c.started) {
		took = arrived.Sub(c.started)
	}
	c.running().Duration += took
	c.trace.PhaseDone(*c.running())
}

// reply records a reply in the running phase. After a 334 AUTH is not complete.
func (c *clock) reply(code int) {
	p := c.running()
	p.Code = code
	p.Complete = code != 334 || p.Phase != smtperr.PhaseAuth
}

// incomplete marks a phase as incomplete if it was reached: its next command was
// not sent.
func (c *clock) incomplete(name smtperr.Phase) {
	for i := range c.phases {
		if c.phases[i].Phase == name {
			c.phases[i].Complete = false
		}
	}
}

// timed runs f on the clock of a phase.
func (s *session) timed(phase smtperr.Phase, f func() error) error {
	s.clock.start(phase)
	err := f()
	arrived := time.Time{}
	if s.conn != nil {
		arrived = s.conn.Arrived()
	}
	s.clock.stop(arrived)
	return err
}
