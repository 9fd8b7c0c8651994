package mailflow

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

// Options configure a ledger.
type Options struct {
	Agent string // the name of this agent, a part of each flow's id
	Flows []FlowConfig
	// Section returns a section of the store. Each flow and each mailbox has its
	// own section. nil: the ledger is in memory only.
	Section func(name string) Section
	// Warn, if not nil, is called with a text about a section that cannot be read
	// and is ignored.
	Warn func(text string)
	Now  func() time.Time // nil: time.Now
}

// ErrHeld is returned by Begin and Ready if a flow has too many messages in flight.
var ErrHeld = errors.New("too many messages in flight")

// Ledger records the messages of its flows. Its methods may be called concurrently.
// They return errors of the store; the state in memory is correct nevertheless, and
// the next save includes it. Arrivals and Flows return only what is in the store,
// because a killed process forgets the rest, and the next one records it again.
type Ledger struct {
	now func() time.Time
	run string

	mu        sync.Mutex
	flows     []*flow // in the order of the configuration
	byID      map[string]*flow
	positions map[string]*position // by mailbox
}

// position is the position of the next scan of a mailbox.
type position struct {
	record
	value json.RawMessage
}

// Open reads the ledger and starts a new run.
func Open(o Options) *Ledger {
	l := &Ledger{now: o.Now, run: NewRun(), byID: make(map[string]*flow), positions: make(map[string]*position)}
	if l.now == nil {
		l.now = time.Now
	}
	section := func(name string) Section {
		if o.Section == nil {
			return nil
		}
		return o.Section(name)
	}
	warn := func(err error) {
		if err != nil && o.Warn != nil {
			o.Warn(err.Error())
		}
	}
	for _, c := range o.Flows {
		id := FlowID(o.Agent, c.Relay)
		f, err := newFlow(id, c, section("mailflow/"+id))
		warn(err)
		l.flows = append(l.flows, f)
		l.byID[id] = f
		for _, m := range c.Mailboxes {
			if l.positions[m] != nil {
				continue
			}
			p := &position{record: record{section: section("mailbox/" + m)}}
			warn(p.load(&p.value))
			l.positions[m] = p
		}
	}
	return l
}

// flow returns the flow of a relay, or nil.
func (l *Ledger) flow(relay string) *flow {
	for _, f := range l.flows {
		if f.config.Relay == relay {
			return f
		}
	}
	return nil
}

// flowsIn returns the flows whose messages end in a mailbox.
func (l *Ledger) flowsIn(mailbox string) []*flow {
	var found []*flow
	for _, f := range l.flows {
		if slices.Contains(f.config.Mailboxes, mailbox) {
			found = append(found, f)
		}
	}
	return found
}

func (f *flow) held() bool { return len(f.open) >= f.config.MaxInFlight }

// Begin issues the token of the next message of a relay and stores it with the
// state Sending before it returns. After an error the message must not be sent.
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
	l.mu.Unlock()

	if err := l.saveFlow(f); err != nil {
		l.mu.Lock()
		f.withdraw(e)
		l.mu.Unlock()
		return Token{}, err
	}
	return t, nil
}

// Sent records the outcome of sending the message of a token. The Message-ID id is
// for the point of a lost or bounced message.
func (l *Ledger) Sent(t Token, o Outcome, id string) error {
	f := l.byID[t.Flow]
	if f == nil {
		return nil
	}
	l.mu.Lock()
	// The message is no longer open if it has already arrived.
	if e := f.open[number{t.Run, t.Seq}]; e != nil && e.State == Sending {
		if o == Refused {
			f.withdraw(e)
		} else {
			e.State, e.Unknown, e.MessageID = InFlight, o == Unknown, messageID(id)
			f.Counters.Sent++
			f.changes++
		}
	}
	l.mu.Unlock()
	return l.saveFlow(f)
}

// Since returns the time from which a first scan of a mailbox reads messages: when
// the oldest message in flight was sent, or one deadline ago, if that is earlier.
func (l *Ledger) Since(mailbox string) time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	since := l.now()
	var deadline time.Duration
	for _, f := range l.flowsIn(mailbox) {
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

// FlowIDs returns the ids of the flows whose messages end in a mailbox.
func (l *Ledger) FlowIDs(mailbox string) []string {
	flows := l.flowsIn(mailbox)
	ids := make([]string, len(flows))
	for i, f := range flows {
		ids[i] = f.id
	}
	return ids
}

// Position returns the last position that Settle recorded for a mailbox, or nil.
func (l *Ledger) Position(mailbox string) []byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	if p := l.positions[mailbox]; p != nil {
		return slices.Clone([]byte(p.value))
	}
	return nil
}

// Save writes all changes that are not on disk yet. It stops at the first error,
// because each write to a disk that hangs would wait again.
func (l *Ledger) Save() error {
	for _, f := range l.flows {
		if err := l.saveFlow(f); err != nil {
			return err
		}
	}
	for m := range l.positions {
		if err := l.savePosition(m); err != nil {
			return err
		}
	}
	return nil
}

// Ready returns nil if a relay can send a message now. Else it returns ErrHeld, or
// the error of writing pending changes of its flow.
func (l *Ledger) Ready(relay string) error {
	f := l.flow(relay)
	if f == nil {
		return fmt.Errorf("relay %q is not followed", relay)
	}
	l.mu.Lock()
	held := f.held()
	l.mu.Unlock()
	if held {
		return ErrHeld
	}
	return l.saveFlow(f)
}

func (l *Ledger) saveFlow(f *flow) error {
	var s summary
	err := f.save(&l.mu, func() any {
		f.prune(l.now())
		s = f.summarize()
		return &f.flowDocument
	}, func() { f.stored = s })
	if err != nil {
		return fmt.Errorf("mail flow of relay %q: %w", f.config.Relay, err)
	}
	return nil
}

func (l *Ledger) savePosition(mailbox string) error {
	p := l.positions[mailbox]
	if err := p.save(&l.mu, func() any { return p.value }, func() {}); err != nil {
		return fmt.Errorf("position in mailbox %q: %w", mailbox, err)
	}
	return nil
}
