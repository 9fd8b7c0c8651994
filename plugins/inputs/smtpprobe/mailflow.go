package smtpprobe

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/influxdata/telegraf"
	"github.com/influxdata/telegraf/config"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/mailbox"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/mailflow"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/state"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// watched is one mailbox, ready to be looked into.
type watched struct {
	name    string
	box     mailbox.Mailbox
	access  *access  // of IMAP
	trusted []string // whose Authentication-Results are believed
	relays  []string // the flows that arrive here
	flow    mailflow.FlowConfig
	watcher *mailbox.Watcher // from the first gather on
	looking chan struct{}    // has one element while a look runs
}

// lookGrace is how much longer than its context a look may take.
const lookGrace = 500 * time.Millisecond

// look makes one look. A file system that hangs does not end with the context:
// then the look goes on by itself, and no other begins before it has ended.
func (w *watched) look(ctx context.Context) mailbox.Result {
	began := time.Now()
	select {
	case w.looking <- struct{}{}:
	default:
		return silent(began)
	}
	done := make(chan mailbox.Result, 1)
	go func() {
		defer func() { <-w.looking }()
		done <- w.watcher.Scan(ctx)
	}()
	end := context.AfterFunc(ctx, func() {
		time.AfterFunc(lookGrace, func() {
			select {
			case done <- silent(began):
			default: // it has ended
			}
		})
	})
	defer end()
	return <-done
}

// silent is the result of a look that does not end.
func silent(began time.Time) mailbox.Result {
	err := smtperr.New(smtperr.ClassReadTimeout, smtperr.ReasonNoReply, smtperr.PhaseMailbox, context.DeadlineExceeded)
	return mailbox.Result{Began: began, Duration: time.Since(began), Err: err}
}

// tracker follows the messages of relays to their mailboxes. A nil tracker
// follows none.
type tracker struct {
	boxes   []*watched
	key     *config.Secret
	timeout time.Duration
	warn    func(text string)

	mu     sync.Mutex
	signer mailflow.Key
	ledger *mailflow.Ledger // nil until it is opened
}

// parseMailboxes makes the tracker, or nothing where there is no mailbox.
func (p *SMTPProbe) parseMailboxes(parts *shared) error {
	if value, err := openIfAvailable("flow_key", p.FlowKey); err != nil {
		return err
	} else if value != "" {
		if _, err := mailflow.NewKey([]byte(value)); err != nil {
			return fmt.Errorf("invalid flow_key: %w", err)
		}
	}
	if len(p.Mailboxes) == 0 {
		return nil
	}
	if isEmpty(p.FlowKey) {
		return errors.New("flow_key is missing: a mailbox needs it")
	}
	t := &tracker{key: p.FlowKey, timeout: time.Duration(p.Timeout), warn: p.warn}
	for i, table := range p.Mailboxes {
		w, err := table.parse(p.parsedRelays, parts)
		if err != nil {
			return fmt.Errorf("%s: %w", table.label(i), err)
		}
		if slices.ContainsFunc(t.boxes, func(o *watched) bool { return o.name == w.name }) {
			return fmt.Errorf("duplicate mailbox name %q (the name of a mailbox without one is its URL)", w.name)
		}
		if box, ok := w.box.(*mailbox.IMAP); ok {
			box.Warn = func(text string) { t.warn(fmt.Sprintf("mailbox %q: %s", w.name, text)) }
		}
		t.boxes = append(t.boxes, w)
	}
	for _, r := range p.parsedRelays {
		if r.plan.From == "" && len(t.mailboxes(r.name)) > 0 {
			t.warn(fmt.Sprintf("relay %q: from is empty, so that bounces of its messages go nowhere and cannot be seen", r.name))
		}
	}
	p.tracker = t
	return nil
}

// mailboxes returns where the messages of a relay end.
func (t *tracker) mailboxes(relay string) []*watched {
	var found []*watched
	for _, w := range t.boxes {
		if slices.Contains(w.relays, relay) {
			found = append(found, w)
		}
	}
	return found
}

// open reads the ledger of an agent, once, and makes each mailbox ready.
func (t *tracker) open(agent string, relays []*relay, store *state.Store) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.ledger == nil {
		secret, err := open("flow_key", t.key)
		if err != nil {
			return err
		}
		if t.signer, err = mailflow.NewKey([]byte(secret)); err != nil {
			return fmt.Errorf("invalid flow_key: %w", err)
		}
		t.ledger = mailflow.Open(mailflow.Options{
			Agent: agent, Flows: t.flows(relays), Warn: t.warn,
			Section: func(name string) mailflow.Section { return store.Section(name) },
		})
		for _, w := range t.boxes {
			w.watcher = &mailbox.Watcher{
				Name: w.name, Mailbox: w.box, Ledger: t.ledger,
				Reader: mailflow.NewReader(t.signer, t.ledger.FlowIDs(w.name), w.trusted),
			}
		}
	}
	for _, w := range t.boxes {
		_ = w.watcher.Open() //nolint:errcheck // the look says what is wrong
	}
	return nil
}

// flows returns the flows that end in a mailbox. The first mailbox says when a
// message is late or lost.
func (t *tracker) flows(relays []*relay) []mailflow.FlowConfig {
	flows := make([]mailflow.FlowConfig, 0, len(relays))
	for _, r := range relays {
		boxes := t.mailboxes(r.name)
		if len(boxes) == 0 {
			continue
		}
		f := boxes[0].flow
		f.Relay = r.name
		for _, w := range boxes {
			f.Mailboxes = append(f.Mailboxes, w.name)
		}
		flows = append(flows, f)
	}
	return flows
}

// opened returns the ledger if it is open.
func (t *tracker) opened() *mailflow.Ledger {
	if t == nil {
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.ledger
}

// tracks reports whether the messages of a relay are followed.
func (t *tracker) tracks(relay string) bool { return t != nil && len(t.mailboxes(relay)) > 0 }

// holds reports whether a relay must not send now: too much of its mail is in
// flight, or the next message could not be recorded.
func (t *tracker) holds(relay string) bool {
	if !t.tracks(relay) {
		return false
	}
	ledger := t.opened()
	return ledger == nil || ledger.Ready(relay) != nil
}

// shipment is one message on its way to the relay.
type shipment struct {
	t     *tracker
	relay string

	token *mailflow.Token // once the message is in the ledger
}

// ship prepares the message of a probe, nil if it is not followed.
func (t *tracker) ship(relay string) *shipment {
	if !t.tracks(relay) || t.opened() == nil {
		return nil
	}
	return &shipment{t: t, relay: relay}
}

// identify records the message and returns its identity. The engine calls it
// right before MAIL.
func (s *shipment) identify() (string, error) {
	token, err := s.t.opened().Begin(s.relay)
	if err != nil {
		return "", err
	}
	s.token = &token
	return s.t.signer.Sign(token), nil
}

// shipped records what became of the message at the relay. The ledger keeps it
// even if it cannot be written now.
func (s *shipment) shipped(r *smtpprobe.Result) {
	if s == nil || s.token == nil {
		return
	}
	outcome := mailflow.Refused
	if e, ok := errors.AsType[*smtperr.Error](r.Err); r.MessageAccepted {
		outcome = mailflow.Accepted
	} else if ok && e.OutcomeUnknown {
		outcome = mailflow.Unknown
	}
	if err := s.t.opened().Sent(*s.token, outcome, r.MessageID); err != nil {
		s.t.warn(err.Error())
	}
}

// look begins the looks of a gather, and returns the function that ends them.
func (p *SMTPProbe) look(ctx context.Context, acc telegraf.Accumulator) (report func()) {
	if p.tracker == nil {
		return func() {}
	}
	host, err := os.Hostname()
	if err == nil {
		err = p.tracker.open(host, p.parsedRelays, p.memory())
	}
	if err != nil {
		return func() { p.tracker.misconfigured(acc, err) }
	}
	return p.tracker.look(ctx, acc)
}

// misconfigured reports mailboxes that cannot be looked into.
func (t *tracker) misconfigured(acc telegraf.Accumulator, err error) {
	r := mailbox.Result{Began: time.Now(), Err: smtperr.New(smtperr.ClassConfigError, "", smtperr.PhaseMailbox, err)}
	for _, w := range t.boxes {
		acc.AddMetric(mailboxPoint(w, &r))
	}
}

// look looks into every mailbox at a time, beside the probes, and returns a
// function that waits for the end and reports what there is.
func (t *tracker) look(ctx context.Context, acc telegraf.Accumulator) (report func()) {
	ctx, cancel := context.WithTimeout(ctx, t.timeout)
	results := make([]mailbox.Result, len(t.boxes))
	ledger := t.opened()
	var looks sync.WaitGroup
	looks.Go(func() {
		if err := ledger.Save(); err != nil { // what the last gather has emitted
			t.warn(err.Error())
		}
	})
	for i, w := range t.boxes {
		looks.Go(func() {
			results[i] = w.look(ctx)
			w.access.observe(&results[i])
		})
	}
	return func() {
		looks.Wait()
		stopped := errors.Is(context.Cause(ctx), context.Canceled)
		cancel()
		if stopped {
			return
		}
		t.report(acc, results)
	}
}

// close ends what waits for mail, and writes the ledger. The next gather opens
// both again.
func (t *tracker) close() {
	if t == nil {
		return
	}
	for _, w := range t.boxes {
		if err := w.box.Close(); err != nil {
			t.warn(fmt.Sprintf("mailbox %q: %s", w.name, err))
		}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.ledger == nil {
		return
	}
	if err := t.ledger.Save(); err != nil {
		t.warn(err.Error())
	}
	t.ledger = nil
}
