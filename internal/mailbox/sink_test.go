package mailbox_test

import (
	"bufio"
	"errors"
	"fmt"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/mailbox"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// sink is an open sink with a ledger.
type sink struct {
	*harness
	box *mailbox.Sink
}

func newSink(t *testing.T) *sink {
	t.Helper()
	box := &mailbox.Sink{
		Network: "tcp", Address: "127.0.0.1:0", Host: "sink.example.org",
		Recipients: []string{"probe@example.org", "other@example.org"}, MinUptime: 15 * time.Minute,
	}
	s := &sink{harness: newHarness(t, box), box: box}
	r := s.scan()
	require.NoError(t, r.Err)
	require.False(t, r.Complete, "it was just opened")
	return s
}

// deliver delivers a message and returns the error of the reply, nil for 250.
func (s *sink) deliver(from, to, content string) error {
	s.t.Helper()
	conn, err := net.Dial("tcp", s.box.Addr().String())
	require.NoError(s.t, err)
	c := smtp.NewClientLMTP(conn)
	defer c.Close()
	require.NoError(s.t, c.Hello("relay.example.com"))
	require.NoError(s.t, c.Mail(from, nil))
	require.NoError(s.t, c.Rcpt(to, nil))
	w, err := c.Data()
	require.NoError(s.t, err)
	_, err = w.Write([]byte(content))
	require.NoError(s.t, err)
	return w.Close()
}

func requireReply(t *testing.T, err error, code int) {
	t.Helper()
	if code == 250 {
		require.NoError(t, err)
		return
	}
	var reply *smtp.SMTPError
	var each smtp.LMTPDataError
	if errors.As(err, &each) {
		reply = slices.Collect(maps.Values(each))[0]
	} else {
		require.ErrorAs(t, err, &reply)
	}
	require.Equal(t, code, reply.Code)
}

func TestSink_Deliver(t *testing.T) {
	t.Parallel()
	s := newSink(t)
	one, two := s.send(), s.send()
	delivered := message(one, 1)
	requireReply(t, s.deliver("probe@example.com", "probe@example.org", delivered), 250)
	require.Equal(t, []string{"arrived inbox"}, s.states(), "settled before the reply")
	requireReply(t, s.deliver("probe@example.com", "Probe@Example.org", delivered), 250)
	require.Empty(t, s.states(), "the same copy again, as after a lost reply")
	requireReply(t, s.deliver("probe@example.com", "probe@example.org", message(one, 2)), 250)
	require.Equal(t, []string{"duplicate inbox"}, s.states())
	requireReply(t, s.deliver("", "other@example.org", bounce(two)), 250)
	require.Equal(t, []string{"bounced none"}, s.states())

	for name, content := range map[string]string{
		"foreign message":      foreign,
		"forged token":         message(forged(one), 1),
		"foreign report":       bounce("1.00000000.00000000.1.1.AAAAAAAAAAAAAAAAAAAAAA"),
		"no header":            "\r\nhello\r\n",
		"report with a sender": strings.Replace(bounce(two), "<>", "<a@example.org>", 1),
	} {
		requireReply(t, s.deliver("a@example.net", "probe@example.org", content), 550)
		require.Empty(t, s.states(), name)
	}
	r := s.scan()
	require.Equal(t, 4, r.Ours)
	require.Equal(t, 5, r.Foreign)
	require.Equal(t, "127.0.0.1", s.box.Source())
}

func TestSink_Path(t *testing.T) {
	t.Parallel()
	s := newSink(t)
	requireReply(t, s.deliver("probe@example.com", "probe@example.org", "From a@b Wed\r\n"+message(s.send(), 1)), 250)
	a := s.ledger.Arrivals()
	require.Len(t, a, 1)
	require.Equal(t, 2, a[0].Path.Hops, "the delivery to the sink counts")
	require.False(t, a[0].Path.Skewed)
	require.Less(t, a[0].Delay, 5*time.Second)
}

func TestSink_Recipients(t *testing.T) {
	t.Parallel()
	s := newSink(t)
	conn, err := net.Dial("tcp", s.box.Addr().String())
	require.NoError(t, err)
	c := smtp.NewClientLMTP(conn)
	defer c.Close()
	require.NoError(t, c.Hello("relay.example.com"))
	require.NoError(t, c.Mail("a@example.net", nil))
	requireReply(t, c.Rcpt("postmaster@example.org", nil), 550)
	requireReply(t, c.Rcpt("probe@example.org.evil.example", nil), 550)
	require.NoError(t, c.Rcpt("probe@example.org", nil))
}

func TestSink_EHLO(t *testing.T) {
	t.Parallel()
	s := newSink(t)
	conn, err := net.Dial("tcp", s.box.Addr().String())
	require.NoError(t, err)
	defer conn.Close()
	r := bufio.NewReader(conn)
	greeting, err := r.ReadString('\n')
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(greeting, "220 sink.example.org"), greeting)
	fmt.Fprint(conn, "EHLO a\r\n")
	reply, err := r.ReadString('\n')
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(reply, "5"), reply)
}

func TestSink_FullDisk(t *testing.T) {
	t.Parallel()
	s := newSink(t)
	content := message(s.send(), 1)
	s.store.full = true
	requireReply(t, s.deliver("probe@example.com", "probe@example.org", content), 451)
	requireReply(t, s.deliver("probe@example.com", "probe@example.org", content), 451)
	s.store.full = false
	requireReply(t, s.deliver("probe@example.com", "probe@example.org", content), 250)
	require.Equal(t, []string{"arrived inbox"}, s.states(), "counted once")
}

func TestSink_Lost(t *testing.T) {
	t.Parallel()
	s := newSink(t)
	signed := s.send()
	s.elapsed = 14 * time.Minute
	require.False(t, s.scan().Complete)
	s.elapsed = 15*time.Minute + time.Second
	require.Equal(t, []string{"lost none"}, s.scanned())
	requireReply(t, s.deliver("probe@example.com", "probe@example.org", message(signed, 1)), 250)
	require.Equal(t, []string{"found inbox"}, s.states())
}

func TestSink_Large(t *testing.T) {
	t.Parallel()
	s := newSink(t)
	requireReply(t, s.deliver("probe@example.com", "probe@example.org", message(s.send(), 1)+strings.Repeat(strings.Repeat("a", 70)+"\r\n", 50_000)), 250)
	require.Equal(t, []string{"arrived inbox"}, s.states())
	requireReply(t, s.deliver("a@example.net", "probe@example.org", "Subject: "+strings.Repeat(strings.Repeat("a", 70)+"\r\n ", 50_000)), 550)
}

func TestSink_AddressInUse(t *testing.T) {
	t.Parallel()
	s := newSink(t)
	second := newHarness(t, &mailbox.Sink{Network: "tcp", Address: s.box.Addr().String()})
	r := second.scan()
	requireError(t, r.Err, smtperr.ClassLocalError, "", smtperr.PhaseConnect)
	require.NoError(t, s.box.Close())
	require.NoError(t, second.scan().Err, "the next scan opens the sink")
}

func TestSink_Socket(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "sink")
	box := &mailbox.Sink{Network: "unix", Address: path, Recipients: []string{"a@example.org"}}
	h := newHarness(t, box)
	require.NoError(t, h.scan().Err)
	require.Equal(t, path, box.Source())
	conn, err := net.Dial("unix", path)
	require.NoError(t, err)
	require.NoError(t, conn.Close())

	other := newHarness(t, &mailbox.Sink{Network: "unix", Address: path})
	require.Error(t, other.scan().Err, "the socket is in use")
}

func TestSink_StaleSocket(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "sink")
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	require.NoError(t, err)
	l.SetUnlinkOnClose(false) // as after SIGKILL
	require.NoError(t, l.Close())
	require.NoError(t, newHarness(t, &mailbox.Sink{Network: "unix", Address: path}).scan().Err)

	require.NoError(t, os.WriteFile(path+".file", nil, 0o600))
	require.Error(t, newHarness(t, &mailbox.Sink{Network: "unix", Address: path + ".file"}).scan().Err)
	require.FileExists(t, path+".file")
}
