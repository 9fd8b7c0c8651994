package smtpprobe

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/mailflow"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/state"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe"
)

// scanPause is the time between two scans of Wait.
const scanPause = 2 * time.Second

// Following follows the message of one probe to a mailbox, for a command that waits
// for it. It stores no state and ignores the messages of a running agent. From a
// mailbox with the setting delete it deletes only its own message.
type Following struct {
	tracker *tracker
	message *trackedMessage
}

// Follow prepares to follow one message of a relay to the mailboxes of the
// configuration. Init must have been called.
func (p *SMTPProbe) Follow(relay string) (*Following, error) {
	if !p.tracker.tracks(relay) {
		return nil, fmt.Errorf("relay %q: no mailbox waits for its messages", relay)
	}
	host, err := os.Hostname()
	if err != nil {
		return nil, fmt.Errorf("the name of this host is not known: %w", err)
	}
	// The name differs from that of the agent, whose messages are ignored.
	if err := p.tracker.open("check@"+host, p.parsedRelays, state.New(state.Options{})); err != nil {
		return nil, err
	}
	return &Following{tracker: p.tracker, message: p.tracker.message(relay)}, nil
}

// Identify implements Identify of smtpprobe.Plan.
func (f *Following) Identify() (string, error) { return f.message.identify() }

// Sent records the result of the probe. It reports whether the relay may have
// accepted the message.
func (f *Following) Sent(r *smtpprobe.Result) bool {
	f.message.sent(r)
	return f.tracker.opened().Flows()[f.index()].Counters.Sent > 0
}

// index returns the index of the flow of the message.
func (f *Following) index() int {
	for i, flow := range f.tracker.opened().Flows() {
		if flow.Relay == f.message.relay {
			return i
		}
	}
	return 0
}

// Wait scans the mailboxes until the message has arrived or bounced, or the
// context ends. In the latter case the arrival is nil, and the error names the
// mailboxes that could not be read in the last scan, if any.
func (f *Following) Wait(ctx context.Context) (*mailflow.Arrival, error) {
	defer f.tracker.close()
	for {
		failed := f.scan(ctx)
		if arrivals := f.tracker.opened().Arrivals(); len(arrivals) > 0 {
			return &arrivals[0], nil
		}
		select {
		case <-ctx.Done():
			return nil, failed
		case <-time.After(scanPause):
		}
	}
}

// scan scans every mailbox once.
func (f *Following) scan(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, f.tracker.timeout)
	defer cancel()
	failures := make([]error, len(f.tracker.boxes))
	var scans sync.WaitGroup
	for i, w := range f.tracker.boxes {
		scans.Go(func() {
			if r := w.scan(ctx); r.Err != nil {
				failures[i] = fmt.Errorf("mailbox %q: %w", w.name, r.Err)
			}
		})
	}
	scans.Wait()
	return errors.Join(failures...)
}
