package mailbox

import (
	"time"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/mailflow"
)

// Scan is one scan of a mailbox. A Mailbox passes its messages to it.
type Scan struct {
	mailbox string
	reader  *mailflow.Reader
	ledger  Ledger
	now     func() time.Time

	remaining     int       // messages that may still be read
	until         time.Time // when to stop reading; zero: no limit
	incomplete    bool
	ours, foreign int
	store         error // the first error of the ledger

	observed []mailflow.Observation // since the last Settle
}

// Since returns the time from which the first scan reads messages.
func (s *Scan) Since() time.Time { return s.ledger.Since(s.mailbox) }

// Position returns the position where the last scan ended, or nil. It survives a
// restart.
func (s *Scan) Position() []byte { return s.ledger.Position(s.mailbox) }

// Remaining returns how many messages the scan may still read.
func (s *Scan) Remaining() int { return s.remaining }

// TimeUp reports whether the scan should stop reading, because little time is left.
func (s *Scan) TimeUp() bool { return !s.until.IsZero() && time.Now().After(s.until) }

// SetIncomplete records that a message was not read, so that no message is lost
// because of this scan.
func (s *Scan) SetIncomplete() { s.incomplete = true }

// Header classifies a message by its header. If the result is PossibleReport, the
// caller must pass the message to Report.
func (s *Scan) Header(header []byte, o mailflow.Origin) mailflow.Kind {
	s.remaining--
	o.Seen = s.now()
	observation, kind := s.reader.Header(header, o)
	switch kind {
	case mailflow.Ours:
		s.add(observation)
	case mailflow.Foreign:
		s.foreign++
	}
	return kind
}

// Report reads a message that Header classified as PossibleReport, and reports
// whether it is a report about a test message.
func (s *Scan) Report(message []byte, o mailflow.Origin) bool {
	o.Seen = s.now()
	observation, ok := s.reader.Report(message, o)
	if ok {
		s.add(observation)
	} else {
		s.foreign++
	}
	return ok
}

func (s *Scan) add(o mailflow.Observation) {
	s.ours++
	s.observed = append(s.observed, o)
}

// Settle records in the ledger the messages since the last call, and a position
// that is not nil. It returns for each of the messages, in order, whether it may be
// deleted.
func (s *Scan) Settle(position []byte) []bool {
	deletable, err := s.ledger.Settle(s.mailbox, s.observed, position)
	s.observed = nil
	if err != nil && s.store == nil {
		s.store = err
	}
	return deletable
}
