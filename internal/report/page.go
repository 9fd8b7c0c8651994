package report

import (
	"cmp"
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

//go:embed page.html
var pageHTML string

var page = template.Must(template.New("page").Funcs(template.FuncMap{
	"ms":      milliseconds,
	"percent": percent,
	"join":    join,
	"code":    replyCode,
	"digit":   replyDigit,
	"clock":   clock,
	"time":    func(at time.Time) string { return at.UTC().Format("2006-01-02 15:04:05") },
}).Parse(pageHTML))

// view is the data of the template.
type view struct {
	Colors           template.CSS
	From, To         time.Time
	Ticks            []string
	Columns, Bars    int
	Probes, Failed   int
	Working, Failing int         // relays
	Relays           []relayView // those that fail now first
	Legend           []legend    // of the classes
	FailureBars      []bar
	Peak             int // failures in the highest bar
	Causes           []cause
	Replies          []replyView
	Phases           []smtperr.Phase
	Certificates     []certificate
	Groups           []groupView
	Backends         []backendView
	Changes          []change
	MoreChanges      int
	Suspects         []prober
	Flows            []flowView
	Messages         []message
	MoreMessages     int
}

// relayView is a target in the timeline, the table of relays and the latencies.
type relayView struct {
	Label       string
	Probes      int
	Success     float64 // percent
	Working     bool    // the last probe succeeded
	State       string
	Class       smtperr.Class
	Median, P95 float32
	Spans       []span
	Steps       []step
	Total       float32 // sum of the medians
	Error       string
	TopFailure  string // the most frequent failure
	TopClass    smtperr.Class
	LastProbe   time.Time
}

type legend struct {
	Class smtperr.Class
	Text  string
}

type certificate struct {
	Label string
	Until time.Time
	Days  int
}

// The days before expiry from which a certificate has a warning, and from which it
// counts as a failure. The dashboards have the same limits.
const (
	expirySoon     = 14
	expiryVerySoon = 3
)

// Urgency returns the first digit of the reply codes that have the same color.
func (c certificate) Urgency() int {
	switch {
	case c.Days < expiryVerySoon:
		return 5
	case c.Days < expirySoon:
		return 4
	}
	return 2
}

type groupView struct {
	Name             string
	Served, Attempts float64
	Healthy, Members int64
	By               []string
}

// WriteHTML writes the page. Times are UTC. It returns ErrNoProbes if the results
// contain no probe.
func (r *Report) WriteHTML(w io.Writer) error {
	if len(r.relays) == 0 {
		return ErrNoProbes
	}
	if err := page.Execute(w, r.view()); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	return nil
}

func (r *Report) view() *view {
	all := r.sorted()
	axis := r.axis(all)
	names := labels(all)
	v := &view{
		Colors: colors(), From: r.from, To: r.to, Ticks: axis.ticks(), Columns: columns, Bars: bars,
		Causes: causes(all), Replies: replies(all, axis), Groups: r.groupViews(),
		Suspects: r.suspects(), Backends: backends(all, names), Flows: r.flowViews(),
	}
	v.FailureBars, v.Peak = failuresOverTime(all, axis)
	v.addRelays(all, names, axis)
	for i, s := range all {
		if !s.expiry.IsZero() {
			v.Certificates = append(v.Certificates, certificate{names[i], s.expiry, days(r.to, s.expiry)})
		}
	}
	slices.SortStableFunc(v.Certificates, func(a, b certificate) int { return a.Until.Compare(b.Until) })
	v.Changes = newest(r.changes, func(a, b change) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(b.Relay, a.Relay), cmp.Compare(b.What, a.What))
	})
	v.MoreChanges = len(r.changes) - len(v.Changes)
	v.Messages = newest(r.messages, func(a, b message) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(b.ID, a.ID)) })
	v.MoreMessages = len(r.messages) - len(v.Messages)
	return v
}

// addRelays adds the targets, the totals over them, and the classes and phases that
// they have.
func (v *view) addRelays(all []*series, names []string, axis timeAxis) {
	classes := make(map[smtperr.Class]bool)
	phases := make(map[smtperr.Phase]bool)
	for i, s := range all {
		relay := s.view(names[i], axis)
		v.Relays = append(v.Relays, relay)
		v.Probes += len(s.probes)
		v.Failed += len(s.probes) - s.successes()
		if relay.Working {
			v.Working++
		} else {
			v.Failing++
		}
		for _, sp := range relay.Spans {
			classes[sp.Class] = true
		}
		for f := range s.failed {
			classes[f.class] = true
		}
		for _, st := range relay.Steps {
			phases[st.Phase] = true
		}
	}
	slices.SortStableFunc(v.Relays, func(a, b relayView) int {
		switch {
		case a.Working == b.Working:
			return 0
		case b.Working:
			return -1
		}
		return 1
	})
	for _, class := range slices.Sorted(maps.Keys(classes)) {
		v.Legend = append(v.Legend, legend{class, stateName(class)})
	}
	for _, phase := range sessionOrder {
		if phases[phase] {
			v.Phases = append(v.Phases, phase)
		}
	}
}

func (r *Report) groupViews() []groupView {
	views := make([]groupView, 0, len(r.groups))
	for _, name := range slices.Sorted(maps.Keys(r.groups)) {
		g := r.groups[name]
		views = append(views, groupView{
			Name: g.name, Served: 100 * float64(g.served) / float64(g.gathers), Attempts: g.attempts / float64(g.gathers),
			Healthy: g.healthy, Members: g.members, By: g.selectedRelays(),
		})
	}
	return views
}

// days returns the number of whole days between two times, rounded down.
func days(from, to time.Time) int {
	const day = 24 * 60 * 60
	return int(math.Floor(float64(to.Unix()-from.Unix()) / day))
}

func (s *series) view(label string, axis timeAxis) relayView {
	totals := s.totals()
	v := relayView{
		Label: label, Probes: len(s.probes), Success: 100 * float64(s.successes()) / float64(len(s.probes)),
		Working: s.lastSuccess, State: stateName(s.lastClass), Class: s.lastClass,
		Median: quantile(totals, 0.5), P95: quantile(totals, 0.95),
		Spans: s.timeline(axis), Steps: s.waterfall(), Error: s.errorText, LastProbe: s.lastProbe,
	}
	if s.lastSuccess {
		v.State, v.Class = stateName(smtperr.ClassNone), smtperr.ClassNone
	}
	for _, st := range v.Steps {
		v.Total += st.Median
	}
	if f, ok := s.topFailure(); ok {
		v.TopFailure, v.TopClass = classReason{f.class, f.reason}.String(), f.class
	}
	return v
}

// axis returns the time axis of the page. It ends an interval after the last probe,
// so that the last probe has a width, too.
func (r *Report) axis(all []*series) timeAxis {
	var longest time.Duration
	for _, s := range all {
		longest = max(longest, s.interval())
	}
	return timeAxis{r.from, r.to.Add(longest), longest}
}

// ticks returns times at equal distances along the axis. The first one and those of
// another day than the one before have a date.
func (a timeAxis) ticks() []string {
	const n = 5
	texts := make([]string, 0, n)
	lastDay := ""
	for i := range n {
		at := a.from.Add(a.to.Sub(a.from) / (n - 1) * time.Duration(i)).UTC()
		day, text := at.Format(time.DateOnly), at.Format(time.TimeOnly)
		if day != lastDay {
			text = day + " " + text
		}
		lastDay = day
		texts = append(texts, text)
	}
	return texts
}
