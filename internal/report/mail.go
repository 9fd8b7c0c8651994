package report

import (
	"cmp"
	"maps"
	"slices"

	"github.com/influxdata/telegraf"
)

// mailStates lists the final states of a message. Each has the color of a reply with
// this first digit.
var mailStates = []struct {
	name  string
	reply int
}{{"arrived", 2}, {"late", 4}, {"lost", 5}, {"found", 4}, {"bounced", 5}, {"duplicate", 4}}

// flowID identifies the messages through a relay to a mailbox.
type flowID struct{ relay, mailbox string }

// flow counts the messages through a relay to a mailbox.
type flow struct {
	states   map[string]int
	junk     int       // messages in the junk folder
	delays   []float32 // seconds
	inFlight int64
	oldest   float32 // age of the oldest message in flight, seconds
	updated  event   // when inFlight and oldest were measured
}

// message is a row of the table of problem messages: late, lost, bounced, or in
// the junk folder.
type message struct {
	event
	Relay, Mailbox, State, Folder, ID, Error string
	Delay                                    float32
}

func isArrival(m telegraf.Metric) bool { return m.HasTag("state") && m.HasTag("mailbox") }
func isFlow(m telegraf.Metric) bool    { return m.HasField("in_flight") && m.HasTag("mailbox") }

func (r *Report) flow(m telegraf.Metric) *flow {
	id := flowID{tagText(m, "relay"), tagText(m, "mailbox")}
	f := r.flows[id]
	if f == nil {
		f = &flow{states: make(map[string]int)}
		r.flows[id] = f
	}
	return f
}

func (r *Report) addArrival(m telegraf.Metric) {
	f, state, folder := r.flow(m), tagText(m, "state"), tagText(m, "folder")
	f.states[state]++
	if folder == "junk" {
		f.junk++
	}
	if m.HasField("delay") {
		f.delays = append(f.delays, seconds(m, "delay"))
	}
	if state != "arrived" || folder == "junk" {
		r.messages = append(r.messages, message{
			event{m.Time()}, tagText(m, "relay"), tagText(m, "mailbox"), state, folder, text(m, "message_id"), text(m, "error"), seconds(m, "delay"),
		})
	}
}

func (r *Report) addFlow(m telegraf.Metric) {
	if f := r.flow(m); !m.Time().Before(f.updated.At) {
		f.updated, f.inFlight, f.oldest = event{m.Time()}, count(m, "in_flight"), float32(min(float64(count(m, "oldest_age")), maxSeconds))
		if age := seconds(m, "oldest_age"); age > 0 {
			f.oldest = age
		}
	}
}

// flowView is a row of the table of mail flows.
type flowView struct {
	Relay, Mailbox string
	States         []stateCount
	Junk           int
	Median, P95    float32
	Delays         int
	InFlight       int64
	Oldest         float32
}

type stateCount struct {
	State string
	Count int
}

func (r *Report) flowViews() []flowView {
	ids := slices.SortedFunc(maps.Keys(r.flows), func(a, b flowID) int {
		return cmp.Or(cmp.Compare(a.relay, b.relay), cmp.Compare(a.mailbox, b.mailbox))
	})
	views := make([]flowView, 0, len(ids))
	for _, id := range ids {
		f := r.flows[id]
		slices.Sort(f.delays)
		v := flowView{
			Relay: id.relay, Mailbox: id.mailbox, Junk: f.junk, InFlight: f.inFlight, Oldest: f.oldest,
			Median: quantile(f.delays, 0.5), P95: quantile(f.delays, 0.95), Delays: len(f.delays),
		}
		for _, state := range mailStates {
			if n := f.states[state.name]; n > 0 {
				v.States = append(v.States, stateCount{state.name, n})
			}
		}
		views = append(views, v)
	}
	return views
}
