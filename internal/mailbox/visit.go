package mailbox

import (
	"time"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/mailflow"
)

// Visit is what a mailbox shows its messages to during one look.
type Visit struct {
	name   string
	reader *mailflow.Reader
	ledger Ledger
	now    func() time.Time

	left          int       // messages that may still be read
	until         time.Time // no more is begun after this; zero: no limit
	cut           bool
	ours, foreign int
	store         error

	seen []mailflow.Sighting // not settled yet
}

// Since returns when the first look begins.
func (v *Visit) Since() time.Time { return v.ledger.Since(v.name) }

// Position returns what Settle was given last, maybe by another process, nil at
// first.
func (v *Visit) Position() []byte { return v.ledger.Position(v.name) }

// Left returns how many messages may still be read.
func (v *Visit) Left() int { return v.left }

// Ends reports whether the time of the look is nearly over, so that what is left
// is for the next one.
func (v *Visit) Ends() bool { return !v.until.IsZero() && time.Now().After(v.until) }

// Cut notes that a message was left unread.
func (v *Visit) Cut() { v.cut = true }

// Header shows a message by its header. Ours will be among those that Settle
// settles next; what is Undecided is to be shown to Report as a whole.
func (v *Visit) Header(header []byte, o mailflow.Origin) mailflow.Kind {
	v.left--
	o.Seen = v.now()
	s, kind := v.reader.Header(header, o)
	switch kind {
	case mailflow.Ours:
		v.ours++
		v.seen = append(v.seen, s)
	case mailflow.Foreign:
		v.foreign++
	}
	return kind
}

// Report shows a whole message that Header left undecided, and reports whether
// it is a report about a message of ours.
func (v *Visit) Report(message []byte, o mailflow.Origin) bool {
	o.Seen = v.now()
	s, ok := v.reader.Report(message, o)
	if !ok {
		v.foreign++
		return false
	}
	v.ours++
	v.seen = append(v.seen, s)
	return true
}

// Settle settles in the ledger what is Ours and was shown since the last call,
// and returns which of these, in order, may be deleted. A position, if it is
// not nil, is written with it.
func (v *Visit) Settle(position []byte) []bool {
	deletable, err := v.ledger.See(v.name, v.seen, position)
	v.seen = nil
	if err != nil && v.store == nil {
		v.store = err
	}
	return deletable
}
