package mailbox_test

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/mailbox"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// maildir is a Maildir++ with a folder Junk.
type maildir struct {
	*harness
	dir string
	box *mailbox.Maildir
}

func newMaildir(t *testing.T) *maildir {
	t.Helper()
	dir := t.TempDir()
	for _, sub := range []string{"new", "cur", "tmp", ".Junk/new", ".Junk/cur"} {
		require.NoError(t, os.MkdirAll(filepath.Join(dir, sub), 0o700))
	}
	box := &mailbox.Maildir{Path: dir, Folders: mailbox.DefaultFolders()}
	return &maildir{harness: newHarness(t, box), dir: dir, box: box}
}

func (m *maildir) deliver(name, content string) string {
	m.t.Helper()
	path := filepath.Join(m.dir, name)
	require.NoError(m.t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

func TestMaildir_Scan(t *testing.T) {
	t.Parallel()
	m := newMaildir(t)
	one, two, three := m.send(), m.send(), m.send()
	m.deliver("new/1.a", message(one, 1))
	m.deliver("new/2.a", foreign)
	m.deliver(".Junk/cur/3.a:2,S", message(two, 1))
	m.deliver("new/4.a", bounce(three))
	r := m.scan()
	require.NoError(t, r.Err)
	require.Equal(t, 3, r.Ours)
	require.Equal(t, 1, r.Foreign)
	require.True(t, r.Complete)
	require.ElementsMatch(t, []string{"arrived inbox", "arrived junk", "bounced none"}, m.states())
	require.Equal(t, m.dir, m.box.Source())

	require.NoError(t, os.Rename(filepath.Join(m.dir, "new", "1.a"), filepath.Join(m.dir, "cur", "1.a:2,S")))
	r = m.scan()
	require.Zero(t, r.Ours+r.Foreign, "each message is read once")
	require.Empty(t, m.states())

	m.deliver("new/5.a", message(one, 2))
	require.Equal(t, []string{"duplicate inbox"}, m.scanned())
	require.FileExists(t, filepath.Join(m.dir, "new", "5.a"), "delete is not set")
}

func TestMaildir_Restart(t *testing.T) {
	t.Parallel()
	m := newMaildir(t)
	m.deliver("new/1.a", message(m.send(), 1))
	require.Equal(t, []string{"arrived inbox"}, m.scanned())
	m.ledger.Arrivals()
	require.NoError(t, m.ledger.Save())

	m.restart()
	m.watcher.Mailbox = &mailbox.Maildir{Path: m.dir, Folders: mailbox.DefaultFolders()}
	require.Empty(t, m.scanned(), "it is read again but already settled")
}

func TestMaildir_Delete(t *testing.T) {
	t.Parallel()
	m := newMaildir(t)
	m.box.Delete = true
	signed := m.send()
	ours := m.deliver("new/1.a", message(signed, 1))
	report := m.deliver("new/2.a", bounce(signed))
	kept := []string{
		m.deliver("new/3.a", foreign),
		m.deliver("new/4.a", message(forged(signed), 1)),
		m.deliver("new/5.a", message("1.00000000.00000000.1.1.AAAAAAAAAAAAAAAAAAAAAA", 1)),
		m.deliver("new/.hidden", message(signed, 2)),
	}
	m.store.full = true
	r := m.scan()
	require.ErrorContains(t, r.Store, "no space left")
	require.False(t, r.Complete)
	require.FileExists(t, ours, "not settled on disk")

	m.store.full = false
	m.scanned()
	require.NoFileExists(t, ours)
	require.NoFileExists(t, report)
	for _, path := range kept {
		require.FileExists(t, path)
	}
	require.EqualValues(t, 1, m.ledger.Flows()[0].Counters.Arrived)
}

func TestMaildir_Delete_UnknownMessage(t *testing.T) {
	t.Parallel()
	m := newMaildir(t)
	m.box.Delete = true
	path := m.deliver("new/1.a", message(m.send(), 1))
	clear(m.store.sections) // without a record of the message
	m.restart()
	r := m.scan()
	require.Equal(t, 1, r.Ours)
	require.Empty(t, m.states())
	require.FileExists(t, path)
}

func TestMaildir_Hostile(t *testing.T) {
	t.Parallel()
	m := newMaildir(t)
	signed := m.send()
	secret := filepath.Join(t.TempDir(), "secret")
	require.NoError(t, os.WriteFile(secret, []byte(message(signed, 1)), 0o600))
	require.NoError(t, os.Symlink(secret, filepath.Join(m.dir, "new", "1.link")))
	require.NoError(t, os.Mkdir(filepath.Join(m.dir, "new", "2.directory"), 0o700))
	require.NoError(t, os.Symlink("/dev/zero", filepath.Join(m.dir, "new", "3.device")))
	m.deliver("new/4.empty", "")
	m.deliver("new/5.nul", strings.Repeat("\x00", 1<<20))
	m.deliver("new/6.long", "Subject: "+strings.Repeat("a", 10<<20))
	m.deliver("new/7.bomb", "Return-Path: <>\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n"+
		strings.Repeat("--b\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n", 50000))
	r := m.scan()
	require.NoError(t, r.Err)
	require.True(t, r.Complete)
	require.Equal(t, 4, r.Foreign)
	require.Zero(t, r.Ours)
}

func TestMaildir_MissingFolder(t *testing.T) {
	t.Parallel()
	m := newMaildir(t)
	m.box.Folders = mailbox.NewFolders([]string{"INBOX", "Quarantine"})
	m.deliver("new/1.a", message(m.send(), 1))
	r := m.scan()
	requireError(t, r.Err, smtperr.ClassLocalError, smtperr.ReasonNotFound, smtperr.PhaseMailbox)
	require.False(t, r.Complete)
	require.Equal(t, []string{"arrived inbox"}, m.states(), "the other folder is read")

	m.box.Folders = mailbox.DefaultFolders()
	require.NoError(t, os.RemoveAll(filepath.Join(m.dir, ".Junk")))
	require.Empty(t, m.scanned(), "Junk is optional")

	m.box.Folders = mailbox.NewFolders([]string{"../../etc"})
	require.Error(t, m.scan().Err)
	m.box.Folders, m.box.Path = mailbox.DefaultFolders(), filepath.Join(m.dir, "nowhere")
	requireError(t, m.scan().Err, smtperr.ClassLocalError, smtperr.ReasonNotFound, smtperr.PhaseMailbox)
}

func TestMaildir_MaxMessages(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("creates 100,000 files")
	}
	m := newMaildir(t)
	source := m.deliver("tmp/0", foreign)
	for i := range 100_000 {
		if i%10_000 == 9_999 {
			source = m.deliver(fmt.Sprintf("tmp/%d", i), foreign)
		}
		require.NoError(t, os.Link(source, filepath.Join(m.dir, "cur", fmt.Sprintf("%d.a:2,S", i))))
	}
	m.deliver("new/1.ours", message(m.send(), 1))

	start := time.Now()
	r := m.scan()
	require.NoError(t, r.Err)
	require.Equal(t, mailbox.MaxMessages, r.Foreign+r.Ours)
	require.False(t, r.Complete, "the next scan continues")
	require.Equal(t, []string{"arrived inbox"}, m.states())
	require.Less(t, time.Since(start), 9*time.Second)
	r = m.scan()
	require.Equal(t, mailbox.MaxMessages, r.Foreign, "other messages")
}

func TestMaildir_Since(t *testing.T) {
	t.Parallel()
	m := newMaildir(t)
	old := time.Now().Add(-time.Hour)
	require.NoError(t, os.Chtimes(m.deliver("cur/1.a:2,S", foreign), old, old))
	r := m.scan()
	require.True(t, r.Complete)
	require.Zero(t, r.Foreign, "older than the oldest message in flight")
}

func TestMaildir_LineFeeds(t *testing.T) {
	t.Parallel()
	m := newMaildir(t)
	one, two := m.send(), m.send()
	m.deliver("new/1.a", strings.ReplaceAll(message(one, 1), "\r\n", "\n"))
	m.deliver("new/2.a", strings.ReplaceAll(bounce(two), "\r\n", "\n"))
	require.ElementsMatch(t, []string{"arrived inbox", "bounced none"}, m.scanned())
}

func TestMaildir_Delete_Found(t *testing.T) {
	t.Parallel()
	m := newMaildir(t)
	m.box.Delete = true
	signed := m.send()
	m.elapsed = 16 * time.Minute
	require.Equal(t, []string{"lost none"}, m.scanned())
	path := m.deliver("new/1.a", message(signed, 1))
	require.Equal(t, []string{"found inbox"}, m.scanned())
	require.NoFileExists(t, path)
}

func TestMaildir_Unreadable(t *testing.T) {
	t.Parallel()
	if os.Geteuid() == 0 || runtime.GOOS == "windows" {
		t.Skip("file permissions have no effect")
	}
	m := newMaildir(t)
	require.NoError(t, os.Chmod(m.deliver("new/1.a", foreign), 0))
	m.deliver("new/2.a", message(m.send(), 1))
	m.send()
	m.elapsed = time.Hour
	for range 2 {
		requireError(t, m.scan().Err, smtperr.ClassLocalError, smtperr.ReasonPermission, smtperr.PhaseMailbox)
	}
	require.Len(t, m.states(), 1, "the other message arrives and none is lost")
}
