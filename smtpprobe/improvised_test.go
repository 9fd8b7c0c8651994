package smtpprobe_test

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
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

// improvised is a server whose replies are chosen by the bytes of a program: one
// move for each command. When the program is used up, its replies are the due
// ones. It serves one session.
type improvised struct {
	address string
	lmtp    bool
	program []byte
	// single makes the server send nothing beyond one reply, and that at once.
	single bool
	// pieces, if positive, is the size of the writes that a reply is split into.
	pieces int

	accepted  int // recipients
	inMessage bool
	turns     []exchanged
	unfair    bool // it was late, silent or gone: a failure may be its own
}

// exchanged is one command, and all that the server sent after it. The first one
// has no command: it is the greeting. A message is the command ".".
type exchanged struct{ command, answer string }

// move is what the server does after one command.
type move struct {
	text   string
	slowly bool // the first bytes of the text one by one
	end    ending
}

// ending is what the server does after the text.
type ending int

const (
	goOn       ending = iota
	hangUp            // close the connection
	fallSilent        // say nothing more until the client leaves
)

// probe runs one session with the server.
func (s *improvised) probe(t *testing.T, prober smtpprobe.Prober) *smtpprobe.Result {
	t.Helper()
	s.address = filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", s.address)
	require.NoError(t, err)
	var running sync.WaitGroup
	running.Go(func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		s.serve(conn)
	})
	prober.Helo = "probe.test"
	r := prober.Probe(context.Background(), smtpprobe.Target{Socket: s.address, LMTP: s.lmtp}, smtpprobe.Plan{
		Depth: smtpprobe.DepthSend, From: alice, To: []string{bob, carol}, Transcript: smtpprobe.TranscriptAlways,
		Auth: &smtpprobe.Auth{Username: "user", Password: "secret-pw", Cleartext: true},
	})
	l.Close()
	running.Wait()
	return r
}

func (s *improvised) serve(conn net.Conn) {
	in := bufio.NewReader(conn)
	command := ""
	for {
		m := s.next(command)
		s.turns = append(s.turns, exchanged{command, m.text})
		s.unfair = s.unfair || m.slowly || m.end != goOn
		if !s.say(conn, m) || m.end == hangUp {
			return
		}
		line, err := s.read(in, m.text)
		if err != nil {
			return
		}
		command = line
		if m.end == fallSilent {
			s.turns = append(s.turns, exchanged{command, ""})
			_, _ = in.WriteTo(io.Discard) //nolint:errcheck // until the client leaves
			return
		}
	}
}

// read returns the next command without its line end, "." for a message.
func (s *improvised) read(in *bufio.Reader, said string) (string, error) {
	inMessage := s.inMessage && strings.HasPrefix(said, "3")
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

func (s *improvised) say(conn net.Conn, m move) bool {
	text := m.text
	if m.slowly {
		// The end comes in one piece, so that the client cannot go on before all
		// of it is there.
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

// next chooses the move after a command. With LMTP a message has one for each
// accepted recipient; they are sent in one piece.
func (s *improvised) next(command string) move {
	replies := 1
	if s.lmtp && command == "." {
		replies = max(s.accepted, 1)
	}
	var all move
	for range replies {
		m := s.choose(command)
		if s.single {
			m.text, m.slowly = firstReply(m.text), false
		}
		all.text += m.text
		all.slowly = all.slowly || m.slowly && replies == 1
		if all.end = m.end; all.end != goOn {
			break
		}
	}
	if strings.HasPrefix(command, "RCPT") && strings.HasPrefix(all.text, "2") {
		s.accepted++
	}
	s.inMessage = command == "DATA"
	return all
}

// take returns the next byte of the program, 0 at its end.
func (s *improvised) take() int {
	if len(s.program) == 0 {
		return 0
	}
	b := s.program[0]
	s.program = s.program[1:]
	return int(b)
}

// choose is one move.
func (s *improvised) choose(command string) move {
	code, due := dueReply(command)
	switch s.take() % 20 {
	case 1:
		return move{text: code + "\r\n"}
	case 2:
		return move{text: strings.ReplaceAll(due, "\r\n", "\n")}
	case 3:
		return move{text: fmt.Sprintf("%s-first\r\n%s-second\r\n%s third\r\n", code, code, code)}
	case 4:
		return move{text: due, slowly: true}
	case 5:
		return move{text: "550 5.7.1 not you\r\n"}
	case 6:
		return move{text: "451 4.3.0 not now\r\n"}
	case 7:
		return move{text: "421 4.3.2 going down\r\n"}
	case 8:
		return move{text: fmt.Sprintf("%03d any\r\n", s.take()*4%1000)}
	case 9:
		return move{text: "334 dXNlcg==\r\n"}
	case 10:
		extras := []string{"250 more\r\n", "421 4.4.2 idle\r\n", "550 no\r\n", "junk\r\n", "25", "\r\n", "421-more\r\n"}
		return move{text: due + extras[s.take()%len(extras)]}
	case 11, 12:
		n := min(s.take()%64, len(s.program))
		text := string(s.program[:n])
		s.program = s.program[n:]
		return move{text: text}
	case 13:
		return move{text: code + "-first\r\n250 other\r\n"}
	case 14:
		return move{end: fallSilent}
	case 15:
		return move{end: hangUp}
	case 16:
		return move{text: due[:s.take()%len(due)], end: hangUp}
	case 17:
		return move{text: due[:s.take()%len(due)], end: fallSilent}
	case 18:
		return move{text: code + " " + string([]byte{byte(s.take()), byte(s.take())}) + "\r\n"}
	}
	return move{text: due}
}

// dueReply is the reply that accepts a command, and its code.
func dueReply(command string) (code, reply string) {
	verb, _, _ := strings.Cut(command, " ")
	switch verb {
	case "":
		return "220", "220 improvised.test ready\r\n"
	case "EHLO", "LHLO":
		return "250", "250-improvised.test\r\n250-AUTH PLAIN LOGIN\r\n250 8BITMIME\r\n"
	case "DATA":
		return "354", "354 go ahead\r\n"
	case "HELO", "MAIL", "RCPT", "RSET", ".":
		return "250", "250 2.0.0 ok\r\n"
	case "QUIT":
		return "221", "221 2.0.0 bye\r\n"
	}
	return "235", "235 2.7.0 welcome\r\n" // AUTH, and the responses of its exchange
}
