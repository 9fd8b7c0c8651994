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

// watched is a mailbox of the configuration.
type watched struct {
	name     string
	box      mailbox.Mailbox
	access   *access  // nil: not IMAP
	trusted  []string // authserv-ids of trusted Authentication-Results fields
	relays   []string // names of the relays whose messages arrive here
	flow     mailflow.FlowConfig
	watcher  *mailbox.Watcher // set by tracker.open
	scanning chan struct{}    // has one element during a scan
}

// scanGrace is the time that a scan may take after the end of its context.
const scanGrace = 500 * time.Millisecond

// scan scans the mailbox once. If the file system hangs, scan returns soon after the
// context ends, and further scans fail at once until the file system responds.
func (w *watched) scan(ctx context.Context) mailbox.Result {
	began := time.Now()
	select {
	case w.scanning <- struct{}{}:
	default:
		return timedOut(began)
	}
	done := make(chan mailbox.Result, 1)
	go func() {
		defer func() { <-w.scanning }()
		done <- w.watcher.Scan(ctx)
	}()
	end := context.AfterFunc(ctx, func() {
		time.AfterFunc(scanGrace, func() {
			select {
			case done <- timedOut(began):
			default: // the scan has ended
			}
		})
	})
	defer end()
	return <-done
}

// timedOut returns the result of a scan that does not end.
func timedOut(began time.Time) mailbox.Result {
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
	ledger *mailflow.Ledger // nil: not open
}

// parseMailboxes sets the tracker if there are mailboxes.
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

// mailboxes returns the mailboxes where the messages of a relay arrive.
func (t *tracker) mailboxes(relay string) []*watched {
	var found []*watched
	for _, w := range t.boxes {
		if slices.Contains(w.relays, relay) {
			found = append(found, w)
		}
	}
	return found
}

// open opens the ledger of an agent, unless it is open, and the mailboxes.
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
		_ = w.watcher.Open() //nolint:errcheck // the scan returns the error
	}
	return nil
}

// flows returns the flows of the relays that have mailboxes. The first mailbox of a
// relay decides when its messages are late or lost.
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

// opened returns the ledger, nil if it is not open.
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

// holds reports whether a relay must not send a message now: too many are in flight,
// or the ledger cannot record the next one.
func (t *tracker) holds(relay string) bool {
	if !t.tracks(relay) {
		return false
	}
	ledger := t.opened()
	return ledger == nil || ledger.Ready(relay) != nil
}

// trackedMessage is the message of one probe.
type trackedMessage struct {
	t     *tracker
	relay string

	token *mailflow.Token // nil: not in the ledger yet
}

// message returns the message of a probe, nil if it is not followed.
func (t *tracker) message(relay string) *trackedMessage {
	if !t.tracks(relay) || t.opened() == nil {
		return nil
	}
	return &trackedMessage{t: t, relay: relay}
}

// identify records the message in the ledger and returns its identity. The engine
// calls it right before MAIL.
func (m *trackedMessage) identify() (string, error) {
	token, err := m.t.opened().Begin(m.relay)
	if err != nil {
		return "", err
	}
	m.token = &token
	return m.t.signer.Sign(token), nil
}

// sent records the relay's reply to the message. If the ledger cannot be written, it
// keeps the outcome in memory.
func (m *trackedMessage) sent(r *smtpprobe.Result) {
	if m == nil || m.token == nil {
		return
	}
	outcome := mailflow.Refused
	if e, ok := errors.AsType[*smtperr.Error](r.Err); r.MessageAccepted {
		outcome = mailflow.Accepted
	} else if ok && e.OutcomeUnknown {
		outcome = mailflow.Unknown
	}
	if err := m.t.opened().Sent(*m.token, outcome, r.MessageID); err != nil {
		m.t.warn(err.Error())
	}
}

// scanMailboxes starts to scan the mailboxes, and returns a function that waits for
// the end and adds the metrics.
func (p *SMTPProbe) scanMailboxes(ctx context.Context, acc telegraf.Accumulator) (report func()) {
	if p.tracker == nil {
		return func() {}
	}
	host, err := os.Hostname()
	if err == nil {
		err = p.tracker.open(host, p.parsedRelays, p.stateStore())
	}
	if err != nil {
		return func() { p.tracker.misconfigured(acc, err) }
	}
	return p.tracker.scan(ctx, acc)
}

// misconfigured adds the metrics of mailboxes when the ledger cannot be opened.
func (t *tracker) misconfigured(acc telegraf.Accumulator, err error) {
	r := mailbox.Result{Began: time.Now(), Err: smtperr.New(smtperr.ClassConfigError, "", smtperr.PhaseMailbox, err)}
	for _, w := range t.boxes {
		acc.AddMetric(mailboxMetric(w, &r))
	}
}

// scan starts to scan all mailboxes, concurrently with the probes. report waits
// for the end and adds the metrics, unless the gather is stopped.
func (t *tracker) scan(ctx context.Context, acc telegraf.Accumulator) (report func()) {
	ctx, cancel := context.WithTimeout(ctx, t.timeout)
	results := make([]mailbox.Result, len(t.boxes))
	ledger := t.opened()
	var scans sync.WaitGroup
	scans.Go(func() {
		if err := ledger.Save(); err != nil { // the arrivals that the last gather reported
			t.warn(err.Error())
		}
	})
	for i, w := range t.boxes {
		scans.Go(func() {
			results[i] = w.scan(ctx)
			w.access.observe(&results[i])
		})
	}
	return func() {
		scans.Wait()
		stopped := errors.Is(context.Cause(ctx), context.Canceled)
		cancel()
		if stopped {
			return
		}
		t.report(acc, results)
	}
}

// close closes the mailboxes and writes the ledger. The next gather opens both again.
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
