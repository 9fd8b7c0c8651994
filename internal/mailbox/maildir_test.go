package mailbox_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/mailbox"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// maildir is a Maildir++ with a folder Junk.
type maildir struct {
	*bench
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
	return &maildir{bench: newBench(t, box), dir: dir, box: box}
}

func (m *maildir) deliver(name, content string) string {
	m.t.Helper()
	path := filepath.Join(m.dir, name)
	require.NoError(m.t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

func TestMaildir_Look(t *testing.T) {
	t.Parallel()
	m := newMaildir(t)
	one, two, three := m.send(), m.send(), m.send()
	m.deliver("new/1.a", message(one, 1))
	m.deliver("new/2.a", foreign)
	m.deliver(".Junk/cur/3.a:2,S", message(two, 1))
	m.deliver("new/4.a", bounce(three))
	r := m.look()
	require.NoError(t, r.Err)
	require.Equal(t, 3, r.Ours)
	require.Equal(t, 1, r.Foreign)
	require.True(t, r.Complete)
	require.ElementsMatch(t, []string{"arrived inbox", "arrived junk", "bounced none"}, m.states())
	require.Equal(t, m.dir, m.box.Source())

	require.NoError(t, os.Rename(filepath.Join(m.dir, "new", "1.a"), filepath.Join(m.dir, "cur", "1.a:2,S")))
	r = m.look()
	require.Zero(t, r.Ours+r.Foreign, "a message that was read is not read again")
	require.Empty(t, m.states())

	m.deliver("new/5.a", message(one, 2))
	require.Equal(t, []string{"duplicate inbox"}, m.looked())
	require.FileExists(t, filepath.Join(m.dir, "new", "5.a"), "nothing is deleted unless it is to be")
}

func TestMaildir_Restart(t *testing.T) {
	t.Parallel()
	m := newMaildir(t)
	m.deliver("new/1.a", message(m.send(), 1))
	require.Equal(t, []string{"arrived inbox"}, m.looked())
	m.ledger.Arrivals()
	require.NoError(t, m.ledger.Save())

	m.restart()
	m.watcher.Mailbox = &mailbox.Maildir{Path: m.dir, Folders: mailbox.DefaultFolders()}
	require.Empty(t, m.looked(), "it is read again, and known")
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
	r := m.look()
	require.ErrorContains(t, r.Store, "no space left")
	require.False(t, r.Complete)
	require.FileExists(t, ours, "not before it is settled on disk")

	m.store.full = false
	m.looked()
	require.NoFileExists(t, ours)
	require.NoFileExists(t, report)
	for _, path := range kept {
		require.FileExists(t, path)
	}
	require.EqualValues(t, 1, m.ledger.Flows()[0].Counters.Arrived)
}

func TestMaildir_Delete_OfAnotherProcess(t *testing.T) {
	t.Parallel()
	m := newMaildir(t)
	m.box.Delete = true
	path := m.deliver("new/1.a", message(m.send(), 1))
	clear(m.store.sections) // a ledger that knows nothing of it
	m.restart()
	r := m.look()
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
	r := m.look()
	require.NoError(t, r.Err)
	require.True(t, r.Complete)
	require.Equal(t, 4, r.Foreign)
	require.Zero(t, r.Ours)
}

func TestMaildir_Missing(t *testing.T) {
	t.Parallel()
	m := newMaildir(t)
	m.box.Folders = mailbox.NewFolders([]string{"INBOX", "Quarantine"})
	m.deliver("new/1.a", message(m.send(), 1))
	r := m.look()
	requireError(t, r.Err, smtperr.ClassLocalError, smtperr.ReasonNotFound, smtperr.PhaseMailbox)
	require.False(t, r.Complete)
	require.Equal(t, []string{"arrived inbox"}, m.states(), "the other folder is read")

	m.box.Folders = mailbox.DefaultFolders()
	require.NoError(t, os.RemoveAll(filepath.Join(m.dir, ".Junk")))
	require.Empty(t, m.looked(), "the folder Junk need not be there")

	m.box.Folders = mailbox.NewFolders([]string{"../../etc"})
	require.Error(t, m.look().Err)
	m.box.Folders, m.box.Path = mailbox.DefaultFolders(), filepath.Join(m.dir, "nowhere")
	requireError(t, m.look().Err, smtperr.ClassLocalError, smtperr.ReasonNotFound, smtperr.PhaseMailbox)
}

func TestMaildir_Many(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("makes 100,000 files")
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
	r := m.look()
	require.NoError(t, r.Err)
	require.Equal(t, mailbox.MaxMessages, r.Foreign+r.Ours)
	require.False(t, r.Complete, "the rest is for the next looks")
	require.Equal(t, []string{"arrived inbox"}, m.states())
	require.Less(t, time.Since(start), 9*time.Second)
	r = m.look()
	require.Equal(t, mailbox.MaxMessages, r.Foreign, "others than before")
}

func TestMaildir_Old(t *testing.T) {
	t.Parallel()
	m := newMaildir(t)
	old := time.Now().Add(-time.Hour)
	require.NoError(t, os.Chtimes(m.deliver("cur/1.a:2,S", foreign), old, old))
	r := m.look()
	require.True(t, r.Complete)
	require.Zero(t, r.Foreign, "from before the oldest message in flight")
}

func TestMaildir_LineFeeds(t *testing.T) {
	t.Parallel()
	m := newMaildir(t)
	one, two := m.send(), m.send()
	m.deliver("new/1.a", strings.ReplaceAll(message(one, 1), "\r\n", "\n"))
	m.deliver("new/2.a", strings.ReplaceAll(bounce(two), "\r\n", "\n"))
	require.ElementsMatch(t, []string{"arrived inbox", "bounced none"}, m.looked())
}

func TestMaildir_Delete_Found(t *testing.T) {
	t.Parallel()
	m := newMaildir(t)
	m.box.Delete = true
	signed := m.send()
	m.skipped = 16 * time.Minute
	require.Equal(t, []string{"lost none"}, m.looked())
	path := m.deliver("new/1.a", message(signed, 1))
	require.Equal(t, []string{"found inbox"}, m.looked())
	require.NoFileExists(t, path)
}
