package report

import (
	"cmp"
	"slices"

	"github.com/influxdata/telegraf"
)

// changed is one point of smtpprobe_change.
type changed struct {
	stamped
	Relay, Host, What, Layer, Before, After string
}

func isChange(m telegraf.Metric) bool {
	return m.HasTag("what") && m.HasField("before") && m.HasField("after")
}

func newChange(m telegraf.Metric) changed {
	return changed{stamped{m.Time()}, tagText(m, "relay"), tagText(m, "host"), tagText(m, "what"), tagText(m, "layer"), text(m, "before"), text(m, "after")}
}

// newest sorts events by time, the latest first, and cuts them.
func newest[E any](events []E, compare func(a, b E) int) []E {
	sorted := slices.Clone(events)
	slices.SortStableFunc(sorted, func(a, b E) int { return compare(b, a) })
	return sorted[:min(len(sorted), latestFirst)]
}

// backend is what is known of one of the servers behind a relay, by the name in
// its greeting.
type backend struct {
	Relay, Name    string
	Probes, Failed int
	Share          float64 // percent of its probes that failed
	Often          string  // its most frequent failure
	OftenClass     string  // of the style sheet
}

// seenBackend counts for one target.
type seenBackend struct {
	probes int
	failed map[kind]int
}

// mostBackends bounds how many names one target may have.
const mostBackends = 64

func (s *series) addBackend(name string, p probe) {
	if name == "" {
		return
	}
	if s.backends == nil {
		s.backends = make(map[string]*seenBackend)
	}
	b := s.backends[name]
	if b == nil && len(s.backends) >= mostBackends {
		name = "others"
		b = s.backends[name]
	}
	if b == nil {
		b = &seenBackend{}
		s.backends[name] = b
	}
	b.probes++
	if !p.success {
		if b.failed == nil {
			b.failed = make(map[kind]int)
		}
		b.failed[kind{p.class, p.reason.Value()}]++
	}
}

// backends lists the servers of every target that has several, those that fail
// most first.
func backends(all []*series, labels []string) []backend {
	var list []backend
	for i, s := range all {
		if len(s.backends) < 2 {
			continue
		}
		for name, seen := range s.backends {
			b := backend{Relay: labels[i], Name: name, Probes: seen.probes}
			most := 0
			for k, n := range seen.failed {
				b.Failed += n
				if text := k.String(); n > most || n == most && text < b.Often {
					most, b.Often, b.OftenClass = n, text, styleOf(k.class)
				}
			}
			b.Share = 100 * float64(b.Failed) / float64(b.Probes)
			list = append(list, b)
		}
	}
	slices.SortFunc(list, func(a, b backend) int {
		return cmp.Or(cmp.Compare(a.Relay, b.Relay), cmp.Compare(b.Share, a.Share), cmp.Compare(a.Name, b.Name))
	})
	return list
}
