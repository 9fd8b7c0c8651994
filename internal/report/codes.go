package report

import (
	"cmp"
	"maps"
	"slices"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// answer is a reply code that decided probes, of success or of failure, and
// how often it was met.
type answer struct {
	Code   int16 // 0: no reply decided
	Count  int
	Share  float64 // percent of all probes
	Phases []smtperr.Phase
	Relays []string
	Bars   []codeBar
}

// codeBar is how often a code was met in a stretch of time, in the units of
// the picture.
type codeBar struct {
	X, Count  int
	Y, Height float64
}

// codes lists the decisive reply codes by their number, each on a scale of its
// own over time.
func codes(all []*series, over scale) []answer {
	met := make(map[int16]*[bars]int)
	where := make(map[int16]map[smtperr.Phase]bool)
	relays := make(map[int16][]string)
	total := 0
	for _, s := range all {
		for _, p := range s.probes {
			code := p.code
			if met[code] == nil {
				met[code], where[code] = new([bars]int), make(map[smtperr.Phase]bool)
			}
			met[code][over.bar(p.at)]++
			total++
			if known := relays[code]; len(known) == 0 || known[len(known)-1] != s.id.relay {
				relays[code] = append(known, s.id.relay)
			}
		}
		for f := range s.failed {
			where[f.code][smtperr.Phase(f.phase)] = true
		}
	}
	list := make([]answer, 0, len(met))
	for _, code := range slices.Sorted(maps.Keys(met)) {
		a := answer{Code: code, Phases: inOrder(where[code]), Relays: relays[code]}
		most := slices.Max(met[code][:])
		for x, n := range met[code] {
			if n > 0 {
				high := barsHigh * float64(n) / float64(most)
				a.Bars = append(a.Bars, codeBar{x, n, barsHigh - high, high})
			}
			a.Count += n
		}
		a.Share = 100 * float64(a.Count) / float64(total)
		list = append(list, a)
	}
	return list
}

// inOrder lists phases as they follow each other in a session, and what is no
// phase of ours by name behind them.
func inOrder(phases map[smtperr.Phase]bool) []smtperr.Phase {
	place := func(p smtperr.Phase) int {
		if i := slices.Index(order, p); i >= 0 {
			return i
		}
		return len(order)
	}
	return slices.SortedFunc(maps.Keys(phases), func(a, b smtperr.Phase) int {
		return cmp.Or(cmp.Compare(place(a), place(b)), cmp.Compare(a, b))
	})
}
