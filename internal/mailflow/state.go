package mailflow

// State is the state of a message, or an event after it was settled: a duplicate
// arrives, or a lost message is found.
type State string

// The states.
const (
	Sending   State = "sending"   // the relay has not replied to the message yet
	InFlight  State = "in_flight" // accepted, or the reply is unknown
	Arrived   State = "arrived"
	Late      State = "late" // arrived late
	Lost      State = "lost" // in no mailbox after the deadline
	Found     State = "found"
	Bounced   State = "bounced"
	Duplicate State = "duplicate"
)

// Settled reports whether the state is final.
func (s State) Settled() bool { return s != Sending && s != InFlight }

// Outcome is the result of sending a message to a relay.
type Outcome uint8

// The outcomes.
const (
	Refused  Outcome = iota // the relay did not accept it; the number is used again
	Accepted                // a 2xx after the final dot
	Unknown                 // the reply was lost: the message may arrive
)

// Counters count the messages of a flow since its state began. They never
// decrease.
type Counters struct {
	Sent      int64 `json:"sent,omitempty"`
	Arrived   int64 `json:"arrived,omitempty"` // in time
	Late      int64 `json:"late,omitempty"`
	Lost      int64 `json:"lost,omitempty"` // including those found later
	Found     int64 `json:"found,omitempty"`
	Duplicate int64 `json:"duplicate,omitempty"`
	Bounced   int64 `json:"bounced,omitempty"`
	Delayed   int64 `json:"delayed,omitempty"` // reports that a message is delayed
}

func (c *Counters) count(s State) {
	switch s {
	case Arrived:
		c.Arrived++
	case Late:
		c.Late++
	case Lost:
		c.Lost++
	case Found:
		c.Found++
	case Duplicate:
		c.Duplicate++
	case Bounced:
		c.Bounced++
	}
}
