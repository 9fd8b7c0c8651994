package smtpprobe_test

import (
	"bytes"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// separator separates the replies of FuzzSession. A reply without a line end is
// sent together with the next one.
const separator = "\x1e"

// FuzzSession runs a session with a relay that sends arbitrary replies. It is only
// a success if each reply accepts its command, at least by the first digit (RFC
// 5321 §4.3.2). The result is always consistent and bounded.
func FuzzSession(f *testing.F) {
	replies := func(list ...string) []byte { return []byte(strings.Join(list, separator)) }
	const ehlo = "250-relay\r\n250-AUTH PLAIN LOGIN\r\n250-SIZE 1000\r\n250 8BITMIME\r\n"
	for _, seed := range [][]byte{
		replies("220 hi\r\n", ehlo, "235 ok\r\n", "250 ok\r\n", "250 ok\r\n", "251 ok\r\n", "354 go\r\n", "250 ok\r\n", "221 bye\r\n"),
		replies("220 hi\r\n", ehlo, "235 ok\r\n", "250 ok\r\n", "550 5.1.1 no\r\n", "250 ok\r\n", "354 go\r\n", "250 ok\r\n", "221 bye\r\n"),
		replies("220 hi\r\n", ehlo, "334 \r\n", "334 eA==\r\n", "235 ok\r\n", "250 ok\r\n", "450 no\r\n", "450 no\r\n", "250 ok\r\n", "221 bye\r\n"),
		replies("220-a\n", "220 b\n", ehlo, "235\r\n", "250\r\n", "250\r\n", "250\r\n", "354\r\n", "250\r\n", "250 late\r\n", "221\r\n"),
		replies("220 hi\r\n", "502 no\r\n", "250 ok\r\n"),
		replies("220 hi\r\n", ehlo+"220 more\r\n"),
		replies("220 hi\r\n", ehlo, "535 no\r\n", "221 bye\r\n"),
		replies("220 hi\r\n", ehlo, "235 ok\r\n", "421 bye\r\n"),
		replies("554 no\r\n", "221 bye\r\n"),
		replies("220 hi\r\n", "250-a\r\n251 b\r\n"),
		replies("SSH-2.0-x\r\n"), replies("\x15\x03\x01\x00\x02\x02\x16"), replies("220 \x00\x80\r\r\n"), replies("2", "2", "0", " hi\r\n"), replies(""),
	} {
		f.Add(seed, false)
		f.Add(bytes.Replace(seed, []byte("250 ok\r\n"+separator+"221"), []byte("250 ok\r\n250 ok\r\n"+separator+"221"), 1), true)
	}
	f.Fuzz(func(t *testing.T, stream []byte, lmtp bool) {
		relay := &fakeRelay{lmtp: lmtp, next: sequence(strings.Split(string(stream), separator))}
		r := relay.probe(t, smtpprobe.Prober{Timeout: 5 * time.Second, ReadTimeout: 20 * time.Millisecond})
		requireConsistent(t, r)
		requireValidCommands(t, relay.exchanges)
		if r.Err == nil {
			requireAccepted(t, relay.exchanges)
		}
	})
}

// sequence returns steps that send the texts in order, up to a line end each, and
// close the connection after the last one.
func sequence(texts []string) func(string) step {
	return func(string) step {
		s := step{}
		for len(texts) > 0 && !strings.HasSuffix(s.reply, "\n") {
			s.reply += texts[0]
			texts = texts[1:]
		}
		if len(texts) == 0 {
			s.then = closeConn
		}
		return s
	}
}

// validCommand matches the lines that the probe may send, including responses to
// the challenges of AUTH.
var validCommand = regexp.MustCompile(`^(EHLO probe\.test|HELO probe\.test|LHLO probe\.test|AUTH [A-Z0-9-]+( [A-Za-z0-9+/=]+)?|[A-Za-z0-9+/]*={0,2}|\*|` +
	`MAIL FROM:<alice@example\.org>.*|RCPT TO:<(bob|carol)@example\.org>.*|DATA|\.|RSET|QUIT)$`)

// requireValidCommands checks that the client sent only valid commands, AUTH at most
// once, and nothing after QUIT.
func requireValidCommands(t *testing.T, exchanges []exchange) {
	t.Helper()
	attempts := 0
	for i, x := range exchanges {
		require.Regexp(t, validCommand, x.command)
		if strings.HasPrefix(x.command, "AUTH ") {
			attempts++
		}
		if x.command == "QUIT" {
			require.Len(t, exchanges, i+1)
		}
	}
	require.LessOrEqual(t, attempts, 1)
}

// accepting has the codes with which the session continues after a command.
var accepting = []struct{ command, codes string }{
	{"", `220`},
	{"EHLO", `2\d\d`}, {"HELO", `2\d\d`}, {"LHLO", `2\d\d`},
	{"AUTH", `235|334`}, {"MAIL", `2\d\d`}, {"RCPT", `2\d\d`}, {"DATA", `3\d\d`}, {".", `2\d\d`},
}

// requireAccepted checks that all replies up to that to the message accept their
// command. It does not use the reader of the engine.
func requireAccepted(t *testing.T, exchanges []exchange) {
	t.Helper()
	sent := false
	inAuth := false
	for _, x := range exchanges {
		command := x.command
		if command == "QUIT" || command == "RSET" {
			break
		}
		sent = sent || command == "."
		inAuth = (inAuth || strings.HasPrefix(command, "AUTH ")) && !strings.HasPrefix(command, "MAIL ")
		if inAuth {
			command = "AUTH"
		}
		for _, a := range accepting {
			if a.command == "" && command != "" || !strings.HasPrefix(command, a.command) {
				continue
			}
			pattern := `(?s)^` + replyPattern(a.codes)
			switch a.command {
			case ".": // with LMTP, replies for other recipients follow
			case "EHLO": // HELO follows a refusal
				pattern = `(?s)^(?:` + replyPattern(a.codes) + `|` + replyPattern(`5\d\d`) + `)$`
			default:
				pattern += `$`
			}
			require.Regexp(t, pattern, x.reply, "after %q", command)
		}
	}
	require.True(t, sent, "no message was sent")
}

// replyPattern matches a reply with any number of lines.
func replyPattern(codes string) string {
	return `(?:(?:` + codes + `)-[^\n]*\n)*(?:` + codes + `)(?:[ \t][^\n]*|\r*)\n`
}

// requireConsistent checks what is true of every result of fakeRelay.probe.
func requireConsistent(t *testing.T, r *smtpprobe.Result) {
	t.Helper()
	require.LessOrEqual(t, len(r.Transcript), 201)
	for _, line := range r.Transcript {
		requirePrintable(t, line.Text)
	}
	complete := make(map[smtperr.Phase]bool)
	for _, p := range r.Phases {
		require.NotContains(t, complete, p.Phase, "duplicate phase")
		complete[p.Phase] = p.Complete
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
		require.True(t, complete[smtperr.PhaseGreeting] && complete[smtperr.PhaseDot])
		require.NotNil(t, r.Reply)
		return
	}
	e := failure(r)
	require.False(t, r.Expected)
	require.NotEqual(t, smtperr.ClassNone, e.Class)
	require.NotEqual(t, smtperr.ClassUnknown, e.Class, "%v", r.Err)
	require.Contains(t, smtperr.Phases(), e.Phase)
	require.Contains(t, complete, e.Phase, "the phase of the error was not reached")
	requirePrintable(t, e.Error())
	require.Less(t, len(e.Error()), 1024)
	if e.Reply == nil && e.Code() == 0 && e.Class != smtperr.ClassNotSupported {
		require.False(t, complete[e.Phase], "%v: complete without a reply", r.Err)
	}
}

// requirePrintable checks that a text is one line without control characters and
// secrets.
func requirePrintable(t *testing.T, text string) {
	t.Helper()
	for _, c := range text {
		require.False(t, c < ' ' || c == 0x7f || c >= 0x80 && c < 0xa0, "%q", text)
	}
	require.NotContains(t, text, "secret-pw")
}
