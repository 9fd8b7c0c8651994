package report

import (
	"cmp"
	"maps"
	"slices"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

const (
	bars     = 60  // in the picture of failures over time
	barsHigh = 100 // units that the highest of them has
)

// bar is one class's and reason's part of the failures in a stretch of time.
type bar struct {
	X, Y, Height float64
	Class        smtperr.Class
	Count        int
	Text         string
}

// kind is what the failures over time are told apart by.
type kind struct {
	class  smtperr.Class
	reason string
}

func (k kind) String() string {
	if k.reason == "" {
		return state(k.class)
	}
	return state(k.class) + "/" + k.reason
}

// overTime counts the failures by class and reason in equal stretches of time. most is
// what the highest column stands for.
func overTime(all []*series, over scale) (drawn []bar, most int) {
	counts := make([]map[kind]int, bars)
	sums := make([]int, bars)
	for _, s := range all {
		for _, p := range s.probes {
			if p.success {
				continue
			}
			i := over.bar(p.at)
			if counts[i] == nil {
				counts[i] = make(map[kind]int)
			}
			counts[i][kind{p.class, p.reason.Value()}]++
			sums[i]++
			most = max(most, sums[i])
		}
	}
	for i, byKind := range counts {
		base := float64(barsHigh)
		kinds := slices.SortedFunc(maps.Keys(byKind), func(a, b kind) int {
			return cmp.Or(cmp.Compare(a.class, b.class), cmp.Compare(a.reason, b.reason))
		})
		for _, k := range kinds {
			high := barsHigh * float64(byKind[k]) / float64(most)
			base -= high
			drawn = append(drawn, bar{float64(i), base, high, k.class, byKind[k], k.String()})
		}
	}
	return drawn, most
}

// cause is one way to fail, and how often it was met.
type cause struct {
	Class               smtperr.Class
	Name, Reason, Phase string
	Code                int16
	Count               int
	Share               float64 // percent of all failures
	Relays              []string
	Fault, Advice       string
}

// causes lists the ways to fail, the most frequent first.
func causes(all []*series) []cause {
	found := make(map[failure]*cause)
	total := 0
	for _, s := range all {
		for f, n := range s.failed {
			c := found[f]
			if c == nil {
				e := &smtperr.Error{Class: f.class, Reason: smtperr.Reason(f.reason), Phase: smtperr.Phase(f.phase)}
				c = &cause{Class: f.class, Name: state(f.class), Reason: f.reason, Phase: f.phase, Code: f.code, Fault: string(e.Fault()), Advice: e.Advice()}
				found[f] = c
			}
			c.Count += n
			total += n
			// Targets are sorted by relay.
			if last := len(c.Relays) - 1; last < 0 || c.Relays[last] != s.id.relay {
				c.Relays = append(c.Relays, s.id.relay)
			}
		}
	}
	list := make([]cause, 0, len(found))
	for _, c := range found {
		c.Share = 100 * float64(c.Count) / float64(total)
		list = append(list, *c)
	}
	slices.SortFunc(list, func(a, b cause) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Class, b.Class), cmp.Compare(a.Reason, b.Reason),
			cmp.Compare(a.Phase, b.Phase), cmp.Compare(a.Code, b.Code))
	})
	return list
}
