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

// Report collects the results of probes.
type Report struct {
	relays map[identity]*series
	groups map[string]*group

	changes  []change
	probers  map[string]*prober // by host
	flows    map[flowID]*flow
	messages []message

	from, to time.Time // of the first and the last probe
}

// New returns an empty report.
func New() *Report {
	return &Report{relays: make(map[identity]*series), groups: make(map[string]*group), probers: make(map[string]*prober), flows: make(map[flowID]*flow)}
}

// ErrNoProbes is the error of WriteHTML if the results contain no probe.
var ErrNoProbes = errors.New("no probe in the results: " +
	`expected line protocol, as smtpprobe --once or outputs.file with data_format = "influx" writes it`)

// Read adds the metrics of a stream of line protocol, up to its end. Errors contain
// the name of the stream, and the line if it is not line protocol.
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

// add adds a metric. It recognizes metrics by their tags and fields, since users can
// rename them.
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
	case m.HasTag("mailbox"): // smtpprobe_mailbox is not about a relay
	default:
		r.addProbe(m)
	}
}

// addProbe adds a probe, unless it was canceled: then it proves nothing about the
// relay.
func (r *Report) addProbe(m telegraf.Metric) {
	result, ok := m.GetField("result")
	if !ok || !m.HasField("total_time") {
		return
	}
	class, err := smtperr.ParseClass(fmt.Sprint(result))
	if err != nil {
		class = smtperr.ClassUnknown // a class of a later version
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

// sorted returns the targets, sorted by relay. It sorts the probes of each by time.
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
