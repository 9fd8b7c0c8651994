package report

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/influxdata/telegraf"
	"github.com/influxdata/telegraf/plugins/parsers/influx"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// Report is what results say.
type Report struct {
	relays map[identity]*series
	groups map[string]*group

	changes  []changed
	probers  map[string]*prober // by host
	flows    map[flowID]*flow
	messages []message

	from, to time.Time // of the first and the last probe
}

// New has read nothing yet.
func New() *Report {
	return &Report{relays: make(map[identity]*series), groups: make(map[string]*group), probers: make(map[string]*prober), flows: make(map[flowID]*flow)}
}

// ErrNoProbes is the error of a report on results without a single probe.
var ErrNoProbes = errors.New("there is no probe in what was read: " +
	`wanted is line protocol, as smtpprobe --once or outputs.file with data_format = "influx" writes it`)

// Read adds what a stream of line protocol says, up to its end. An error names
// what was read by the name given, and the line.
func (r *Report) Read(name string, in io.Reader) error {
	parser := influx.NewStreamParser(in)
	for {
		m, err := parser.Next()
		var syntax *influx.ParseError
		switch {
		case err == nil:
			r.add(m)
		case errors.Is(err, influx.EOF):
			return nil
		case errors.As(err, &syntax):
			return fmt.Errorf("%s is not line protocol: line %d, column %d", name, syntax.LineNumber, syntax.Column)
		default:
			return fmt.Errorf("reading %s: %w", name, err)
		}
	}
}

// add sorts a metric in by its shape, since the name can be set by users.
func (r *Report) add(m telegraf.Metric) {
	switch {
	case m.HasTag("group") && m.HasField("healthy"):
		r.addGroup(m)
	case isChange(m):
		r.changes = append(r.changes, newChange(m))
	case isGather(m):
		host := tagText(m, "host")
		if r.probers[host] == nil {
			r.probers[host] = &prober{Host: host}
		}
		r.probers[host].add(m)
	case isArrival(m):
		r.addArrival(m)
	case isFlow(m):
		r.addFlow(m)
	case m.HasTag("mailbox"): // smtpprobe_mailbox is no probe of a relay
	default:
		r.addProbe(m)
	}
}

// addProbe leaves out a probe that was cut short by its prober's end, which says
// nothing about the relay.
func (r *Report) addProbe(m telegraf.Metric) {
	result, ok := m.GetField("result")
	if !ok || !m.HasField("total_time") {
		return
	}
	class, err := smtperr.ParseClass(fmt.Sprint(result))
	if err != nil {
		class = smtperr.ClassUnknown // of a later version
	}
	if class == smtperr.ClassCanceled {
		return
	}
	id := identify(m)
	s := r.relays[id]
	if s == nil {
		s = newSeries(id)
		r.relays[id] = s
	}
	s.add(m, class)
	if r.from.IsZero() || m.Time().Before(r.from) {
		r.from = m.Time()
	}
	if m.Time().After(r.to) {
		r.to = m.Time()
	}
}

// sorted lists the relays by name, and has the probes of each in their order.
func (r *Report) sorted() []*series {
	all := slices.SortedFunc(maps.Values(r.relays), func(a, b *series) int {
		return cmp.Or(
			cmp.Compare(a.id.relay, b.id.relay), cmp.Compare(a.id.source, b.id.source), cmp.Compare(a.id.ip, b.id.ip),
			cmp.Compare(a.id.probe, b.id.probe), cmp.Compare(a.id.host, b.id.host),
		)
	})
	for _, s := range all {
		slices.SortStableFunc(s.probes, func(a, b probe) int { return a.at.Compare(b.at) })
	}
	return all
}
