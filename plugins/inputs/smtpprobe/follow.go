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

// lookPause is the time between two looks of a command that waits for a message.
const lookPause = 2 * time.Second

// Following follows the message of one probe, for a command that waits for it.
// It remembers nothing, and leaves alone what a running agent has sent; where
// mailboxes are set to delete, it removes its own message.
type Following struct {
	tracker *tracker
	message *shipment
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
	// Another name than that of the agent: its messages are not ours.
	if err := p.tracker.open("check@"+host, p.parsedRelays, state.New(state.Options{})); err != nil {
		return nil, err
	}
	return &Following{tracker: p.tracker, message: p.tracker.ship(relay)}, nil
}

// Identify is for smtpprobe.Plan.
func (f *Following) Identify() (string, error) { return f.message.identify() }

// Sent records the result of the probe, and reports whether the message may
// arrive.
func (f *Following) Sent(r *smtpprobe.Result) bool {
	f.message.shipped(r)
	return f.tracker.opened().Flows()[f.index()].Counters.Sent > 0
}

func (f *Following) index() int {
	for i, flow := range f.tracker.opened().Flows() {
		if flow.Relay == f.message.relay {
			return i
		}
	}
	return 0
}

// Wait looks into the mailboxes until the message is there, or bounced, or the
// context ends. Without an arrival the error says which mailbox could not be
// read, if any.
func (f *Following) Wait(ctx context.Context) (*mailflow.Arrival, error) {
	defer f.tracker.close()
	for {
		failed := f.look(ctx)
		if arrivals := f.tracker.opened().Arrivals(); len(arrivals) > 0 {
			return &arrivals[0], nil
		}
		select {
		case <-ctx.Done():
			return nil, failed
		case <-time.After(lookPause):
		}
	}
}

// look looks into every mailbox once.
func (f *Following) look(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, f.tracker.timeout)
	defer cancel()
	failures := make([]error, len(f.tracker.boxes))
	var looks sync.WaitGroup
	for i, w := range f.tracker.boxes {
		looks.Go(func() {
			if r := w.look(ctx); r.Err != nil {
				failures[i] = fmt.Errorf("mailbox %q: %w", w.name, r.Err)
			}
		})
	}
	looks.Wait()
	return errors.Join(failures...)
}
