package report

import (
	"cmp"
	"slices"
)

// backendView is a row of the table of backends: a server behind the address of a
// relay, by the name in its greeting.
type backendView struct {
	Relay, Name    string
	Probes, Failed int
	Share          float64 // percent of its probes that failed
	TopFailure     string  // the most frequent failure
	TopClass       string  // its class in the style sheet
}

// backendStats counts the probes of one backend of one target.
type backendStats struct {
	probes int
	failed map[classReason]int
}

// maxBackends is the maximum number of backends of one target. The rest is counted
// together.
const maxBackends = 64

const otherBackends = "others"

func (s *series) addBackend(name string, p probe) {
	if name == "" {
		return
	}
	if s.backends == nil {
		s.backends = make(map[string]*backendStats)
	}
	b := s.backends[name]
	if b == nil && len(s.backends) >= maxBackends {
		name = otherBackends
		b = s.backends[name]
	}
	if b == nil {
		b = &backendStats{}
		s.backends[name] = b
	}
	b.probes++
	if !p.success {
		if b.failed == nil {
			b.failed = make(map[classReason]int)
		}
		b.failed[classReason{p.class, p.reason.Value()}]++
	}
}

// backends returns the backends of every target that has several, sorted by relay;
// those that fail most come first.
func backends(all []*series, labels []string) []backendView {
	var views []backendView
	for i, s := range all {
		if len(s.backends) < 2 {
			continue
		}
		for name, stats := range s.backends {
			v := backendView{Relay: labels[i], Name: name, Probes: stats.probes}
			most := 0
			for key, n := range stats.failed {
				v.Failed += n
				if text := key.String(); n > most || n == most && text < v.TopFailure {
					most, v.TopFailure, v.TopClass = n, text, cssClass(key.class)
				}
			}
			v.Share = 100 * float64(v.Failed) / float64(v.Probes)
			views = append(views, v)
		}
	}
	slices.SortFunc(views, func(a, b backendView) int {
		return cmp.Or(cmp.Compare(a.Relay, b.Relay), cmp.Compare(b.Share, a.Share), cmp.Compare(a.Name, b.Name))
	})
	return views
}
