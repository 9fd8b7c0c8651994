package mailbox

import (
	"context"
	"time"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/mailflow"
)

// MaxMessages is the most messages that one look reads.
const MaxMessages = 500

// Mailbox is a place where messages arrive.
type Mailbox interface {
	// Source names the place: a host, or the path of a directory or a socket.
	Source() string
	// Look passes v the messages that arrived since the last look, or since
	// v.Since in the first. The look is complete if it returns no error and
	// every message was read; v records whether it cut the look short.
	Look(ctx context.Context, v *Visit) error
	// Close releases what a look keeps open.
	Close() error
}

// Ledger is the part of a mailflow.Ledger that a look needs.
type Ledger interface {
	// Since returns the time from which on messages may have arrived.
	Since(mailbox string) time.Time
	// Position returns what See was given last, nil at first.
	Position(mailbox string) []byte
	// See settles what was seen, and reports which messages may be deleted.
	See(mailbox string, seen []mailflow.Sighting, position []byte) (deletable []bool, err error)
	// Looked ends a look that began at that time.
	Looked(mailbox string, began time.Time, complete bool) error
}

// Watcher looks into one mailbox.
type Watcher struct {
	Name    string // of the mailbox, in the ledger
	Mailbox Mailbox
	Reader  *mailflow.Reader
	Ledger  Ledger
	Now     func() time.Time // nil: time.Now
}

// Result is the outcome of one look.
type Result struct {
	Began         time.Time
	Ours, Foreign int  // messages read in this look
	Complete      bool // every message was read
	Duration      time.Duration
	// Err is why the look failed, an *smtperr.Error, or nil.
	Err error
	// Store is why the ledger could not be written, or nil.
	Store error
}

// Open prepares a mailbox that messages are delivered to. Otherwise the first
// look does so.
func (w *Watcher) Open() error {
	if sink, ok := w.Mailbox.(interface{ Open(v *Visit) error }); ok {
		return sink.Open(w.visit())
	}
	return nil
}

func (w *Watcher) visit() *Visit {
	v := &Visit{name: w.Name, reader: w.Reader, ledger: w.Ledger, now: w.Now, left: MaxMessages}
	if v.now == nil {
		v.now = time.Now
	}
	return v
}

// Look makes one look, which ends with ctx at the latest. Calls must not overlap.
func (w *Watcher) Look(ctx context.Context) Result {
	v := w.visit()
	began, start := v.now(), time.Now()
	if deadline, ok := ctx.Deadline(); ok {
		v.until = start.Add(deadline.Sub(start) * 3 / 4)
	}
	err := w.Mailbox.Look(ctx, v)
	complete := err == nil && v.store == nil && !v.cut
	if err := w.Ledger.Looked(w.Name, began, complete); err != nil && v.store == nil {
		v.store = err
	}
	return Result{
		Began: began, Ours: v.ours, Foreign: v.foreign, Complete: complete,
		Duration: time.Since(start), Err: err, Store: v.store,
	}
}
