package smtpprobe_test

import (
	"bytes"
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

// FuzzServer compares the engine with a second, strict reading of RFC 5321 that
// shares no code with it: a session is a success only if each command got its
// proper reply, nothing is sent out of sync, and no session outlasts its timeout
// by more than a second.
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
			timeout = 200 * time.Millisecond
			grace   = time.Second            // of QUIT
			busy    = 500 * time.Millisecond // this machine may run other tests
		)
		server := &improvised{program: program, lmtp: lmtp}
		r := server.probe(t, smtpprobe.Prober{Timeout: timeout})
		requireSoundResult(t, r)
		require.Less(t, r.Total, timeout+grace+busy)
		own := &oracle{lmtp: lmtp}
		require.NoError(t, own.follow(server.turns), "%q", server.turns)
		if r.Err == nil {
			require.True(t, own.delivered, "a success without the proper replies: %q", server.turns)
			return
		}
		if code := failure(r).Code(); code != 0 {
			require.Contains(t, own.codes, code, "a reply that was not sent: %q", server.turns)
		}
		late := []smtperr.Class{smtperr.ClassReadTimeout, smtperr.ClassWriteTimeout, smtperr.ClassLocalError}
		if own.delivered && own.parted && !server.unfair && !slices.Contains(late, failure(r).Class) {
			require.NoError(t, r.Err, "%q", server.turns)
		}
	})
}

// FuzzPieces compares two sessions with one and the same server: once its replies
// come in one piece, once in pieces of one to three bytes. Nothing that is
// reported may depend on that.
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
		var want, got string
		for range 3 { // a busy machine may miss a timeout, though not each time
			whole := &improvised{program: program, lmtp: lmtp, single: true}
			split := &improvised{program: program, lmtp: lmtp, single: true, pieces: 1 + int(size%3)}
			want, got = reported(whole.probe(t, prober)), reported(split.probe(t, prober))
			if want == got {
				return
			}
		}
		require.Equal(t, want, got)
	})
}

// reported is what must be the same in both sessions.
func reported(r *smtpprobe.Result) string {
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

// oracle is the second reading of a session. It knows what the server sent and
// which commands it got, and nothing of the engine.
type oracle struct {
	lmtp      bool
	accepted  int
	codes     []int // of all complete replies
	delivered bool  // every step up to the message was accepted
	parted    bool  // and nothing was wrong afterwards
}

// follow is an error if a command was sent that must not follow what came before.
func (o *oracle) follow(turns []exchanged) error {
	good := true
	for i, turn := range turns {
		replies, rest := parseReplies(turn.answer)
		o.codes = append(o.codes, replies...)
		due := 1
		if o.lmtp && turn.command == "." {
			due = o.accepted
		}
		next, sent := "", i+1 < len(turns)
		if sent {
			next = turns[i+1].command
		}
		whole := len(replies) == due && rest == ""
		notice := len(replies) == due+1 && replies[due] == 421 && rest == "" && turn.command != "DATA"
		code := 0
		if len(replies) > 0 {
			code = replies[0]
		}
		switch {
		case sent && notice && next != "QUIT":
			return fmt.Errorf("%q sent after the relay's notice of leaving", next)
		case sent && !whole && !notice:
			return fmt.Errorf("%q sent out of sync after %q", next, turn.answer)
		case sent && !notice && !slices.ContainsFunc(allowed(turn.command, code), func(beginning string) bool { return strings.HasPrefix(next, beginning) }):
			return fmt.Errorf("%q sent after %q was answered %d", next, turn.command, code)
		}
		if strings.HasPrefix(turn.command, "RCPT") && code/100 == 2 {
			o.accepted++
		}
		good = o.judge(turn.command, replies, due, good && !notice && (whole || turn.command == "."))
	}
	if n := len(turns); n > 0 && turns[n-1].command == "QUIT" {
		replies, rest := parseReplies(turns[n-1].answer)
		o.parted = o.delivered && len(replies) == 1 && rest == ""
	}
	return nil
}

// judge reports whether the session is still on the way to a success.
func (o *oracle) judge(command string, replies []int, due int, good bool) bool {
	if !good || len(replies) < due {
		return false
	}
	verb, _, _ := strings.Cut(command, " ")
	for _, code := range replies[:due] {
		accepts := code/100 == 2
		switch verb {
		case "":
			accepts = code == 220
		case "EHLO", "LHLO", "MAIL", "RCPT", ".", "RSET", "QUIT":
		case "HELO":
			accepts = false // no AUTH there
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
		o.delivered = o.accepted == 2
	case "RSET":
		return false
	}
	return true
}

// allowed are the beginnings of what may be sent after the complete reply to a
// command. A reply that breaks the protocol allows nothing.
func allowed(command string, code int) []string {
	verb, _, _ := strings.Cut(command, " ")
	refused := code/100 == 4 || code/100 == 5
	switch {
	case verb == "QUIT":
		return nil
	case code == 421:
		return []string{"QUIT"}
	case verb == "*": // AUTH was given up, whatever the reply
		return []string{"QUIT"}
	}
	steps := map[string]struct {
		accepted []string
		refused  []string
	}{
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
	step, known := steps[verb]
	switch {
	case !known && code == 235: // AUTH, or a response of its exchange
		return []string{"MAIL "}
	case !known && code == 334:
		return []string{""} // any response
	case !known && refused:
		return []string{"QUIT"}
	case known && refused:
		return step.refused
	case verb == "" && code == 220, verb == "DATA" && code/100 == 3, verb != "" && verb != "DATA" && known && code/100 == 2:
		return step.accepted
	}
	return nil
}

// parseReplies reads complete replies, and what follows the last of them.
func parseReplies(answer string) (codes []int, rest string) {
	pending := 0 // the code of a reply that goes on
	rest = answer
	for {
		line, after, complete := strings.Cut(answer, "\n")
		if !complete {
			return codes, rest
		}
		code, last, err := parseLine(line)
		if err != nil || pending != 0 && code != pending {
			return codes, rest
		}
		answer, pending = after, code
		if last {
			codes, pending, rest = append(codes, code), 0, after
		}
	}
}

var errNoReply = errors.New("not a line of a reply")

func parseLine(line string) (code int, last bool, err error) {
	line = strings.TrimSuffix(line, "\r")
	if bare := strings.TrimRight(line, "\r"); len(bare) == 3 {
		line = bare
	}
	if len(line) < 3 || strings.Trim(line[:3], "0123456789") != "" {
		return 0, false, errNoReply
	}
	code, err = strconv.Atoi(line[:3])
	if err != nil || code < 200 || code > 599 {
		return 0, false, errNoReply
	}
	switch {
	case len(line) == 3, line[3] == ' ':
		return code, true, nil
	case line[3] == '-':
		return code, false, nil
	}
	return 0, false, errNoReply
}

// firstReply cuts an answer behind its first reply, or behind the line that is
// none.
func firstReply(answer string) string {
	end := 0
	for line := range bytes.Lines([]byte(answer)) {
		end += len(line)
		if len(line) < 4 || line[3] != '-' {
			break
		}
	}
	return answer[:end]
}
