package check

import "time"

// Tally counts the outcomes of a watch.
type Tally struct {
	probes, failed int
	counts         map[tallied]int

	fastest, slowest, sum time.Duration // of the probes that succeeded
}

// tallied identifies the outcomes that are counted together.
type tallied struct{ relay, outcome string }

// Add counts outcomes.
func (t *Tally) Add(outcomes []Outcome) {
	if t.counts == nil {
		t.counts = make(map[tallied]int)
	}
	for i := range outcomes {
		o := &outcomes[i]
		t.probes++
		if !o.Success {
			t.failed++
			t.counts[tallied{o.relay.Name, "FAILED  " + classAndReason(o.Summary)}]++
			continue
		}
		t.counts[tallied{o.relay.Name, "OK"}]++
		total := time.Duration(o.Total)
		if t.fastest == 0 || total < t.fastest {
			t.fastest = total
		}
		t.slowest = max(t.slowest, total)
		t.sum += total
	}
}

// Succeeded reports whether all probes succeeded, and at least one did.
func (t *Tally) Succeeded() bool { return t.failed == 0 && t.probes > 0 }
