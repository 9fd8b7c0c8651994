package mailbox_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/mailbox"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/mailflow"
)

// crash is what happens at a write to the disk.
type crash string

const (
	killedBefore crash = "killed before a write"
	killedAfter  crash = "killed after a write"
	diskHangs    crash = "disk hangs until the process is killed"
)

var errCrash = errors.New("the disk does not respond")

// crashing is a process that ends at a write, and the points that it and its
// successor emitted.
type crashing struct {
	*harness
	crash crash
	at    int // number of the write

	writes   int
	dead     bool
	events   map[int]map[string]bool // by sequence number: state and time
	counters mailflow.Counters
}

// save is called for each write. Another goroutine may emit points while a write
// is in progress.
func (c *crashing) save(write func()) error {
	c.gather()
	c.writes++
	if c.writes <= c.at {
		write()
		return nil
	}
	if c.writes == c.at+1 && c.crash == killedAfter {
		write()
	}
	c.dead = c.crash != diskHangs
	return errCrash
}

// gather emits points unless the process is dead.
func (c *crashing) gather() {
	if c.dead {
		return
	}
	for _, a := range c.ledger.Arrivals() {
		seq := a.Time.Nanosecond() % 1e6
		if c.events[seq] == nil {
			c.events[seq] = make(map[string]bool)
		}
		c.events[seq][fmt.Sprintf("%s %d", a.State, a.Time.UnixNano())] = true
	}
	now := c.ledger.Flows()[0].Counters
	for _, pair := range [][2]int64{
		{c.counters.Sent, now.Sent},
		{c.counters.Arrived, now.Arrived},
		{c.counters.Duplicate, now.Duplicate},
		{c.counters.Bounced, now.Bounced},
	} {
		require.LessOrEqual(c.t, pair[0], pair[1], "a counter never decreases")
	}
	c.counters = now
}

// states returns the sorted states of a message.
func (c *crashing) states(seq int) []string {
	list := make([]string, 0)
	for event := range c.events[seq] {
		var state string
		_, err := fmt.Sscan(event, &state)
		require.NoError(c.t, err)
		list = append(list, state)
	}
	slices.Sort(list)
	return list
}

// destination is a mailbox that outlives the process.
type destination struct {
	open    func() mailbox.Mailbox
	deliver func(content string)
	resends bool // deliver again after a restart: the relay has not received a reply
}

var destinations = map[string]func(t *testing.T) *destination{
	"IMAP":        func(t *testing.T) *destination { return imapDestination(t, false) },
	"IMAP delete": func(t *testing.T) *destination { return imapDestination(t, true) },
	"Maildir": func(t *testing.T) *destination {
		m := newMaildir(t)
		delivered := 0
		return &destination{
			open: func() mailbox.Mailbox {
				return &mailbox.Maildir{Path: m.dir, Folders: mailbox.DefaultFolders(), Delete: true}
			},
			deliver: func(content string) {
				delivered++
				m.deliver(fmt.Sprintf("new/%d.a", delivered), content)
			},
		}
	},
	"sink": func(t *testing.T) *destination {
		s := &sink{harness: &harness{t: t}}
		return &destination{
			open: func() mailbox.Mailbox {
				s.box = &mailbox.Sink{Network: "tcp", Address: "127.0.0.1:0", Recipients: []string{"probe@example.org"}}
				return s.box
			},
			deliver: func(content string) {
				_ = s.deliver("", "probe@example.org", content) //nolint:errcheck // the process may be dead
			},
			resends: true,
		}
	},
}

func imapDestination(t *testing.T, remove bool) *destination {
	t.Helper()
	s := newIMAPServer(t, implicit, imap.CapUIDPlus)
	return &destination{
		open: func() mailbox.Mailbox {
			box := s.box()
			box.Delete = remove
			return box
		},
		deliver: func(content string) { s.deliver("INBOX", content) },
	}
}

// TestWatcher_Crash ends the process at each of its writes, while another goroutine
// emits points. After the restart each message has been counted once.
func TestWatcher_Crash(t *testing.T) {
	t.Parallel()
	for name, create := range destinations {
		for _, kind := range []crash{killedBefore, killedAfter, diskHangs} {
			t.Run(name+", "+string(kind), func(t *testing.T) {
				t.Parallel()
				for at := 0; runUntil(t, create(t), kind, at); at++ {
					require.Less(t, at, 100)
				}
			})
		}
	}
}

// runUntil runs a process until a write, and another one after it. It reports
// whether there was such a write.
func runUntil(t *testing.T, d *destination, kind crash, at int) bool {
	t.Helper()
	where := fmt.Sprintf("write %d", at)
	c := &crashing{harness: newHarness(t, d.open()), crash: kind, at: at, events: make(map[int]map[string]bool)}
	var tokens []mailflow.Token
	var signed []string
	for range 4 {
		token, err := c.ledger.Begin("relay")
		require.NoError(t, err)
		tokens, signed = append(tokens, token), append(signed, c.key.Sign(token))
	}
	delivered := []string{message(signed[0], 1), message(signed[1], 1), message(signed[1], 2), bounce(signed[2]), message(signed[3], 1)}
	c.scan() // opens the sink

	c.store.save = c.save
	for _, token := range tokens {
		_ = c.ledger.Sent(token, mailflow.Accepted, "<1@example.com>") //nolint:errcheck // it fails after the crash
	}
	for _, content := range delivered {
		d.deliver(content)
	}
	for range 2 {
		c.scan()
		c.gather()
		c.elapsed += time.Second
	}
	crashed := c.writes > at

	require.NoError(t, c.watcher.Mailbox.Close())
	c.store.save, c.dead = nil, false
	c.watcher.Mailbox = d.open()
	t.Cleanup(func() { require.NoError(t, c.watcher.Mailbox.Close()) })
	c.restart()
	c.scan()
	c.gather()
	if d.resends {
		for _, content := range delivered {
			d.deliver(content)
		}
	}
	d.deliver(message(signed[3], 2))
	for range 2 {
		r := c.scan()
		require.NoError(t, r.Err, where)
		require.NoError(t, r.Store, where)
		c.gather()
	}
	require.Equal(t, []string{"arrived"}, c.states(1), where)
	require.Equal(t, []string{"arrived", "duplicate"}, c.states(2), where)
	require.Equal(t, []string{"bounced"}, c.states(3), where)
	require.Equal(t, []string{"arrived", "duplicate"}, c.states(4), where)
	require.Equal(t, mailflow.Counters{Sent: 4, Arrived: 3, Duplicate: 2, Bounced: 1}, c.counters, where)
	return crashed
}
