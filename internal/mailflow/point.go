package mailflow

import (
	"slices"
	"time"
)

// Arrival is a point of smtpprobe_arrival: the final state of a message.
type Arrival struct {
	Relay   string    `json:"relay"`
	Mailbox string    `json:"mailbox"`
	State   State     `json:"state"`
	Folder  Folder    `json:"folder"`
	Time    time.Time `json:"time"` // when the message was settled; see flow.pointTime

	Delay  time.Duration `json:"delay,omitempty"` // zero for a lost message
	Path   *Path         `json:"path,omitempty"`  // nil for a message that did not arrive
	Checks Checks        `json:"checks"`
	// Sent and Hops are not fields of the point and do not survive a restart.
	Sent      time.Time `json:"-"`
	Hops      []Hop     `json:"-"`
	MessageID string    `json:"message_id,omitempty"`
	Bounce    *Bounce   `json:"bounce,omitempty"`
	// OutcomeUnknown reports whether the relay's reply to a lost message is unknown.
	OutcomeUnknown bool `json:"outcome_unknown,omitempty"`
}

// Bounce is the classified failure in a delivery status notification.
type Bounce struct {
	Class        string `json:"class"`
	Reason       string `json:"reason"`
	Code         int    `json:"code,omitempty"` // 0 if the notification has none
	EnhancedCode string `json:"enhanced_code,omitempty"`
	Error        string `json:"error"` // one line, escaped
}

// Flow is a point of smtpprobe_flow: the state of the flow of a relay.
type Flow struct {
	Relay, Mailbox string
	InFlight       int
	OldestAge      time.Duration // age of the oldest message in flight, or 0
	Held           bool          // too many messages are in flight
	// SinceArrival is the time since the last arrival, negative if no message has
	// arrived.
	SinceArrival time.Duration
	Counters     Counters
}

// Arrivals returns the points in the store that were not emitted yet. The next call
// removes them; after a restart before that, they are returned again, unchanged.
func (l *Ledger) Arrivals() []Arrival {
	l.mu.Lock()
	defer l.mu.Unlock()
	var all []Arrival
	for _, f := range l.flows {
		if f.emitted > 0 {
			for i := range f.Arrivals[:f.emitted] {
				delete(f.times, f.Arrivals[i].Time.UnixNano())
			}
			f.Arrivals = slices.Delete(f.Arrivals, 0, f.emitted)
			f.removed += f.emitted
			f.changes++
		}
		f.emitted = f.stored.arrivals - f.removed
		all = append(all, f.Arrivals[:f.emitted]...)
	}
	return all
}

// Flows returns the state of each flow in the store, in the order of the
// configuration. Held is the state in memory, which decides whether to send.
func (l *Ledger) Flows() []Flow {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	points := make([]Flow, 0, len(l.flows))
	for _, f := range l.flows {
		s := &f.stored
		p := Flow{Relay: f.config.Relay, InFlight: s.inFlight, Held: f.held(), SinceArrival: -1, Counters: s.counters}
		if len(f.config.Mailboxes) > 0 {
			p.Mailbox = f.config.Mailboxes[0]
		}
		if s.inFlight > 0 {
			p.OldestAge = max(0, now.Sub(s.oldest))
		}
		if s.lastArrival != 0 {
			p.SinceArrival = max(0, now.Sub(time.UnixMilli(s.lastArrival)))
		}
		points = append(points, p)
	}
	return points
}
