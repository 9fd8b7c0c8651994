package mailflow_test

import (
	"errors"
	"slices"
	"testing"
	"time"
	"unsafe"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/mailflow"
)

// disk is a store that survives a restart.
type disk struct {
	sections map[string][]byte
	writes   int
	full     bool
}

type section struct {
	*disk
	name string
}

func (d *disk) section(name string) mailflow.Section { return section{d, name} }

func (s section) Load() ([]byte, error) { return s.sections[s.name], nil }

func (s section) Save(value []byte) error {
	if s.full {
		return errors.New("no space left on device")
	}
	if s.sections == nil {
		s.disk.sections = map[string][]byte{}
	}
	s.sections[s.name] = slices.Clone(value)
	s.disk.writes++
	return nil
}

// content returns the stored flow.
func (d *disk) content() string { return string(d.sections["mailflow/"+flow]) }

// process is a ledger with a clock, as in one run of the plugin.
type process struct {
	*mailflow.Ledger
	t     *testing.T
	clock *time.Time
}

// advance advances the clock.
func (p *process) advance(d time.Duration) { *p.clock = p.clock.Add(d) }

func start(t *testing.T, d *disk, clock *time.Time) *process {
	t.Helper()
	return startWith(t, d, clock, mailflow.FlowConfig{
		Relay: "relay", Mailboxes: []string{"inbox"}, Deadline: 15 * time.Minute, Late: 2 * time.Minute, MaxInFlight: 10,
	})
}

func startWith(t *testing.T, d *disk, clock *time.Time, flows ...mailflow.FlowConfig) *process {
	t.Helper()
	o := mailflow.Options{Agent: "agent", Flows: flows, Now: func() time.Time { return *clock }}
	if d != nil {
		o.Section = d.section
	}
	return &process{Ledger: mailflow.Open(o), t: t, clock: clock}
}

func newClock() *time.Time {
	now := sent
	return &now
}

// send sends a message that the relay accepts.
func (p *process) send() mailflow.Token {
	p.t.Helper()
	token, err := p.Begin("relay")
	require.NoError(p.t, err)
	require.NoError(p.t, p.Sent(token, mailflow.Accepted, "<1@example.com>"))
	return token
}

// observe records a copy of a message in the inbox and returns the new points.
func (p *process) observe(token mailflow.Token, copyID string) []mailflow.Arrival {
	p.t.Helper()
	return p.observeAll(mailflow.Observation{Token: token, CopyID: copyID, Folder: mailflow.FolderInbox, Delay: p.clock.Sub(token.Sent)})
}

func (p *process) observeAll(observed ...mailflow.Observation) []mailflow.Arrival {
	p.t.Helper()
	_, err := p.Settle("inbox", observed, nil)
	require.NoError(p.t, err)
	return p.Arrivals()
}

func (p *process) scan() []mailflow.Arrival {
	p.t.Helper()
	require.NoError(p.t, p.Scanned("inbox", *p.clock, true))
	return p.Arrivals()
}

func states(arrivals []mailflow.Arrival) []mailflow.State {
	list := make([]mailflow.State, 0, len(arrivals))
	for i := range arrivals {
		list = append(list, arrivals[i].State)
	}
	return list
}

func TestLedger_Arrived(t *testing.T) {
	t.Parallel()
	p := start(t, nil, newClock())
	token := p.send()
	require.Equal(t, flow, token.Flow)
	require.EqualValues(t, 1, token.Seq)
	p.advance(3 * time.Second)
	f := p.Flows()[0]
	require.Equal(t, 1, f.InFlight)
	require.Equal(t, 3*time.Second, f.OldestAge)
	require.Negative(t, f.SinceArrival)

	arrivals := p.observe(token, "a")
	require.Equal(t, []mailflow.State{mailflow.Arrived}, states(arrivals))
	require.Equal(t, "relay", arrivals[0].Relay)
	require.Equal(t, "inbox", arrivals[0].Mailbox)
	require.Equal(t, mailflow.FolderInbox, arrivals[0].Folder)
	require.Equal(t, 3*time.Second, arrivals[0].Delay)
	require.EqualValues(t, 1, arrivals[0].Time.Nanosecond()%1e6, "the sequence number")
	require.Empty(t, p.Arrivals(), "each point is emitted once")

	p.advance(time.Second)
	f = p.Flows()[0]
	require.Zero(t, f.InFlight)
	require.Equal(t, time.Second, f.SinceArrival)
	require.Equal(t, mailflow.Counters{Sent: 1, Arrived: 1}, f.Counters)
}

func TestLedger_Late(t *testing.T) {
	t.Parallel()
	p := start(t, nil, newClock())
	token := p.send()
	p.advance(2*time.Minute + time.Second)
	require.Equal(t, []mailflow.State{mailflow.Late}, states(p.observe(token, "a")))
	require.Equal(t, mailflow.Counters{Sent: 1, Late: 1}, p.Flows()[0].Counters)
}

func TestLedger_Lost(t *testing.T) {
	t.Parallel()
	p := start(t, nil, newClock())
	token := p.send()
	p.advance(15 * time.Minute)
	require.Empty(t, p.scan(), "a scan that began at the deadline")
	began := *p.clock
	p.advance(time.Hour)
	require.NoError(t, p.Scanned("inbox", began, true))
	require.Empty(t, p.Arrivals(), "a scan that began before the deadline")
	require.NoError(t, p.Scanned("inbox", *p.clock, false))
	require.Empty(t, p.Arrivals(), "an incomplete scan")
	require.NoError(t, p.Scanned("another", *p.clock, true))
	require.Empty(t, p.Arrivals(), "a scan of another mailbox")

	lost := p.scan()
	require.Equal(t, []mailflow.State{mailflow.Lost}, states(lost))
	require.Equal(t, mailflow.FolderNone, lost[0].Folder)
	require.Equal(t, "inbox", lost[0].Mailbox)
	require.Equal(t, "<1@example.com>", lost[0].MessageID)
	require.Empty(t, p.scan(), "a message is lost once")

	p.advance(time.Hour)
	require.Equal(t, []mailflow.State{mailflow.Found}, states(p.observe(token, "a")))
	require.Equal(t, []mailflow.State{mailflow.Duplicate}, states(p.observe(token, "b")))
	require.Empty(t, p.scan())
	require.Equal(t, mailflow.Counters{Sent: 1, Lost: 1, Found: 1, Duplicate: 1}, p.Flows()[0].Counters, "lost is never subtracted")
}

func TestLedger_Lost_AllMailboxes(t *testing.T) {
	t.Parallel()
	p := startWith(t, nil, newClock(), mailflow.FlowConfig{
		Relay: "relay", Mailboxes: []string{"inbox", "bounces"}, Deadline: time.Minute, Late: time.Minute, MaxInFlight: 10,
	})
	p.send()
	p.advance(time.Hour)
	require.Empty(t, p.scan(), "it may be in the other mailbox")
	require.NoError(t, p.Scanned("bounces", *p.clock, true))
	require.Equal(t, []mailflow.State{mailflow.Lost}, states(p.Arrivals()))
}

// stepped returns t after a step of the system clock, which leaves the monotonic
// clock alone. Package time has no function for that.
func stepped(t time.Time, seconds int64) time.Time {
	wall := (*uint64)(unsafe.Pointer(&t)) //nolint:gosec // the first field of time.Time
	*wall += uint64(seconds) << 30
	return t
}

func TestLedger_ClockStep(t *testing.T) {
	t.Parallel()
	for _, seconds := range []int64{-3600, 3600} {
		start := time.Now()
		require.WithinDuration(t, start.Round(0).Add(time.Duration(seconds)*time.Second), stepped(start, seconds).Round(0), 0)
		require.Zero(t, stepped(start, seconds).Sub(start))
		now := start
		l := mailflow.Open(mailflow.Options{
			Agent: "agent", Now: func() time.Time { return now },
			Flows: []mailflow.FlowConfig{{
				Relay: "relay", Mailboxes: []string{"inbox", "bounces"}, Deadline: time.Minute, Late: time.Minute, MaxInFlight: 1,
			}},
		})
		token, err := l.Begin("relay")
		require.NoError(t, err)
		require.NoError(t, l.Sent(token, mailflow.Accepted, ""))

		now = stepped(start.Add(30*time.Second), seconds)
		require.Equal(t, 30*time.Second, l.Flows()[0].OldestAge)
		require.NoError(t, l.Scanned("inbox", now, true))
		require.NoError(t, l.Scanned("bounces", now, true))
		require.Empty(t, l.Arrivals(), "before the deadline")
		now = stepped(start.Add(61*time.Second), seconds)
		require.NoError(t, l.Scanned("inbox", now, true))
		require.Empty(t, l.Arrivals(), "the other scan began before the deadline")
		require.NoError(t, l.Scanned("bounces", now, true))
		require.Equal(t, []mailflow.State{mailflow.Lost}, states(l.Arrivals()))
	}
}

func TestLedger_Duplicate(t *testing.T) {
	t.Parallel()
	p := start(t, nil, newClock())
	token := p.send()
	observation := func(copyID string, folder mailflow.Folder) mailflow.Observation {
		return mailflow.Observation{Token: token, CopyID: copyID, Folder: folder, Delay: time.Second}
	}
	arrivals := p.observeAll(observation("a", mailflow.FolderInbox), observation("b", mailflow.FolderInbox), observation("c", mailflow.FolderInbox))
	require.Equal(t, []mailflow.State{mailflow.Arrived, mailflow.Duplicate, mailflow.Duplicate}, states(arrivals))
	require.NotEqual(t, arrivals[1].Time, arrivals[2].Time, "points with the same tags need different times")
	require.EqualValues(t, 1, arrivals[2].Time.Nanosecond()%1e6)
	require.Empty(t, p.observeAll(observation("a", mailflow.FolderJunk)), "moved to another folder")
	require.Equal(t, mailflow.Counters{Sent: 1, Arrived: 1, Duplicate: 2}, p.Flows()[0].Counters)
}

func TestLedger_Bounced(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		report mailflow.Report
		want   mailflow.Bounce
	}{
		{
			name:   "reply",
			report: mailflow.Report{Action: mailflow.Failed, Status: "5.1.1", Diagnostic: "smtp; 550 5.1.1 <a@example.org>: User unknown"},
			want: mailflow.Bounce{
				Class: "recipients_refused", Reason: "mailbox_unknown", Code: 550, EnhancedCode: "5.1.1",
				Error: "5.1.1 <a@example.org>: User unknown",
			},
		},
		{
			name:   "reply classified by text",
			report: mailflow.Report{Action: mailflow.Failed, Status: "5.7.1", Diagnostic: "SMTP;554 5.7.1 <a@example.org>: Relay access denied"},
			want: mailflow.Bounce{
				Class: "recipients_refused", Reason: "relay_denied", Code: 554, EnhancedCode: "5.7.1", Error: "Relay access denied",
			},
		},
		{
			name:   "no reply",
			report: mailflow.Report{Action: mailflow.Failed, Status: "4.4.1", Diagnostic: "X-Postfix; connect to mx.example.org[192.0.2.1]:25: Connection refused"},
			want: mailflow.Bounce{
				Class: "recipients_refused", Reason: "next_hop_unreachable", EnhancedCode: "4.4.1", Error: "Connection refused",
			},
		},
		{
			name:   "empty report",
			report: mailflow.Report{Action: mailflow.Failed},
			want:   mailflow.Bounce{Class: "recipients_refused", Reason: "mailbox_unavailable"},
		},
		{
			name:   "hostile text",
			report: mailflow.Report{Action: mailflow.Failed, Status: "5.x", Diagnostic: "smtp; 55\x00\r\n\x1b[31m"},
			want:   mailflow.Bounce{Class: "recipients_refused", Reason: "content_rejected"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := start(t, nil, newClock())
			token := p.send()
			s := mailflow.Observation{Token: token, CopyID: "a", Folder: mailflow.FolderJunk, Delay: time.Second, Report: &tt.report}
			arrivals := p.observeAll(s, s)
			require.Equal(t, []mailflow.State{mailflow.Bounced}, states(arrivals))
			require.Equal(t, mailflow.FolderNone, arrivals[0].Folder)
			got := *arrivals[0].Bounce
			require.Contains(t, got.Error, tt.want.Error)
			require.NotRegexp(t, `[\x00-\x1f]`, got.Error)
			got.Error = tt.want.Error
			if tt.name != "empty report" && tt.name != "hostile text" {
				require.Equal(t, tt.want, got)
			}
			require.Equal(t, "recipients_refused", got.Class)
			require.NotEmpty(t, got.Reason)
			require.Equal(t, mailflow.Counters{Sent: 1, Bounced: 1}, p.Flows()[0].Counters)
		})
	}
}

func TestLedger_Report(t *testing.T) {
	t.Parallel()
	p := start(t, nil, newClock())
	token := p.send()
	report := func(copyID string, a mailflow.Action) mailflow.Observation {
		return mailflow.Observation{Token: token, CopyID: copyID, Report: &mailflow.Report{Action: a, Status: "4.4.1"}}
	}
	require.Empty(t, p.observeAll(report("a", mailflow.Delayed), report("a", mailflow.Delayed), report("b", mailflow.Delayed), report("c", "relayed")))
	require.Equal(t, mailflow.Counters{Sent: 1, Delayed: 2}, p.Flows()[0].Counters, "each report counts once")
	require.Equal(t, 1, p.Flows()[0].InFlight, "a delayed message may still arrive")

	p.advance(time.Minute)
	require.Equal(t, []mailflow.State{mailflow.Arrived}, states(p.observe(token, "d")))
	require.Empty(t, p.observeAll(report("e", mailflow.Failed)), "the message has arrived")
}

func TestLedger_Bounced_AfterLost(t *testing.T) {
	t.Parallel()
	p := start(t, nil, newClock())
	token := p.send()
	p.advance(time.Hour)
	require.Equal(t, []mailflow.State{mailflow.Lost}, states(p.scan()))
	bounce := mailflow.Observation{Token: token, CopyID: "a", Report: &mailflow.Report{Action: mailflow.Failed, Status: "5.4.7"}}
	require.Equal(t, []mailflow.State{mailflow.Bounced}, states(p.observeAll(bounce)), "the report explains the loss")
	require.Equal(t, mailflow.Counters{Sent: 1, Lost: 1, Bounced: 1}, p.Flows()[0].Counters)
}

func TestLedger_Sequence(t *testing.T) {
	t.Parallel()
	p := start(t, nil, newClock())
	next := func(o mailflow.Outcome) uint64 {
		token, err := p.Begin("relay")
		require.NoError(t, err)
		require.NoError(t, p.Sent(token, o, "<1@example.com>"))
		return token.Seq
	}
	require.EqualValues(t, 1, next(mailflow.Refused))
	require.EqualValues(t, 1, next(mailflow.Accepted), "the number of a refused message is used again")
	require.EqualValues(t, 2, next(mailflow.Unknown))
	require.EqualValues(t, 3, next(mailflow.Accepted))

	four, err := p.Begin("relay")
	require.NoError(t, err)
	five, err := p.Begin("relay")
	require.NoError(t, err)
	require.NoError(t, p.Sent(four, mailflow.Refused, "<1@example.com>"))
	require.NoError(t, p.Sent(five, mailflow.Accepted, "<1@example.com>"))
	require.EqualValues(t, 4, next(mailflow.Accepted))
	require.EqualValues(t, 6, next(mailflow.Accepted))
	require.EqualValues(t, 6, p.Flows()[0].Counters.Sent, "refused messages are not counted")
}

func TestLedger_Held(t *testing.T) {
	t.Parallel()
	p := start(t, nil, newClock())
	var last mailflow.Token
	for range 10 {
		require.NoError(t, p.Ready("relay"))
		last = p.send()
	}
	require.ErrorIs(t, p.Ready("relay"), mailflow.ErrHeld)
	require.True(t, p.Flows()[0].Held)
	_, err := p.Begin("relay")
	require.ErrorIs(t, err, mailflow.ErrHeld)
	p.observe(last, "a")
	require.NoError(t, p.Ready("relay"))
	require.Error(t, p.Ready("another relay"))
}

func TestLedger_ArrivedBeforeReply(t *testing.T) {
	t.Parallel()
	p := start(t, nil, newClock())
	token, err := p.Begin("relay")
	require.NoError(t, err)
	require.Equal(t, []mailflow.State{mailflow.Arrived}, states(p.observe(token, "a")))
	require.NoError(t, p.Sent(token, mailflow.Accepted, "<1@example.com>"))
	require.Equal(t, mailflow.Counters{Sent: 1, Arrived: 1}, p.Flows()[0].Counters)
	require.Zero(t, p.Flows()[0].InFlight)
}

func TestLedger_Lost_Sending(t *testing.T) {
	t.Parallel()
	p := start(t, nil, newClock())
	_, err := p.Begin("relay")
	require.NoError(t, err)
	p.advance(time.Hour)
	require.Empty(t, p.scan(), "the session has not ended")
}

func TestLedger_Restart(t *testing.T) {
	t.Parallel()
	d, clock := &disk{}, newClock()
	first := start(t, d, clock)
	accepted := first.send()
	sending, err := first.Begin("relay")
	require.NoError(t, err)
	require.Contains(t, d.content(), `"state":"sending"`, "stored before the message is sent")
	// The process is killed.

	second := start(t, d, clock)
	require.EqualValues(t, 2, second.Flows()[0].Counters.Sent, "an unknown outcome counts")
	require.Equal(t, 2, second.Flows()[0].InFlight)
	third := second.send()
	require.NotEqual(t, accepted.Run, third.Run)
	require.EqualValues(t, 1, third.Seq)

	// The process is killed again.
	last := start(t, d, clock)
	require.Equal(t, 3, last.Flows()[0].InFlight)
	last.advance(time.Second)
	require.Equal(t, []mailflow.State{mailflow.Arrived}, states(last.observe(accepted, "a")))
	require.Equal(t, []mailflow.State{mailflow.Arrived}, states(last.observe(sending, "b")))
	last.advance(time.Hour)
	lost := last.scan()
	require.Equal(t, []mailflow.State{mailflow.Lost}, states(lost))
	require.False(t, lost[0].OutcomeUnknown)
	require.Equal(t, mailflow.Counters{Sent: 3, Arrived: 2, Lost: 1}, last.Flows()[0].Counters)
}

func TestLedger_Restart_Arrivals(t *testing.T) {
	t.Parallel()
	d, clock := &disk{}, newClock()
	first := start(t, d, clock)
	token := first.send()
	arrivals := first.observe(token, "a")
	require.Len(t, arrivals, 1)

	clock2 := clock.Add(time.Hour)
	second := start(t, d, &clock2)
	again := second.Arrivals()
	require.Len(t, again, 1)
	require.True(t, arrivals[0].Time.Equal(again[0].Time))
	require.Equal(t, arrivals[0].State, again[0].State)
	require.Empty(t, second.observe(token, "a"), "already settled")
	require.NoError(t, second.Save())
	require.Empty(t, start(t, d, &clock2).Arrivals(), "emitted by the last gather")
	require.EqualValues(t, 1, second.Flows()[0].Counters.Arrived)
}

func TestLedger_FullDisk(t *testing.T) {
	t.Parallel()
	d := &disk{}
	p := start(t, d, newClock())
	token := p.send()
	d.full = true
	_, err := p.Begin("relay")
	require.ErrorContains(t, err, "no space left", "a message that cannot be recorded is not sent")
	deletable, err := p.Settle("inbox", []mailflow.Observation{{Token: token, CopyID: "a"}}, nil)
	require.Error(t, err)
	require.Equal(t, []bool{false}, deletable, "not settled on disk")
	require.Empty(t, p.Arrivals(), "after a restart it would be settled again, at another time")
	f := p.Flows()[0]
	require.Equal(t, mailflow.Counters{Sent: 1}, f.Counters)
	require.Equal(t, 1, f.InFlight)
	require.Negative(t, f.SinceArrival)
	settled := *p.clock

	p.advance(time.Minute)
	d.full = false
	deletable, err = p.Settle("inbox", []mailflow.Observation{{Token: token, CopyID: "a"}}, nil)
	require.NoError(t, err)
	require.Equal(t, []bool{true}, deletable)
	arrivals := p.Arrivals()
	require.Equal(t, []mailflow.State{mailflow.Arrived}, states(arrivals))
	require.Equal(t, settled.UnixMilli(), arrivals[0].Time.UnixMilli())
	require.Equal(t, mailflow.Counters{Sent: 1, Arrived: 1}, p.Flows()[0].Counters)
	next, err := p.Begin("relay")
	require.NoError(t, err)
	require.EqualValues(t, 2, next.Seq)
}

func TestLedger_Settle_Deletable(t *testing.T) {
	t.Parallel()
	p := start(t, &disk{}, newClock())
	token := p.send()
	otherRun, later, otherFlow := token, token, token
	otherRun.Run = "ffffffff"
	later.Sent = later.Sent.Add(time.Millisecond)
	otherFlow.Flow = "ffffffff"
	deletable, err := p.Settle("inbox", []mailflow.Observation{
		{Token: otherRun, CopyID: "a"},
		{Token: later, CopyID: "a"},
		{Token: otherFlow, CopyID: "a"},
		{Token: token, CopyID: "a"},
		{Token: token, CopyID: "b", Report: &mailflow.Report{Action: mailflow.Delayed}},
	}, nil)
	require.NoError(t, err)
	require.Equal(t, []bool{false, false, false, true, true}, deletable)
	deletable, err = p.Settle("another", []mailflow.Observation{{Token: token, CopyID: "c"}}, nil)
	require.NoError(t, err)
	require.Equal(t, []bool{false}, deletable, "the flow does not end there")
}

func TestLedger_Position(t *testing.T) {
	t.Parallel()
	d, clock := &disk{}, newClock()
	p := start(t, d, clock)
	require.Nil(t, p.Position("inbox"))
	_, err := p.Settle("inbox", nil, []byte(`{"INBOX":[1,7]}`))
	require.NoError(t, err)
	writes := d.writes
	_, err = p.Settle("inbox", nil, []byte(`{"INBOX":[1,7]}`))
	require.NoError(t, err)
	require.Equal(t, writes, d.writes, "the position has not changed")
	require.JSONEq(t, `{"INBOX":[1,7]}`, string(start(t, d, clock).Position("inbox")))
}

func TestLedger_Since(t *testing.T) {
	t.Parallel()
	p := start(t, nil, newClock())
	require.Equal(t, sent.Add(-15*time.Minute), p.Since("inbox"), "one deadline ago")
	p.send()
	p.advance(time.Hour)
	require.Equal(t, sent, p.Since("inbox").UTC(), "the oldest message in flight")
}

func TestLedger_Limits(t *testing.T) {
	t.Parallel()
	d := &disk{}
	p := startWith(t, d, newClock(), mailflow.FlowConfig{
		Relay: "relay", Mailboxes: []string{"inbox"}, Deadline: time.Minute, Late: time.Minute, MaxInFlight: 20000,
	})
	observed := make([]mailflow.Observation, 0, 200)
	token := p.send()
	for i := range 200 {
		observed = append(observed, mailflow.Observation{Token: token, CopyID: string(rune('a' + i))})
	}
	require.Len(t, p.observeAll(observed...), 16, "copies of one message")

	p.advance(13 * time.Hour)
	p.send()
	require.NotContains(t, d.content(), token.Run+`","seq":1,`, "an old settled message")
	require.Empty(t, p.observe(token, "zz"), "the message is no longer recorded")
}

func TestOpen_Damaged(t *testing.T) {
	t.Parallel()
	for _, content := range []string{"{", `{"version":2}`, `[]`, `{"version":1,"entries":[null]}`} {
		var warnings []string
		d := &disk{sections: map[string][]byte{"mailflow/" + flow: []byte(content), "mailbox/inbox": []byte("{")}}
		l := mailflow.Open(mailflow.Options{
			Agent: "agent", Section: d.section, Warn: func(text string) { warnings = append(warnings, text) },
			Flows: []mailflow.FlowConfig{{Relay: "relay", Mailboxes: []string{"inbox"}, Deadline: time.Minute, MaxInFlight: 1}},
		})
		require.NotEmpty(t, warnings)
		require.Nil(t, l.Position("inbox"))
		_, err := l.Begin("relay")
		require.NoError(t, err, "the ledger is empty")
	}
}
