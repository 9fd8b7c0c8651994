package mailflow

// State is where a message is. Each message ends in exactly one of the settled
// states; what happens after that is an event of its own: a duplicate, or a
// lost message that is found.
type State string

// The states.
const (
	Sending   State = "sending"   // the token is on disk, the relay's reply is not known
	InFlight  State = "in_flight" // accepted, or of unknown outcome
	Arrived   State = "arrived"
	Late      State = "late" // arrived, but not in time
	Lost      State = "lost" // not in any mailbox after the deadline
	Found     State = "found"
	Bounced   State = "bounced"
	Duplicate State = "duplicate"
)

// Settled reports whether the end of a message in this state is known.
func (s State) Settled() bool { return s != Sending && s != InFlight }

// Outcome is what a relay replied to a message.
type Outcome uint8

// The outcomes.
const (
	Refused  Outcome = iota // the message is still ours, and its number is used again
	Accepted                // a 2xx to the dot
	Unknown                 // the reply was lost: the message may arrive
)

// Counters count the messages of a flow since its state began. They never
// decrease.
type Counters struct {
	Sent      int64 `json:"sent,omitempty"`
	Arrived   int64 `json:"arrived,omitempty"` // in time
	Late      int64 `json:"late,omitempty"`
	Lost      int64 `json:"lost,omitempty"` // those that are found later included
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
