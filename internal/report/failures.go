package report

import (
	"cmp"
	"maps"
	"slices"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

const (
	bars      = 60  // number of bars in a chart over time
	barHeight = 100 // height of the highest bar, in the units of the chart
)

// bar is the part of a stacked bar for one class and reason: its failures in one
// interval.
type bar struct {
	X, Y, Height float64
	Class        smtperr.Class
	Count        int
	Text         string
}

// classReason groups failures by class and reason.
type classReason struct {
	class  smtperr.Class
	reason string
}

func (c classReason) String() string {
	if c.reason == "" {
		return stateName(c.class)
	}
	return stateName(c.class) + "/" + c.reason
}

// failuresOverTime counts the failures by class and reason in equal intervals. peak
// is the number of failures that the highest bar stands for.
func failuresOverTime(all []*series, axis timeAxis) (stacked []bar, peak int) {
	counts := make([]map[classReason]int, bars)
	sums := make([]int, bars)
	for _, s := range all {
		for _, p := range s.probes {
			if p.success {
				continue
			}
			i := axis.bar(p.at)
			if counts[i] == nil {
				counts[i] = make(map[classReason]int)
			}
			counts[i][classReason{p.class, p.reason.Value()}]++
			sums[i]++
			peak = max(peak, sums[i])
		}
	}
	for i, count := range counts {
		base := float64(barHeight)
		keys := slices.SortedFunc(maps.Keys(count), func(a, b classReason) int {
			return cmp.Or(cmp.Compare(a.class, b.class), cmp.Compare(a.reason, b.reason))
		})
		for _, key := range keys {
			height := barHeight * float64(count[key]) / float64(peak)
			base = max(0, base-height) // not below zero by rounding
			stacked = append(stacked, bar{float64(i), base, height, key.class, count[key], key.String()})
		}
	}
	return stacked, peak
}

// cause is a row of the table of failures.
type cause struct {
	Class               smtperr.Class
	Name, Reason, Phase string
	Code                int16
	Count               int
	Share               float64 // percent of all failures
	Relays              []string
	Fault, Advice       string
}

// causes counts the failures by class, reason, phase and reply code, the most
// frequent first.
func causes(all []*series) []cause {
	rows := make(map[failure]*cause)
	total := 0
	for _, s := range all {
		for f, n := range s.failed {
			c := rows[f]
			if c == nil {
				e := &smtperr.Error{Class: f.class, Reason: smtperr.Reason(f.reason), Phase: smtperr.Phase(f.phase)}
				c = &cause{
					Class: f.class, Name: stateName(f.class), Reason: f.reason, Phase: f.phase, Code: f.code,
					Fault: string(e.Fault()), Advice: e.Advice(),
				}
				rows[f] = c
			}
			c.Count += n
			total += n
			// Targets are sorted by relay.
			if last := len(c.Relays) - 1; last < 0 || c.Relays[last] != s.id.relay {
				c.Relays = append(c.Relays, s.id.relay)
			}
		}
	}
	list := make([]cause, 0, len(rows))
	for _, c := range rows {
		c.Share = 100 * float64(c.Count) / float64(total)
		list = append(list, *c)
	}
	slices.SortFunc(list, func(a, b cause) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Class, b.Class), cmp.Compare(a.Reason, b.Reason),
			cmp.Compare(a.Phase, b.Phase), cmp.Compare(a.Code, b.Code))
	})
	return list
}
