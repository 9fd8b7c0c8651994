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

// bench is a ledger with one flow, and a watcher over the mailbox where it ends.
type bench struct {
	t       *testing.T
	key     mailflow.Key
	ledger  *mailflow.Ledger
	store   *store
	skipped time.Duration // the clock of the ledger is ahead
	watcher mailbox.Watcher
}

// store is a store that can be full.
type store struct {
	sections map[string][]byte
	full     bool
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
	s.sections[s.name] = append([]byte(nil), value...)
	return nil
}

func newBench(t *testing.T, box mailbox.Mailbox) *bench {
	t.Helper()
	key, err := mailflow.NewKey([]byte("0123456789abcdef"))
	require.NoError(t, err)
	b := &bench{t: t, key: key, store: &store{sections: map[string][]byte{}}}
	b.watcher = mailbox.Watcher{Name: "inbox", Mailbox: box, Now: b.now}
	t.Cleanup(func() { require.NoError(t, box.Close()) })
	b.restart()
	return b
}

func (b *bench) now() time.Time { return time.Now().Add(b.skipped) }

// restart is what a new process does.
func (b *bench) restart() {
	b.t.Helper()
	b.ledger = mailflow.Open(mailflow.Options{
		Agent: "agent", Section: b.store.section, Now: b.now,
		Flows: []mailflow.FlowConfig{{
			Relay: "relay", Mailboxes: []string{"inbox"}, Deadline: 15 * time.Minute, Late: 2 * time.Minute, MaxInFlight: 5000,
		}},
	})
	b.watcher.Ledger = b.ledger
	b.watcher.Reader = mailflow.NewReader(b.key, b.ledger.FlowIDs("inbox"), nil)
}

// send returns the token of a message that the relay has accepted.
func (b *bench) send() string {
	b.t.Helper()
	token, err := b.ledger.Begin("relay")
	require.NoError(b.t, err)
	require.NoError(b.t, b.ledger.Sent(token, mailflow.Accepted, "<1@example.com>"))
	return b.key.Sign(token)
}

func (b *bench) look() mailbox.Result {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.t.Context(), 10*time.Second)
	defer cancel()
	return b.watcher.Look(ctx)
}

// looked makes a look that must succeed, and returns the states that it led to.
func (b *bench) looked() []string {
	b.t.Helper()
	r := b.look()
	require.NoError(b.t, r.Err)
	require.NoError(b.t, r.Store)
	require.True(b.t, r.Complete)
	return b.states()
}

func (b *bench) states() []string {
	states := make([]string, 0)
	for _, a := range b.ledger.Arrivals() {
		states = append(states, string(a.State)+" "+string(a.Folder))
	}
	return states
}

func (b *bench) inFlight() int { return b.ledger.Flows()[0].InFlight }

// message is one of ours as it is delivered, the copies being different
// deliveries.
func message(signed string, copies int) string {
	return fmt.Sprintf("Return-Path: <probe@example.com>\r\nReceived: from relay.example.com by mail.example.org with LMTP id %d; %s\r\n"+
		"From: probe@example.com\r\nX-Smtpprobe-Id: %s\r\nMessage-Id: <1@example.com>\r\n\r\nbody\r\n",
		copies, time.Now().Format(time.RFC1123Z), signed)
}

// forged returns a token with another signature.
func forged(signed string) string { return signed[:len(signed)-22] + "AAAAAAAAAAAAAAAAAAAAAA" }

const foreign = "Return-Path: <a@example.net>\r\nFrom: a@example.net\r\nSubject: hello\r\n\r\nX-Smtpprobe-Id: none\r\n"

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
