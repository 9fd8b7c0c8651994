//go:build soak

package mailbox_test

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/mailbox"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/mailflow"
)

// TestMaildir_Soak follows 10,000 messages, some of them lost, duplicated or bounced,
// over 50 restarts and half a week.
func TestMaildir_Soak(t *testing.T) {
	const (
		messages = 10_000
		batch    = 100
	)
	m := newMaildir(t)
	m.box.Delete = true
	var want mailflow.Counters
	var before uint64
	for i := range messages {
		signed := m.send()
		want.Sent++
		path := fmt.Sprintf("new/%d", i)
		switch fate := i % 100; {
		case fate < 5:
			want.Lost++
		case fate < 8:
			m.deliverNow(path+".a", message(signed, 1))
			m.deliverNow(path+".b", message(signed, 2))
			want.Arrived++
			want.Duplicate++
		case fate < 10:
			m.deliverNow(path, bounce(signed))
			want.Bounced++
		default:
			m.deliverNow(path, message(signed, 1))
			want.Arrived++
		}
		if i%batch != batch-1 {
			continue
		}
		m.scanned()
		m.elapsed += 50 * time.Minute
		m.scanned() // settles lost messages
		if i%(2*batch) == batch-1 {
			m.restart()
			m.watcher.Mailbox = &mailbox.Maildir{Path: m.dir, Folders: mailbox.DefaultFolders(), Delete: true}
		}
		require.Equal(t, want, m.ledger.Flows()[0].Counters)
		require.Less(t, len(m.store.sections["mailflow/"+mailflow.FlowID("agent", "relay")]), 1<<20, "old messages are removed")
		if i == messages/2-1 {
			before = heap()
		}
	}
	require.Zero(t, m.inFlight())
	require.Less(t, heap(), before+4<<20, "memory usage is bounded")
	left, err := filepath.Glob(filepath.Join(m.dir, "new", "*"))
	require.NoError(t, err)
	require.Empty(t, left, "all messages are deleted")
}

// deliverNow delivers a message at the time of the ledger's clock.
func (m *maildir) deliverNow(name, content string) {
	m.t.Helper()
	now := m.now()
	require.NoError(m.t, os.Chtimes(m.deliver(name, content), now, now))
}

func heap() uint64 {
	runtime.GC() //nolint:revive // measure reachable objects only
	var s runtime.MemStats
	runtime.ReadMemStats(&s)
	return s.HeapAlloc
}
