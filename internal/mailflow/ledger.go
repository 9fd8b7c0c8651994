package mailflow

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

// Store keeps the ledger over restarts. Save returns when the ledger is on disk.
type Store interface {
	Load() ([]byte, error) // nothing before the first Save
	Save(ledger []byte) error
}

// Options configure a ledger.
type Options struct {
	Agent string // the name of this agent, a part of each flow's id
	Flows []FlowConfig
	Store Store            // nil: the ledger lives as long as the process
	Now   func() time.Time // nil: time.Now
}

// ErrHeld is the error of Ledger.Begin if a flow has too many messages in
// flight.
var ErrHeld = errors.New("too many messages in flight")

// Ledger keeps every message of its flows until its end is known. Its methods
// may be called concurrently. They return the error of the store, if there is
// one; the ledger itself is then right, but not on disk.
type Ledger struct {
	now   func() time.Time
	store Store
	run   string

	mu        sync.Mutex
	doc       document
	flows     []*flow            // those that are configured, in their order
	changes   uint64             // counts the changes of doc
	emitted   int                // arrivals at the beginning of doc.Arrivals that were emitted
	times     map[int64]struct{} // of doc.Arrivals, each once
	positions map[string][]byte  // by mailbox, as they are in doc

	saving sync.Mutex
	saved  uint64 // the changes that are in the store
}

// document is what the store keeps.
type document struct {
	Version   int                        `json:"version"`
	Flows     map[string]*flow           `json:"flows,omitempty"`
	Positions map[string]json.RawMessage `json:"positions,omitempty"`
	Arrivals  []Arrival                  `json:"arrivals,omitempty"` // not known to be emitted
}

const documentVersion = 1

// Open reads the ledger and starts a new run. A ledger that cannot be read is
// an error; the caller decides whether to open without it.
func Open(o Options) (*Ledger, error) {
	l := &Ledger{now: o.Now, store: o.Store, run: NewRun(), times: map[int64]struct{}{}}
	if l.now == nil {
		l.now = time.Now
	}
	if l.store != nil {
		data, err := l.store.Load()
		if err != nil {
			return nil, fmt.Errorf("reading the mail flow ledger: %w", err)
		}
		if err := l.read(data); err != nil {
			return nil, err
		}
	}
	l.configure(o)
	return l, nil
}

func (l *Ledger) read(data []byte) error {
	if len(data) == 0 {
		return nil
	}
	if err := json.Unmarshal(data, &l.doc); err != nil {
		return fmt.Errorf("reading the mail flow ledger: %w", err)
	}
	if l.doc.Version != documentVersion {
		return fmt.Errorf("reading the mail flow ledger: version %d is not known", l.doc.Version)
	}
	return nil
}

func (l *Ledger) configure(o Options) {
	now := l.now()
	l.doc.Version = documentVersion
	if l.doc.Flows == nil {
		l.doc.Flows = map[string]*flow{}
	}
	if l.doc.Positions == nil {
		l.doc.Positions = map[string]json.RawMessage{}
	}
	for i := range o.Flows {
		c := o.Flows[i]
		id := FlowID(o.Agent, c.Relay)
		f := l.doc.Flows[id]
		if f == nil {
			f = &flow{}
			l.doc.Flows[id] = f
		}
		f.config, f.Relay, f.Used = &c, c.Relay, now
		l.flows = append(l.flows, f)
	}
	for id, f := range l.doc.Flows {
		if f == nil || f.config == nil && now.Sub(f.Used) > forgetFlow {
			delete(l.doc.Flows, id)
			continue
		}
		f.Entries = slices.DeleteFunc(f.Entries, func(e *entry) bool { return e == nil })
		f.resume()
		f.index(id)
	}
	for i := range l.doc.Arrivals {
		l.times[l.doc.Arrivals[i].Time.UnixNano()] = struct{}{}
	}
	l.changes++
}

// flow returns the flow of a relay.
func (l *Ledger) flow(relay string) *flow {
	for _, f := range l.flows {
		if f.Relay == relay {
			return f
		}
	}
	return nil
}

// Follows reports whether the messages of a relay are followed.
func (l *Ledger) Follows(relay string) bool { return l.flow(relay) != nil }

// Held reports whether the flow of a relay sends no more for now.
func (l *Ledger) Held(relay string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	f := l.flow(relay)
	return f != nil && f.held()
}

func (f *flow) held() bool { return len(f.open) >= f.config.MaxInFlight }

// Begin issues the token of the next message of a relay and has it on disk, as
// *sending*, when it returns. After an error the message must not be sent.
func (l *Ledger) Begin(relay string) (Token, error) {
	l.mu.Lock()
	f := l.flow(relay)
	if f == nil {
		l.mu.Unlock()
		return Token{}, fmt.Errorf("relay %q is not followed", relay)
	}
	if f.held() {
		l.mu.Unlock()
		return Token{}, ErrHeld
	}
	e := f.begin(l.run, l.now())
	t := Token{Flow: f.id, Run: e.Run, Seq: e.Seq, Sent: e.sent()}
	l.changes++
	l.mu.Unlock()

	if err := l.Save(); err != nil {
		l.mu.Lock()
		f.withdraw(e)
		l.changes++
		l.mu.Unlock()
		return Token{}, err
	}
	return t, nil
}

// Sent records what the relay replied to the message of a token.
func (l *Ledger) Sent(t Token, o Outcome) error {
	l.mu.Lock()
	f := l.doc.Flows[t.Flow]
	if f != nil {
		// A message that has arrived meanwhile is no longer open.
		if e := f.open[number{t.Run, t.Seq}]; e != nil && e.State == Sending {
			if o == Refused {
				f.withdraw(e)
			} else {
				e.State, e.Unknown = InFlight, o == Unknown
				f.Counters.Sent++
			}
			l.changes++
		}
	}
	l.mu.Unlock()
	return l.Save()
}

// Since returns when a first look into a mailbox begins: with the oldest
// message in flight, or a deadline ago.
func (l *Ledger) Since(mailbox string) time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	since := l.now()
	var deadline time.Duration
	for _, f := range l.flows {
		if !slices.Contains(f.config.Mailboxes, mailbox) {
			continue
		}
		deadline = max(deadline, f.config.Deadline)
		if t, found := f.oldest(); found && t.Before(since) {
			since = t
		}
	}
	if t := l.now().Add(-deadline); t.Before(since) {
		since = t
	}
	return since
}

// FlowIDs returns the ids of the flows that end in a mailbox.
func (l *Ledger) FlowIDs(mailbox string) []string {
	var ids []string
	for _, f := range l.flows {
		if slices.Contains(f.config.Mailboxes, mailbox) {
			ids = append(ids, f.id)
		}
	}
	return ids
}

// Position returns what See was given last for a mailbox, nil at first.
func (l *Ledger) Position(mailbox string) []byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone([]byte(l.doc.Positions[mailbox]))
}

// Save writes the ledger to the store unless it is there. Calls at the same
// time share one write.
func (l *Ledger) Save() error {
	if l.store == nil {
		return nil
	}
	l.mu.Lock()
	wanted := l.changes
	l.mu.Unlock()

	l.saving.Lock()
	defer l.saving.Unlock()
	if l.saved >= wanted {
		return nil
	}
	l.mu.Lock()
	now := l.now()
	for _, f := range l.flows {
		f.prune(now)
	}
	wanted = l.changes
	data, err := json.Marshal(&l.doc)
	l.mu.Unlock()
	if err == nil {
		err = l.store.Save(data)
	}
	if err != nil {
		return fmt.Errorf("writing the mail flow ledger: %w", err)
	}
	l.saved = wanted
	return nil
}
