package mailflow

import (
	"fmt"
	"slices"
	"time"
)

// FlowConfig is the configuration of the flow of one relay.
type FlowConfig struct {
	Relay       string
	Mailboxes   []string      // that receive its messages and bounces; the metrics contain the first
	Deadline    time.Duration // a message that has not arrived after this time is lost
	Late        time.Duration // a message that arrives after this time is late
	MaxInFlight int           // maximum number of messages in flight
}

// Limits for settled messages, which are kept to detect duplicates.
const (
	keepSettled  = 12 * time.Hour
	keepLost     = 7 * 24 * time.Hour // a lost message may still arrive
	maxSettled   = 5000               // per flow
	maxCopies    = 16                 // copies of one message that are counted
	maxUnemitted = 2000               // points per flow
)

// entry is a message in the ledger.
type entry struct {
	Run     string   `json:"run"`
	Seq     uint64   `json:"seq"`
	Sent    int64    `json:"sent"` // Unix milliseconds
	State   State    `json:"state"`
	Settled int64    `json:"settled,omitempty"` // Unix milliseconds
	Unknown bool     `json:"unknown,omitempty"` // the outcome of sending is unknown
	Copies  []string `json:"stamps,omitempty"`  // ids of the copies that arrived
	Reports []string `json:"reports,omitempty"` // copy ids of the reports that arrived
	// MessageID is kept until the message is settled, for the points of lost and
	// bounced messages.
	MessageID string `json:"message_id,omitempty"`

	begun time.Time // Sent with the monotonic clock; zero after a restart
}

// sent returns when the message was sent. Within one process a step of the
// system clock does not change the age of a message.
func (e *entry) sent() time.Time {
	if !e.begun.IsZero() {
		return e.begun
	}
	return time.UnixMilli(e.Sent)
}

func (e *entry) expired(now time.Time) bool {
	keep := keepSettled
	if e.State == Lost {
		keep = keepLost
	}
	return e.State.Settled() && now.Sub(time.UnixMilli(e.Settled)) > keep
}

// number identifies a message of a flow.
type number struct {
	run string
	seq uint64
}

// flow is the state of one flow in the ledger.
type flow struct {
	record
	flowDocument

	id       string
	config   FlowConfig
	open     map[number]*entry
	settled  map[number]*entry
	next     uint64
	free     []uint64             // sequence numbers of refused messages
	complete map[string]time.Time // start of the last complete scan, by mailbox
	stored   summary              // of the last document in the store
	emitted  int                  // number of Arrivals, from the first on, that were emitted
	removed  int                  // number of emitted Arrivals that were removed
	times    map[int64]struct{}   // times of Arrivals, in Unix nanoseconds
}

// summary is what the points of a flow report.
type summary struct {
	counters    Counters
	lastArrival int64     // Unix milliseconds, or 0
	inFlight    int       // number of messages
	oldest      time.Time // when the oldest of them was sent
	arrivals    int       // number of Arrivals, including removed ones
}

func (f *flow) summarize() summary {
	s := summary{counters: f.Counters, lastArrival: f.LastArrival, arrivals: f.removed + len(f.Arrivals)}
	for _, e := range f.open {
		if e.State != InFlight {
			continue
		}
		if sent := e.sent(); s.inFlight == 0 || sent.Before(s.oldest) {
			s.oldest = sent
		}
		s.inFlight++
	}
	return s
}

// flowDocument is the stored form of a flow.
type flowDocument struct {
	Version     int       `json:"version"`
	Counters    Counters  `json:"counters"`
	LastArrival int64     `json:"last_arrival,omitempty"` // Unix milliseconds
	Entries     []*entry  `json:"entries,omitempty"`      // in the order of sending
	Arrivals    []Arrival `json:"arrivals,omitempty"`     // possibly not emitted yet
}

const flowVersion = 1

// newFlow reads a flow from its section. After an error the flow is empty.
func newFlow(id string, c FlowConfig, s Section) (*flow, error) {
	f := &flow{id: id, config: c, next: 1}
	f.section = s
	err := f.load(&f.flowDocument)
	if err == nil && f.Version > flowVersion {
		err = fmt.Errorf("unknown version %d", f.Version)
	}
	if err != nil {
		f.flowDocument = flowDocument{}
		err = fmt.Errorf("mail flow of relay %q: %w; mail in flight is forgotten", c.Relay, err)
	}
	f.Version = flowVersion
	f.Entries = slices.DeleteFunc(f.Entries, func(e *entry) bool { return e == nil })
	f.index()
	return f, err
}

// index initializes a flow that was read. The process that was sending its messages
// has ended, so the outcome of these messages is unknown.
func (f *flow) index() {
	f.open, f.settled = make(map[number]*entry), make(map[number]*entry)
	f.complete, f.times = make(map[string]time.Time), make(map[int64]struct{})
	for _, e := range f.Entries {
		if e.State == Sending {
			e.State, e.Unknown = InFlight, true
			f.Counters.Sent++
			f.changes++
		}
		f.put(e)
	}
	for i := range f.Arrivals {
		f.times[f.Arrivals[i].Time.UnixNano()] = struct{}{}
	}
	// Until the first save, another restart yields the same summary.
	f.stored = f.summarize()
}

func (f *flow) put(e *entry) {
	if e.State.Settled() {
		f.settled[number{e.Run, e.Seq}] = e
	} else {
		f.open[number{e.Run, e.Seq}] = e
	}
}

// begin adds a new message.
func (f *flow) begin(run string, now time.Time) *entry {
	e := &entry{Run: run, Sent: now.UnixMilli(), State: Sending, begun: now}
	if len(f.free) > 0 {
		e.Seq, f.free = f.free[0], f.free[1:]
	} else {
		e.Seq = f.next
		f.next++
	}
	f.Entries = append(f.Entries, e)
	f.put(e)
	f.changes++
	return e
}

// withdraw removes a message that was not sent; its number is used again.
func (f *flow) withdraw(e *entry) {
	delete(f.open, number{e.Run, e.Seq})
	if i := slices.Index(f.Entries, e); i >= 0 {
		f.Entries = slices.Delete(f.Entries, i, i+1)
	}
	f.free = append(f.free, e.Seq)
	slices.Sort(f.free)
	f.changes++
}

// settle sets the final state of a message. A later state replaces lost and
// bounced.
func (f *flow) settle(e *entry, s State, now time.Time) {
	if e.State == Sending { // delivered before the relay's reply was read
		f.Counters.Sent++
	}
	delete(f.open, number{e.Run, e.Seq})
	e.State, e.Settled, e.MessageID = s, now.UnixMilli(), ""
	f.put(e)
}

// prune removes old settled messages, and the oldest if there are too many.
func (f *flow) prune(now time.Time) {
	surplus := len(f.settled) - maxSettled
	f.Entries = slices.DeleteFunc(f.Entries, func(e *entry) bool {
		if !e.State.Settled() || surplus <= 0 && !e.expired(now) {
			return false
		}
		surplus--
		delete(f.settled, number{e.Run, e.Seq})
		return true
	})
}

// oldest returns when the oldest message in flight was sent.
func (f *flow) oldest() (t time.Time, found bool) {
	for _, e := range f.Entries {
		if sent := e.sent(); !e.State.Settled() && (!found || sent.Before(t)) {
			t, found = sent, true
		}
	}
	return t, found
}

// scannedAfter reports whether the last complete scan of each mailbox began after
// t.
func (f *flow) scannedAfter(t time.Time) bool {
	for _, m := range f.config.Mailboxes {
		if !f.complete[m].After(t) {
			return false
		}
	}
	return len(f.config.Mailboxes) > 0
}
