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
	"strconv"
	"strings"
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
	"kind":    kindOfReply,
	"clock":   clock,
	"time":    func(at time.Time) string { return at.UTC().Format("2006-01-02 15:04:05") },
}).Parse(pageHTML))

// view is what the page shows.
type view struct {
	Colors           template.CSS
	From, To         time.Time
	Ticks            []string
	Columns, Bars    int
	Probes, Failed   int
	Relays           []relayView
	Causes           []cause
	Answers          []answer
	Timed            []bar
	Most             int
	Legend           []legend // of the classes
	Phases           []smtperr.Phase
	Certificates     []certificate
	Groups           []groupView
	Backends         []backend
	Changes          []changed
	MoreChanges      int
	Suspects         []prober
	Flows            []flowView
	Messages         []message
	MoreMessages     int
	Working, Failing int
}

type relayView struct {
	Label       string
	Probes      int
	Success     float64 // percent
	Working     bool    // at last
	State       string
	Class       smtperr.Class
	Median, P95 float32
	Spans       []span
	Steps       []step
	Whole       float32 // sum of the medians
	Error       string
	Often       string // the most frequent failure
	OftenClass  smtperr.Class
	Seen        time.Time
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

// Days, as in the dashboards.
const (
	expirySoon     = 14
	expiryVerySoon = 3
)

// Urgency selects the colour that a reply of this first digit has.
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

// WriteHTML writes the page. Times are UTC.
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
	over := r.scale(all)
	v := &view{Colors: colors(), From: r.from, To: r.to, Ticks: over.ticks(), Columns: columns, Bars: bars, Causes: causes(all), Answers: codes(all, over)}
	v.Timed, v.Most = overTime(all, over)
	seen := make(map[smtperr.Class]bool)
	phases := make(map[smtperr.Phase]bool)
	names := labels(all)
	for i, label := range names {
		s := all[i]
		shown := s.view(label, over)
		v.Relays = append(v.Relays, shown)
		v.Probes += len(s.probes)
		v.Failed += len(s.probes) - s.successes()
		if s.lastSuccess {
			v.Working++
		} else {
			v.Failing++
		}
		for _, sp := range shown.Spans {
			seen[sp.Class] = true
		}
		for f := range s.failed {
			seen[f.class] = true
		}
		for _, st := range shown.Steps {
			phases[st.Phase] = true
		}
		if !s.expiry.IsZero() {
			v.Certificates = append(v.Certificates, certificate{label, s.expiry, days(r.to, s.expiry)})
		}
	}
	slices.SortStableFunc(v.Certificates, func(a, b certificate) int { return a.Until.Compare(b.Until) })
	for _, class := range slices.Sorted(maps.Keys(seen)) {
		v.Legend = append(v.Legend, legend{class, state(class)})
	}
	for _, phase := range order {
		if phases[phase] {
			v.Phases = append(v.Phases, phase)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(r.groups)) {
		g := r.groups[name]
		v.Groups = append(v.Groups, groupView{
			Name: g.name, Served: 100 * float64(g.served) / float64(g.asked), Attempts: g.attempts / float64(g.asked),
			Healthy: g.healthy, Members: g.members, By: g.by(),
		})
	}
	v.Suspects, v.Backends, v.Flows = r.suspects(), backends(all, names), r.flowViews()
	v.Changes = newest(r.changes, func(a, b changed) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(b.Relay, a.Relay), cmp.Compare(b.What, a.What))
	})
	v.MoreChanges = len(r.changes) - len(v.Changes)
	v.Messages = newest(r.messages, func(a, b message) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(b.ID, a.ID)) })
	v.MoreMessages = len(r.messages) - len(v.Messages)
	return v
}

// days are whole days, rounded down.
func days(from, to time.Time) int {
	const day = 24 * 60 * 60
	return int(math.Floor(float64(to.Unix()-from.Unix()) / day))
}

func (s *series) view(label string, over scale) relayView {
	totals := s.totals()
	v := relayView{
		Label: label, Probes: len(s.probes), Success: 100 * float64(s.successes()) / float64(len(s.probes)),
		Working: s.lastSuccess, State: state(s.lastClass), Class: s.lastClass,
		Median: quantile(totals, 0.5), P95: quantile(totals, 0.95),
		Spans: s.timeline(over), Steps: s.waterfall(), Error: s.errorText, Seen: s.latest,
	}
	if s.lastSuccess {
		v.State, v.Class = state(smtperr.ClassNone), smtperr.ClassNone
	}
	for _, st := range v.Steps {
		v.Whole += st.Median
	}
	if f, failed := s.worst(); failed {
		v.Often, v.OftenClass = kind{f.class, f.reason}.String(), f.class
	}
	return v
}

// scale reaches a probe's interval beyond the last one, which has a width too.
func (r *Report) scale(all []*series) scale {
	var most time.Duration
	for _, s := range all {
		most = max(most, s.interval())
	}
	return scale{r.from, r.to.Add(most), most}
}

// ticks are times along the scale, at equal distances; the first one and those
// of another day than the one before have the date.
func (s scale) ticks() []string {
	const most = 5
	texts := make([]string, 0, most)
	before := ""
	for i := range most {
		at := s.from.Add(s.to.Sub(s.from) / (most - 1) * time.Duration(i)).UTC()
		day, text := at.Format(time.DateOnly), at.Format(time.TimeOnly)
		if day != before {
			text = day + " " + text
		}
		before = day
		texts = append(texts, text)
	}
	return texts
}

// parts of an identity that may tell targets of one relay apart.
var parts = []func(identity) string{
	func(id identity) string { return id.source },
	func(id identity) string { return id.port },
	func(id identity) string { return id.ip },
	func(id identity) string { return id.probe },
	func(id identity) string { return id.host },
}

// labels names each target by its relay, and by what of it differs among the
// targets of that relay, which follow each other.
func labels(all []*series) []string {
	texts := make([]string, len(all))
	for begin := 0; begin < len(all); {
		end := begin + 1
		for end < len(all) && all[end].id.relay == all[begin].id.relay {
			end++
		}
		for i := begin; i < end; i++ {
			texts[i] = all[i].id.relay
		}
		for _, part := range parts {
			differs := slices.ContainsFunc(all[begin:end], func(s *series) bool { return part(s.id) != part(all[begin].id) })
			for i := begin; i < end && differs; i++ {
				if own := part(all[i].id); own != "" {
					texts[i] += " · " + own
				}
			}
		}
		begin = end
	}
	return texts
}

func milliseconds(seconds float32) string {
	ms := float64(seconds) * 1000
	switch {
	case seconds >= longest:
		return "> 11 days"
	case ms < 10:
		return strconv.FormatFloat(ms, 'f', 2, 64) + " ms"
	case ms < 1000:
		return strconv.FormatFloat(ms, 'f', 0, 64) + " ms"
	}
	return strconv.FormatFloat(ms/1000, 'f', 2, 64) + " s"
}

// percent never rounds up to all of it, nor down to nothing.
func percent(p float64) string {
	switch {
	case p > 0 && p < 0.1:
		return "< 0.1 %"
	case p < 100 && p > 99.9:
		return "> 99.9 %"
	}
	return strconv.FormatFloat(p, 'f', 1, 64) + " %"
}

// shownNames bounds how many relays one row names.
const shownNames = 8

func join(names []string) string {
	if more := len(names) - shownNames; more > 1 {
		return strings.Join(names[:shownNames], ", ") + " and " + strconv.Itoa(more) + " more"
	}
	return strings.Join(names, ", ")
}

// clock leaves the day out where it is that of the report's end.
func clock(at, end time.Time) string {
	if at.UTC().Format(time.DateOnly) == end.UTC().Format(time.DateOnly) {
		return at.UTC().Format(time.TimeOnly)
	}
	return at.UTC().Format(time.DateTime)
}

// kindOfReply is the first digit of a code if it says something, else 0.
func kindOfReply(code int16) int16 {
	switch first := code / 100; first {
	case 2, 4, 5:
		return first
	}
	return 0
}

func replyCode(code int16) string {
	if code == 0 {
		return "–"
	}
	return strconv.Itoa(int(code))
}
