package mailbox_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/mailbox"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/mailflow"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// harness is a ledger with one flow and a watcher of its mailbox.
type harness struct {
	t       *testing.T
	key     mailflow.Key
	ledger  *mailflow.Ledger
	store   *store
	elapsed time.Duration // added to the clock of the ledger
	watcher mailbox.Watcher
}

// store is a store whose disk can be full.
type store struct {
	sections map[string][]byte
	full     bool
	// save, if not nil, is called for each write and decides whether to call write.
	save func(write func()) error
}

type section struct {
	*store
	name string
}

func (s *store) section(name string) mailflow.Section { return section{s, name} }

func (s section) Load() ([]byte, error) { return s.sections[s.name], nil }

func (s section) Save(value []byte) error {
	if s.full {
		return errors.New("no space left on device")
	}
	write := func() { s.sections[s.name] = append([]byte(nil), value...) }
	if s.save != nil {
		return s.save(write)
	}
	write()
	return nil
}

func newHarness(t *testing.T, box mailbox.Mailbox) *harness {
	t.Helper()
	key, err := mailflow.NewKey([]byte("0123456789abcdef"))
	require.NoError(t, err)
	h := &harness{t: t, key: key, store: &store{sections: map[string][]byte{}}}
	h.watcher = mailbox.Watcher{Name: "inbox", Mailbox: box, Now: h.now}
	t.Cleanup(func() { require.NoError(t, box.Close()) })
	h.restart()
	return h
}

func (h *harness) now() time.Time { return time.Now().Add(h.elapsed) }

// restart opens the ledger again, as after a restart of the process.
func (h *harness) restart() {
	h.t.Helper()
	h.ledger = mailflow.Open(mailflow.Options{
		Agent: "agent", Section: h.store.section, Now: h.now,
		Flows: []mailflow.FlowConfig{{
			Relay: "relay", Mailboxes: []string{"inbox"}, Deadline: 15 * time.Minute, Late: 2 * time.Minute, MaxInFlight: 5000,
		}},
	})
	h.watcher.Ledger = h.ledger
	h.watcher.Reader = mailflow.NewReader(h.key, h.ledger.FlowIDs("inbox"), nil)
}

// send records a message that a relay accepted, and returns its signed token.
func (h *harness) send() string {
	h.t.Helper()
	token, err := h.ledger.Begin("relay")
	require.NoError(h.t, err)
	require.NoError(h.t, h.ledger.Sent(token, mailflow.Accepted, "<1@example.com>"))
	return h.key.Sign(token)
}

func (h *harness) scan() mailbox.Result {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(h.t.Context(), 10*time.Second)
	defer cancel()
	return h.watcher.Scan(ctx)
}

// scanned requires a complete scan and returns the new points, as state and folder.
func (h *harness) scanned() []string {
	h.t.Helper()
	r := h.scan()
	require.NoError(h.t, r.Err)
	require.NoError(h.t, r.Store)
	require.True(h.t, r.Complete)
	return h.states()
}

func (h *harness) states() []string {
	states := make([]string, 0)
	for _, a := range h.ledger.Arrivals() {
		states = append(states, string(a.State)+" "+string(a.Folder))
	}
	return states
}

func (h *harness) inFlight() int { return h.ledger.Flows()[0].InFlight }

// message returns a test message as delivered to a mailbox. Different numbers are
// different deliveries.
func message(signed string, delivery int) string {
	return fmt.Sprintf("Return-Path: <probe@example.com>\r\nReceived: from relay.example.com by mail.example.org with LMTP id %d; %s\r\n"+
		"From: probe@example.com\r\nX-Smtpprobe-Id: %s\r\nMessage-Id: <1@example.com>\r\n\r\nbody\r\n",
		delivery, time.Now().Format(time.RFC1123Z), signed)
}

// forged replaces the signature of a token.
func forged(signed string) string { return signed[:len(signed)-22] + "AAAAAAAAAAAAAAAAAAAAAA" }

const foreign = "Return-Path: <a@example.net>\r\nFrom: a@example.net\r\nSubject: hello\r\n\r\nX-Smtpprobe-Id: none\r\n"

// bounce returns a delivery status notification about a message.
func bounce(signed string) string {
	return strings.ReplaceAll(`Return-Path: <>
Received: from relay.example.com by mail.example.org with LMTP id bounce; Wed, 25 Nov 2026 10:00:00 +0000
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b
Content-Type: message/delivery-status

Original-Envelope-Id: `+signed+`

Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 User unknown

--b--
`, "\n", "\r\n")
}

func requireError(t *testing.T, err error, class smtperr.Class, reason smtperr.Reason, phase smtperr.Phase) {
	t.Helper()
	e, ok := errors.AsType[*smtperr.Error](err)
	require.True(t, ok, "%v", err)
	require.Equal(t, class.String(), e.Class.String(), "%v", err)
	require.Equal(t, reason, e.Reason, "%v", err)
	require.Equal(t, phase, e.Phase, "%v", err)
}
