package mailbox

import (
	"time"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/mailflow"
)

// Visit receives the messages of a mailbox during one look.
type Visit struct {
	name   string
	reader *mailflow.Reader
	ledger Ledger
	now    func() time.Time

	left          int       // messages that may still be read
	until         time.Time // no further message is read after this; zero: no limit
	cut           bool
	ours, foreign int
	store         error

	seen []mailflow.Sighting // not settled yet
}

// Since returns the time from which the first look reads messages.
func (v *Visit) Since() time.Time { return v.ledger.Since(v.name) }

// Position returns the last position that was settled, possibly by an earlier
// process, or nil.
func (v *Visit) Position() []byte { return v.ledger.Position(v.name) }

// Left returns how many messages may still be read.
func (v *Visit) Left() int { return v.left }

// Ends reports whether the time of the look is nearly over; the next look then
// reads the rest.
func (v *Visit) Ends() bool { return !v.until.IsZero() && time.Now().After(v.until) }

// Cut notes that a message was left unread.
func (v *Visit) Cut() { v.cut = true }

// Header passes the header of a message. The next Settle settles it if it is
// Ours; if it is Undecided, the whole message must be passed to Report.
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

// Report passes a whole message that Header left undecided, and reports
// whether it is a report about one of our messages.
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

// Settle settles our messages since the last call in the ledger, and returns
// for each of them, in order, whether it may be deleted. A position that is
// not nil is written with them.
func (v *Visit) Settle(position []byte) []bool {
	deletable, err := v.ledger.See(v.name, v.seen, position)
	v.seen = nil
	if err != nil && v.store == nil {
		v.store = err
	}
	return deletable
}
