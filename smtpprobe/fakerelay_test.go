package smtpprobe_test

import (
	"bufio"
	"cmp"
	"context"
	"io"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe"
)

// fakeRelay is the server of the fuzz tests. It serves one session, and need not
// follow the protocol.
type fakeRelay struct {
	lmtp bool
	// next returns the step after a command. The first command, "", stands for the
	// connection, and "." for a whole message.
	next func(command string) step

	exchanges []exchange // complete when probe has returned
}

// exchange is a command without its line end, and the text sent after it.
type exchange struct{ command, reply string }

// step is the behavior of a fakeRelay after a command.
type step struct {
	reply  string
	slowly bool // send the first bytes one by one
	pieces int  // size of each write in bytes, 0 for a single write
	then   ending
}

// ending is the behavior of a fakeRelay after its reply.
type ending int

const (
	readCommand ending = iota
	closeConn
	staySilent // until the client closes the connection
)

// probe runs one session with AUTH and a message for two recipients.
func (f *fakeRelay) probe(t *testing.T, prober smtpprobe.Prober) *smtpprobe.Result {
	t.Helper()
	path := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", path)
	require.NoError(t, err)
	var running sync.WaitGroup
	running.Go(func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		f.serve(conn)
	})
	prober.Helo = "probe.test"
	r := prober.Probe(context.Background(), smtpprobe.Target{Socket: path, LMTP: f.lmtp}, smtpprobe.Plan{
		Depth: smtpprobe.DepthSend, From: alice, To: []string{bob, carol}, Transcript: smtpprobe.TranscriptAlways,
		Auth: &smtpprobe.Auth{Username: "user", Password: "secret-pw", Cleartext: true},
	})
	l.Close()
	running.Wait()
	return r
}

func (f *fakeRelay) serve(conn net.Conn) {
	in := bufio.NewReader(conn)
	command := ""
	for {
		s := f.next(command)
		f.exchanges = append(f.exchanges, exchange{command, s.reply})
		if !s.write(conn) || s.then == closeConn {
			return
		}
		inMessage := command == "DATA" && strings.HasPrefix(s.reply, "3")
		var err error
		if command, err = readLine(in, inMessage); err != nil {
			return
		}
		if s.then == staySilent {
			f.exchanges = append(f.exchanges, exchange{command: command})
			_, _ = in.WriteTo(io.Discard) //nolint:errcheck // the client may reset the connection
			return
		}
	}
}

// readLine returns the next line without its line end, within a message the final
// dot.
func readLine(in *bufio.Reader, inMessage bool) (string, error) {
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return "", err
		}
		if line = strings.TrimSuffix(line, "\r\n"); !inMessage || line == "." {
			return line, nil
		}
	}
}

func (s step) write(conn net.Conn) bool {
	text := s.reply
	if s.slowly {
		// The rest is sent in one piece, so that the client cannot continue before
		// all of it has arrived.
		for range min(3, len(text)-1) {
			if _, err := conn.Write([]byte(text[:1])); err != nil {
				return false
			}
			text = text[1:]
			time.Sleep(5 * time.Millisecond)
		}
	}
	size := cmp.Or(s.pieces, len(text))
	for len(text) > 0 {
		n := min(size, len(text))
		if _, err := conn.Write([]byte(text[:n])); err != nil {
			return false
		}
		text = text[n:]
	}
	return true
}
