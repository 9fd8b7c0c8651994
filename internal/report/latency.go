package report

import (
	"math"
	"slices"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// step is one phase of a target's waterfall, in the units of its picture.
type step struct {
	Phase       smtperr.Phase
	X, Width    float64 // percent of the whole
	Median, P95 float32 // seconds
	Count       int
}

// waterfall lays the phases' medians one after the other, in the order of a
// session. A phase that never completed has no latency and is not in it.
func (s *series) waterfall() []step {
	steps := make([]step, 0, len(order))
	var whole float64
	for _, phase := range s.order() {
		times := s.took[phase]
		if len(times) == 0 {
			continue
		}
		slices.Sort(times)
		steps = append(steps, step{Phase: phase, Median: quantile(times, 0.5), P95: quantile(times, 0.95), Count: len(times)})
		whole += float64(steps[len(steps)-1].Median)
	}
	at := 0.0
	for i := range steps {
		steps[i].X = at
		if whole > 0 {
			steps[i].Width = 100 * float64(steps[i].Median) / whole
		}
		at += steps[i].Width
	}
	return steps
}

// order is that of the phases in a session of the target's.
func (s *series) order() []smtperr.Phase {
	if !s.implicit {
		return order
	}
	own := slices.DeleteFunc(slices.Clone(order), func(p smtperr.Phase) bool { return p == smtperr.PhaseTLS })
	return slices.Insert(own, slices.Index(own, smtperr.PhaseConnect)+1, smtperr.PhaseTLS)
}

// order is that of the phases in a session over STARTTLS: the classifier's, with
// the handshake behind the command.
var order = func() []smtperr.Phase {
	timed := slices.DeleteFunc(smtperr.Phases(), func(p smtperr.Phase) bool {
		return p == smtperr.PhaseConfig || p == smtperr.PhaseDone || p == smtperr.PhaseTLS
	})
	return slices.Insert(timed, slices.Index(timed, smtperr.PhaseSTARTTLS)+1, smtperr.PhaseTLS)
}()

// totals are the sorted times of whole probes, in seconds.
func (s *series) totals() []float32 {
	all := make([]float32, len(s.probes))
	for i, p := range s.probes {
		all[i] = p.total
	}
	slices.Sort(all)
	return all
}

// quantile is the nearest-rank quantile of sorted values.
func quantile(sorted []float32, q float64) float32 {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[max(1, int(math.Ceil(q*float64(len(sorted)))))-1]
}
