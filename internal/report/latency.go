package report

import (
	"math"
	"slices"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// step is one phase of a target's waterfall, in the units of the chart.
type step struct {
	Phase       smtperr.Phase
	X, Width    float64 // percent of the sum of the medians
	Median, P95 float32 // seconds
	Count       int
}

// waterfall returns the medians of the phases, one after the other in the order of
// a session. It leaves out phases that never completed.
func (s *series) waterfall() []step {
	steps := make([]step, 0, len(sessionOrder))
	var sum float64
	for _, phase := range s.phases() {
		times := s.times[phase]
		if len(times) == 0 {
			continue
		}
		slices.Sort(times)
		steps = append(steps, step{Phase: phase, Median: quantile(times, 0.5), P95: quantile(times, 0.95), Count: len(times)})
		sum += float64(steps[len(steps)-1].Median)
	}
	at := 0.0
	for i := range steps {
		steps[i].X = at
		if sum > 0 {
			steps[i].Width = 100 * float64(steps[i].Median) / sum
		}
		at += steps[i].Width
	}
	return steps
}

// phases returns the phases in the order of the target's sessions.
func (s *series) phases() []smtperr.Phase {
	if !s.implicitTLS {
		return sessionOrder
	}
	phases := slices.DeleteFunc(slices.Clone(sessionOrder), func(p smtperr.Phase) bool { return p == smtperr.PhaseTLS })
	return slices.Insert(phases, slices.Index(phases, smtperr.PhaseConnect)+1, smtperr.PhaseTLS)
}

// sessionOrder lists the phases in the order of a session with STARTTLS. The
// classifier's order has the handshake before the greeting.
var sessionOrder = func() []smtperr.Phase {
	timed := slices.DeleteFunc(smtperr.Phases(), func(p smtperr.Phase) bool {
		return p == smtperr.PhaseConfig || p == smtperr.PhaseDone || p == smtperr.PhaseTLS
	})
	return slices.Insert(timed, slices.Index(timed, smtperr.PhaseSTARTTLS)+1, smtperr.PhaseTLS)
}()

// totals returns the sorted total times of the probes, in seconds.
func (s *series) totals() []float32 {
	all := make([]float32, len(s.probes))
	for i, p := range s.probes {
		all[i] = p.total
	}
	slices.Sort(all)
	return all
}

// quantile returns the nearest-rank quantile of sorted values, 0 without values.
func quantile(sorted []float32, q float64) float32 {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[max(1, int(math.Ceil(q*float64(len(sorted)))))-1]
}
