package mailbox

import (
	"context"
	"time"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/mailflow"
)

// MaxMessages is the maximum number of messages that one scan reads.
const MaxMessages = 500

// Mailbox is a place where messages arrive.
type Mailbox interface {
	// Source returns the host, or the path of a directory or a socket.
	Source() string
	// Scan passes to s the messages that arrived since the last scan, or since
	// s.Since in the first scan. If it does not read every message, it calls
	// s.SetIncomplete or returns an error.
	Scan(ctx context.Context, s *Scan) error
	// Close releases resources that outlive a scan.
	Close() error
}

// Ledger is the part of mailflow.Ledger that a scan needs.
type Ledger interface {
	// Since returns the time from which a first scan reads messages.
	Since(mailbox string) time.Time
	// Position returns the last position that Settle recorded, or nil.
	Position(mailbox string) []byte
	// Settle records messages and a position, and returns which messages may be
	// deleted.
	Settle(mailbox string, observed []mailflow.Observation, position []byte) (deletable []bool, err error)
	// Scanned records the end of a scan.
	Scanned(mailbox string, began time.Time, complete bool) error
}

// Watcher scans a mailbox.
type Watcher struct {
	Name    string // of the mailbox, in the ledger
	Mailbox Mailbox
	Reader  *mailflow.Reader
	Ledger  Ledger
	Now     func() time.Time // nil: time.Now
}

// Result is the result of a scan.
type Result struct {
	Began         time.Time
	Ours, Foreign int  // number of messages
	Complete      bool // every message was read
	Duration      time.Duration
	// Err is the error of the mailbox, an *smtperr.Error, or nil.
	Err error
	// Store is the first error of the ledger, or nil.
	Store error
}

// Open opens a mailbox that receives messages from relays. If it fails, the first
// scan tries again.
func (w *Watcher) Open() error {
	if sink, ok := w.Mailbox.(interface{ Open(s *Scan) error }); ok {
		return sink.Open(w.newScan())
	}
	return nil
}

func (w *Watcher) newScan() *Scan {
	s := &Scan{mailbox: w.Name, reader: w.Reader, ledger: w.Ledger, now: w.Now, remaining: MaxMessages}
	if s.now == nil {
		s.now = time.Now
	}
	return s
}

// Scan scans the mailbox until ctx ends. Calls must not overlap.
func (w *Watcher) Scan(ctx context.Context) Result {
	s := w.newScan()
	began, start := s.now(), time.Now()
	if deadline, ok := ctx.Deadline(); ok {
		s.until = start.Add(deadline.Sub(start) * 3 / 4)
	}
	err := w.Mailbox.Scan(ctx, s)
	complete := err == nil && s.store == nil && !s.incomplete
	if err := w.Ledger.Scanned(w.Name, began, complete); err != nil && s.store == nil {
		s.store = err
	}
	return Result{
		Began: began, Ours: s.ours, Foreign: s.foreign, Complete: complete,
		Duration: time.Since(start), Err: err, Store: s.store,
	}
}
