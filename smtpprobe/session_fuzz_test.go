package smtpprobe_test

import (
	"bufio"
	"bytes"
	"context"
	"net"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// turn separates what the peer of FuzzSession says after one line from what it
// says after the next. What lacks a line end is followed by the next at once.
const turn = "\x1e"

// FuzzSession holds a whole session, AUTH and a message included, with a peer
// that says anything. Whatever that is, a session is only a success if every
// reply was one that accepts, by its first digit at least (RFC 5321 §4.3.2), and what is reported stays bounded.
func FuzzSession(f *testing.F) {
	say := func(turns ...string) []byte { return []byte(strings.Join(turns, turn)) }
	const ehlo = "250-relay\r\n250-AUTH PLAIN LOGIN\r\n250-SIZE 1000\r\n250 8BITMIME\r\n"
	for _, seed := range [][]byte{
		say("220 hi\r\n", ehlo, "235 ok\r\n", "250 ok\r\n", "250 ok\r\n", "251 ok\r\n", "354 go\r\n", "250 ok\r\n", "221 bye\r\n"),
		say("220 hi\r\n", ehlo, "235 ok\r\n", "250 ok\r\n", "550 5.1.1 no\r\n", "250 ok\r\n", "354 go\r\n", "250 ok\r\n", "221 bye\r\n"),
		say("220 hi\r\n", ehlo, "334 \r\n", "334 eA==\r\n", "235 ok\r\n", "250 ok\r\n", "450 no\r\n", "450 no\r\n", "250 ok\r\n", "221 bye\r\n"),
		say("220-a\n", "220 b\n", ehlo, "235\r\n", "250\r\n", "250\r\n", "250\r\n", "354\r\n", "250\r\n", "250 late\r\n", "221\r\n"),
		say("220 hi\r\n", "502 no\r\n", "250 ok\r\n"),
		say("220 hi\r\n", ehlo+"220 more\r\n"),
		say("220 hi\r\n", ehlo, "535 no\r\n", "221 bye\r\n"),
		say("220 hi\r\n", ehlo, "235 ok\r\n", "421 bye\r\n"),
		say("554 no\r\n", "221 bye\r\n"),
		say("220 hi\r\n", "250-a\r\n251 b\r\n"),
		say("SSH-2.0-x\r\n"), say("\x15\x03\x01\x00\x02\x02\x16"), say("220 \x00\x80\r\r\n"), say("2", "2", "0", " hi\r\n"), say(""),
	} {
		f.Add(seed, false)
		f.Add(bytes.Replace(seed, []byte("250 ok\r\n"+turn+"221"), []byte("250 ok\r\n250 ok\r\n"+turn+"221"), 1), true)
	}
	f.Fuzz(func(t *testing.T, stream []byte, lmtp bool) {
		p := startPeer(t, strings.Split(string(stream), turn))
		prober := smtpprobe.Prober{Helo: "probe.test", Timeout: 5 * time.Second, ReadTimeout: 20 * time.Millisecond}
		target := smtpprobe.Target{Socket: p.address, LMTP: lmtp}
		plan := smtpprobe.Plan{
			Depth: smtpprobe.DepthSend, From: alice, To: []string{bob, carol}, Transcript: smtpprobe.TranscriptAlways,
			Auth: &smtpprobe.Auth{Username: "user", Password: "secret-pw", Cleartext: true},
		}
		r := prober.Probe(context.Background(), target, plan)
		p.close()
		requireSoundResult(t, r)
		p.requireOrderlyClient(t)
		if r.Err == nil {
			p.requireEveryReplyAccepts(t)
		}
	})
}

// peer says its turns and remembers what they answered.
type peer struct {
	address string
	close   func() // and wait

	turns []string
	heard []string // lines, but for the message's
	said  []string // what followed each of them; the greeting is the first
}

func startPeer(t *testing.T, turns []string) *peer {
	t.Helper()
	p := &peer{address: filepath.Join(t.TempDir(), "s"), turns: turns}
	l, err := net.Listen("unix", p.address)
	require.NoError(t, err)
	var running sync.WaitGroup
	running.Go(func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		p.talk(conn)
	})
	p.close = func() {
		l.Close()
		running.Wait()
	}
	return p
}

func (p *peer) talk(conn net.Conn) {
	in := bufio.NewReader(conn)
	for {
		text, more := p.next()
		p.said = append(p.said, text)
		if _, err := conn.Write([]byte(text)); err != nil || !more {
			return
		}
		inMessage := strings.HasPrefix(text, "3") && p.last() == "DATA\r\n"
		for {
			line, err := in.ReadString('\n')
			if err != nil {
				return
			}
			if !inMessage {
				p.heard = append(p.heard, line)
				break
			}
			if line == ".\r\n" {
				p.heard = append(p.heard, line)
				break
			}
		}
	}
}

func (p *peer) last() string {
	if len(p.heard) == 0 {
		return ""
	}
	return p.heard[len(p.heard)-1]
}

// next is what is said now; the connection ends with the last of it.
func (p *peer) next() (text string, more bool) {
	for len(p.turns) > 0 {
		text, p.turns = text+p.turns[0], p.turns[1:]
		if strings.HasSuffix(text, "\n") {
			break
		}
	}
	return text, len(p.turns) > 0
}

var (
	// commandLine are the lines that the probe may send, responses to AUTH's
	// challenges included.
	commandLine = regexp.MustCompile(`^(EHLO probe\.test|HELO probe\.test|LHLO probe\.test|AUTH [A-Z0-9-]+( [A-Za-z0-9+/=]+)?|[A-Za-z0-9+/]*={0,2}|\*|` +
		`MAIL FROM:<probe@example\.org>.*|MAIL FROM:<alice@example\.org>.*|RCPT TO:<(bob|carol)@example\.org>.*|DATA|\.|RSET|QUIT)\r\n$`)

	// accepting are the replies after which a session goes on to its goal, by
	// the beginning of what they answer.
	accepting = []struct{ command, codes string }{
		{"", `220`},
		{"EHLO", `2\d\d`}, {"HELO", `2\d\d`}, {"LHLO", `2\d\d`},
		{"AUTH", `235|334`}, {"MAIL", `2\d\d`}, {"RCPT", `2\d\d`}, {"DATA", `3\d\d`}, {".", `2\d\d`},
	}
)

// requireOrderlyClient: nothing but whole commands was sent, at most one AUTH,
// and nothing after QUIT.
func (p *peer) requireOrderlyClient(t *testing.T) {
	t.Helper()
	auths := 0
	for i, line := range p.heard {
		require.Regexp(t, commandLine, line)
		if strings.HasPrefix(line, "AUTH ") {
			auths++
		}
		if line == "QUIT\r\n" {
			require.Len(t, p.heard, i+1)
		}
	}
	require.LessOrEqual(t, auths, 1)
}

// requireEveryReplyAccepts holds what the peer said against RFC 5321 §4.3.2,
// line by line and without the engine's reader.
func (p *peer) requireEveryReplyAccepts(t *testing.T) {
	t.Helper()
	require.Contains(t, p.heard, ".\r\n", "a message was sent")
	responses := false // to the challenges of AUTH
	for i, text := range p.said {
		command := ""
		if i > 0 {
			command = p.heard[i-1]
		}
		responses = (responses || strings.HasPrefix(command, "AUTH ")) && !strings.HasPrefix(command, "MAIL ")
		if responses {
			command = "AUTH"
		}
		if command == "QUIT\r\n" || command == "RSET\r\n" {
			break
		}
		for _, a := range accepting {
			if a.command == "" && command != "" || !strings.HasPrefix(command, a.command) {
				continue
			}
			replies := `(?s)^` + reply(a.codes)
			switch a.command {
			case ".": // the goal; in LMTP one for each further recipient follows
			case "EHLO":
				replies = `(?s)^(?:` + reply(a.codes) + `|` + reply(`5\d\d`) + `)$` // HELO comes next
			default:
				replies += `$`
			}
			require.Regexp(t, replies, text, "after %q", command)
		}
	}
}

// reply matches one reply of any number of lines.
func reply(codes string) string {
	return `(?:(?:` + codes + `)-[^\n]*\n)*(?:` + codes + `)(?:[ \t][^\n]*|\r*)\n`
}

// requireSoundResult holds what is true of every result.
func requireSoundResult(t *testing.T, r *smtpprobe.Result) {
	t.Helper()
	require.LessOrEqual(t, len(r.Transcript), 201)
	for _, line := range r.Transcript {
		requireShowable(t, line.Text)
	}
	completed := make(map[smtperr.Phase]bool)
	for _, p := range r.Phases {
		require.NotContains(t, completed, p.Phase, "one entry for each phase")
		completed[p.Phase] = p.Complete
		require.GreaterOrEqual(t, p.Duration, time.Duration(0))
		require.True(t, p.Code == 0 || p.Code >= 200 && p.Code <= 599, p.Code)
	}
	if r.Reply != nil {
		require.LessOrEqual(t, len(r.Reply.Text()), 64<<10)
		require.LessOrEqual(t, len(r.Reply.Lines), 1000)
	}
	if r.Err == nil {
		require.True(t, r.Expected)
		require.True(t, r.MessageAccepted && r.DotSent)
		require.True(t, completed[smtperr.PhaseGreeting] && completed[smtperr.PhaseDot])
		require.NotNil(t, r.Reply)
		return
	}
	require.False(t, r.Expected)
	require.NotEqual(t, smtperr.ClassNone, failure(r).Class)
	require.NotEqual(t, smtperr.ClassUnknown, failure(r).Class, "%v", r.Err)
	require.Contains(t, smtperr.Phases(), failure(r).Phase)
	require.Contains(t, completed, failure(r).Phase, "the phase of the verdict was reached")
	requireShowable(t, failure(r).Error())
	require.Less(t, len(failure(r).Error()), 1024)
	if failure(r).Reply == nil && failure(r).Code() == 0 && failure(r).Class != smtperr.ClassNotSupported {
		require.False(t, completed[failure(r).Phase], "%v: what had no reply has no latency", r.Err)
	}
}

// requireShowable: one line that a terminal does not interpret, and no secret.
func requireShowable(t *testing.T, text string) {
	t.Helper()
	for _, c := range text {
		require.False(t, c < ' ' || c == 0x7f || c >= 0x80 && c < 0xa0, "%q", text)
	}
	require.NotContains(t, text, "secret-pw")
}
