package smtpprobe_test

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// FuzzServer compares the engine with a strict, independent implementation of RFC
// 5321: a session is a success only if each command got an accepting reply, no
// command is sent out of sync, and no session exceeds its timeout by more than a
// second.
func FuzzServer(f *testing.F) {
	for _, program := range [][]byte{
		{}, {0, 0, 9, 0}, {1, 0, 1, 1, 1, 1, 1, 1, 1}, {2, 2, 2, 2, 2, 2, 2, 2, 2}, {4, 4, 4, 4, 4, 4, 4, 4, 4},
		{0, 0, 0, 0, 5, 0}, {0, 0, 0, 0, 5, 6}, {0, 7}, {0, 5}, {5}, {6}, {13}, {15}, {16, 4},
		{0, 0, 0, 10, 1}, {0, 0, 0, 0, 10, 0}, {0, 0, 0, 0, 0, 0, 10, 2}, {0, 0, 0, 0, 0, 0, 0, 10, 1}, {0, 0, 0, 0, 0, 0, 0, 10, 4},
		{0, 0, 0, 0, 0, 0, 8, 62}, {0, 0, 0, 8, 125}, {0, 0, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9}, {0, 0, 3}, {18, 0, 200},
		{0, 11, 12, '2', '5', '0', ' ', 'x', '\r', '\n', '2', '2', '0', '\r', '\n'},
		{0, 14}, {0, 0, 0, 0, 0, 0, 0, 14}, {0, 17, 9},
	} {
		f.Add(program, false)
		f.Add(program, true)
	}
	f.Fuzz(func(t *testing.T, program []byte, lmtp bool) {
		const (
			timeout   = 200 * time.Millisecond
			quitGrace = time.Second
			tolerance = 500 * time.Millisecond // other tests run at the same time
		)
		relay := newProgramRelay(program, lmtp)
		r := relay.probe(t, smtpprobe.Prober{Timeout: timeout})
		requireConsistent(t, r)
		require.Less(t, r.Total, timeout+quitGrace+tolerance)
		want := &reference{lmtp: lmtp}
		require.NoError(t, want.check(relay.exchanges), "%q", relay.exchanges)
		if r.Err == nil {
			require.True(t, want.delivered, "success without accepting replies: %q", relay.exchanges)
			return
		}
		if code := failure(r).Code(); code != 0 {
			require.Contains(t, want.codes, code, "a reply that was not sent: %q", relay.exchanges)
		}
		timeouts := []smtperr.Class{smtperr.ClassReadTimeout, smtperr.ClassWriteTimeout, smtperr.ClassLocalError}
		if want.delivered && want.quit && !relay.faulty && !slices.Contains(timeouts, failure(r).Class) {
			require.NoError(t, r.Err, "%q", relay.exchanges)
		}
	})
}

// FuzzPieces runs the same session twice: with replies in single writes, and in
// pieces of one to three bytes. The results must be equal.
func FuzzPieces(f *testing.F) {
	for i, program := range [][]byte{
		{}, {1, 1, 1, 1, 1, 1, 1, 1, 1}, {2, 2, 2, 2, 2, 2, 2, 2, 2}, {3, 0, 3, 3, 3, 3, 3}, {0, 0, 9, 9, 0}, {0, 0, 0, 0, 5, 6},
		{0, 7}, {13}, {0, 13}, {16, 4}, {0, 16, 30}, {0, 0, 8, 130}, {18, 0, 200}, {0, 0, 18, '\r', 0},
		{11, 7, 0x15, 3, 1, 0, 2, 2, 10}, {11, 9, 'S', 'S', 'H', '-', '2', '.', '0', '\r', '\n'}, {11, 8, '2', '5', '0', '\r', '\r', '\r', '\n', 'x'},
	} {
		f.Add(program, uint8(i), i%2 == 1)
	}
	f.Fuzz(func(t *testing.T, program []byte, size uint8, lmtp bool) {
		prober := smtpprobe.Prober{Timeout: 2 * time.Second, ReadTimeout: 300 * time.Millisecond}
		probe := func(pieces int) string {
			relay := newProgramRelay(program, lmtp)
			relay.single, relay.pieces = true, pieces
			return describe(relay.probe(t, prober))
		}
		var want, got string
		for range 3 { // on a busy machine a reply may take longer than ReadTimeout
			if want, got = probe(0), probe(1+int(size%3)); want == got {
				return
			}
		}
		require.Equal(t, want, got)
	})
}

// describe returns the parts of a result that do not depend on time.
func describe(r *smtpprobe.Result) string {
	var b strings.Builder
	if e := failure(r); e != nil {
		fmt.Fprintf(&b, "%s/%s in %s, code %d, unknown %v", e.Class, e.Reason, e.Phase, e.Code(), e.OutcomeUnknown)
	}
	fmt.Fprintf(&b, " %v %v", r.Warnings, r.MessageAccepted)
	for _, p := range r.Phases {
		fmt.Fprintf(&b, " %s:%d:%v", p.Phase, p.Code, p.Complete)
	}
	return b.String()
}

// reference is an independent implementation of the client's rules. It checks a
// session by the commands and the replies only.
type reference struct {
	lmtp      bool
	accepted  int   // recipients
	codes     []int // of all complete replies
	delivered bool  // all commands up to the message were accepted
	quit      bool  // and so was QUIT
}

// check returns an error if a command must not follow the previous replies.
func (ref *reference) check(exchanges []exchange) error {
	good := true
	for i, x := range exchanges {
		replies, rest := parseReplies(x.reply)
		ref.codes = append(ref.codes, replies...)
		expected := 1
		if ref.lmtp && x.command == "." {
			expected = ref.accepted
		}
		complete := len(replies) == expected && rest == ""
		notice := len(replies) == expected+1 && replies[expected] == 421 && rest == "" && x.command != "DATA"
		code := 0
		if len(replies) > 0 {
			code = replies[0]
		}
		if i+1 < len(exchanges) {
			next := exchanges[i+1].command
			switch {
			case notice && next != "QUIT":
				return fmt.Errorf("%q after an unsolicited 421", next)
			case !complete && !notice:
				return fmt.Errorf("%q out of sync after %q", next, x.reply)
			case !notice && !hasAnyPrefix(next, allowedAfter(x.command, code)):
				return fmt.Errorf("%q after the reply %d to %q", next, code, x.command)
			}
		}
		if strings.HasPrefix(x.command, "RCPT") && code/100 == 2 {
			ref.accepted++
		}
		good = ref.accept(x.command, replies, expected, good && !notice && (complete || x.command == "."))
	}
	if n := len(exchanges); n > 0 && exchanges[n-1].command == "QUIT" {
		replies, rest := parseReplies(exchanges[n-1].reply)
		ref.quit = ref.delivered && len(replies) == 1 && rest == ""
	}
	return nil
}

func hasAnyPrefix(s string, prefixes []string) bool {
	return slices.ContainsFunc(prefixes, func(prefix string) bool { return strings.HasPrefix(s, prefix) })
}

// accept reports whether the session can still be a success after the replies to a
// command.
func (ref *reference) accept(command string, replies []int, expected int, good bool) bool {
	if !good || len(replies) < expected {
		return false
	}
	verb, _, _ := strings.Cut(command, " ")
	for _, code := range replies[:expected] {
		accepts := code/100 == 2
		switch verb {
		case "":
			accepts = code == 220
		case "EHLO", "LHLO", "MAIL", "RCPT", ".", "RSET", "QUIT":
		case "HELO":
			accepts = false // there is no AUTH without EHLO
		case "DATA":
			accepts = code/100 == 3
		default:
			accepts = code == 235 || code == 334
		}
		if !accepts {
			return verb == "QUIT"
		}
	}
	switch verb {
	case ".":
		ref.delivered = ref.accepted == 2
	case "RSET":
		return false
	}
	return true
}

// allowedAfter returns the prefixes of the commands that may follow a complete reply
// to a command. There are none after a reply that violates the protocol.
func allowedAfter(command string, code int) []string {
	verb, _, _ := strings.Cut(command, " ")
	refused := code/100 == 4 || code/100 == 5
	switch {
	case verb == "QUIT":
		return nil
	case code == 421:
		return []string{"QUIT"}
	case verb == "*": // AUTH was canceled
		return []string{"QUIT"}
	}
	rules := map[string]struct{ accepted, refused []string }{
		"":     {[]string{"EHLO ", "LHLO "}, []string{"QUIT"}},
		"EHLO": {[]string{"AUTH ", "QUIT"}, []string{"HELO ", "QUIT"}},
		"LHLO": {[]string{"AUTH ", "QUIT"}, []string{"QUIT"}},
		"HELO": {[]string{"QUIT"}, []string{"QUIT"}},
		"MAIL": {[]string{"RCPT "}, []string{"QUIT"}},
		"RCPT": {[]string{"RCPT ", "DATA"}, []string{"RCPT ", "DATA", "RSET"}},
		"DATA": {[]string{"."}, []string{"RSET", "QUIT"}},
		".":    {[]string{"QUIT"}, []string{"QUIT"}},
		"RSET": {[]string{"QUIT"}, []string{"QUIT"}},
	}
	rule, isCommand := rules[verb]
	switch {
	case !isCommand && code == 235: // AUTH or a response
		return []string{"MAIL "}
	case !isCommand && code == 334:
		return []string{""} // any response
	case !isCommand && refused:
		return []string{"QUIT"}
	case isCommand && refused:
		return rule.refused
	case verb == "" && code == 220, verb == "DATA" && code/100 == 3, verb != "" && verb != "DATA" && isCommand && code/100 == 2:
		return rule.accepted
	}
	return nil
}

// parseReplies returns the codes of the complete replies in a text, and the rest.
func parseReplies(text string) (codes []int, rest string) {
	pending := 0 // the code of an incomplete reply
	rest = text
	for {
		line, after, complete := strings.Cut(text, "\n")
		if !complete {
			return codes, rest
		}
		code, last, err := parseReplyLine(line)
		if err != nil || pending != 0 && code != pending {
			return codes, rest
		}
		text, pending = after, code
		if last {
			codes, pending, rest = append(codes, code), 0, after
		}
	}
}

var errNotReply = errors.New("not a line of a reply")

func parseReplyLine(line string) (code int, last bool, err error) {
	line = strings.TrimSuffix(line, "\r")
	if bare := strings.TrimRight(line, "\r"); len(bare) == 3 {
		line = bare
	}
	if len(line) < 3 || strings.Trim(line[:3], "0123456789") != "" {
		return 0, false, errNotReply
	}
	code, err = strconv.Atoi(line[:3])
	if err != nil || code < 200 || code > 599 {
		return 0, false, errNotReply
	}
	switch {
	case len(line) == 3, line[3] == ' ':
		return code, true, nil
	case line[3] == '-':
		return code, false, nil
	}
	return 0, false, errNotReply
}
