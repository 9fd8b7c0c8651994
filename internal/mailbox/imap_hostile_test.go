package mailbox_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"maps"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/mailbox"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// imapScript maps the beginning of a command to the untagged responses before its
// OK. If they contain "%s ", it stands for the tag, and no OK is added. "%endless"
// stands for endless output.
type imapScript map[string]string

// defaultScript returns the script of a server with one foreign message in INBOX.
func defaultScript() imapScript {
	return imapScript{
		"greeting":      "* PREAUTH ready\r\n",
		"CAPABILITY":    "* CAPABILITY IMAP4rev1\r\n",
		"EXAMINE INBOX": "* 1 EXISTS\r\n* OK [UIDVALIDITY 1] x\r\n* OK [UIDNEXT 2] x\r\n",
		"EXAMINE":       "%s NO [NONEXISTENT] no such folder\r\n",
		"UID SEARCH":    "* SEARCH 1\r\n",
		"UID FETCH":     "* 1 FETCH (UID 1 BODY[HEADER]<0> {14}\r\nSubject: a\r\n\r\n)\r\n",
		"LOGOUT":        "* BYE bye\r\n",
	}
}

// response returns the response to a command, by the longest matching entry.
func (s imapScript) response(tag, command string) string {
	command = strings.ReplaceAll(command, `"`, "")
	match := ""
	for prefix := range s {
		if strings.HasPrefix(command, prefix) && len(prefix) > len(match) {
			match = prefix
		}
	}
	if text := s[match]; strings.Contains(text, "%s ") {
		return strings.Replace(text, "%s ", tag+" ", 1)
	}
	return s[match] + tag + " OK done\r\n"
}

// start starts a server and returns its mailbox. The server calls write for endless
// output until it fails.
func (s imapScript) start(t *testing.T, write func(w io.Writer) error) *mailbox.IMAP {
	t.Helper()
	serving, roots := certificates(t)
	l, err := tls.Listen("tcp", "127.0.0.1:0", serving)
	require.NoError(t, err)
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go s.serve(c, write)
		}
	}()
	return &mailbox.IMAP{Address: l.Addr().String(), TLS: roots, Folders: mailbox.DefaultFolders()}
}

func (s imapScript) serve(c net.Conn, write func(w io.Writer) error) {
	defer c.Close()
	fmt.Fprint(c, s["greeting"])
	lines := bufio.NewScanner(c)
	for lines.Scan() {
		tag, command, _ := strings.Cut(lines.Text(), " ")
		before, after, endless := strings.Cut(s.response(tag, command), "%endless")
		_, err := io.WriteString(c, before)
		if err != nil {
			return
		}
		if !endless {
			continue
		}
		for err == nil {
			err = write(c)
		}
		_, _ = io.WriteString(c, after) //nolint:errcheck // the client may have left
	}
}

// repeat returns a function that writes a text many times.
func repeat(text string) func(io.Writer) error {
	block := []byte(strings.Repeat(text, 1+(1<<16)/len(text)))
	return func(w io.Writer) error {
		_, err := w.Write(block)
		return err
	}
}

// drip writes one byte.
func drip(w io.Writer) error {
	time.Sleep(5 * time.Millisecond)
	_, err := w.Write([]byte("a"))
	return err
}

func TestIMAP_HostileResponses(t *testing.T) {
	t.Parallel()
	const inbox = "* 1 EXISTS\r\n* OK [UIDVALIDITY 1] x\r\n* OK [UIDNEXT 2] x\r\n"
	tests := []struct {
		name             string
		command, respond string
		write            func(io.Writer) error
		timeout          time.Duration
		incomplete       bool
		class            smtperr.Class // ClassNone: the scan is complete
		reason           smtperr.Reason
	}{
		{name: "no anomaly"},
		{
			name: "endless literal", command: "UID FETCH", respond: "* 1 FETCH (UID 1 BODY[HEADER]<0> {4000000000}\r\n%endless",
			write: repeat("a"), class: smtperr.ClassProtocolError, reason: smtperr.ReasonReplyTooLong,
		},
		{
			name: "literals without end", command: "UID FETCH", respond: "%endless",
			write: repeat("* 1 FETCH (UID 1 BODY[HEADER]<0> {60000}\r\n" + strings.Repeat("a", 60000) + ")\r\n"),
			class: smtperr.ClassProtocolError, reason: smtperr.ReasonReplyTooLong,
		},
		{
			name: "endless line", command: "UID SEARCH", respond: "* SEARCH%endless",
			write: repeat(" 1234567890"), class: smtperr.ClassProtocolError, reason: smtperr.ReasonReplyTooLong,
		},
		{
			name: "endless text", command: "EXAMINE INBOX", respond: "* OK %endless",
			write: repeat("a"), class: smtperr.ClassProtocolError, reason: smtperr.ReasonReplyTooLong,
		},
		{
			name: "endless responses", command: "EXAMINE INBOX", respond: "%endless",
			write: repeat("* 1 EXISTS\r\n"), class: smtperr.ClassProtocolError, reason: smtperr.ReasonReplyTooLong,
		},
		{
			name: "nested body structure", command: "EXAMINE INBOX", respond: "* 1 FETCH (BODYSTRUCTURE %endless",
			write: repeat("("), class: smtperr.ClassProtocolError, reason: smtperr.ReasonBadCode,
		},
		{
			name: "nested body structure after a literal", command: "EXAMINE INBOX",
			respond: "* 1 FETCH (BODY[HEADER] {3}\r\n(((\r\n BODYSTRUCTURE %endless",
			write:   repeat(`(("a" "b" NIL NIL NIL "7bit" 1)`), class: smtperr.ClassProtocolError, reason: smtperr.ReasonBadCode,
		},
		{
			name: "response code over two lines", command: "EXAMINE INBOX", respond: "* OK [X \r\n* OK {9999999}\r\n] x\r\n" + inbox + "%s OK done\r\n",
			class: smtperr.ClassProtocolError, reason: smtperr.ReasonBadCode,
		},
		{
			name: "drip-fed responses", command: "UID SEARCH", respond: "* OK %endless",
			write: drip, timeout: 300 * time.Millisecond, class: smtperr.ClassReadTimeout, reason: smtperr.ReasonNoReply,
		},
		{
			name: "malformed envelope", command: "UID FETCH", respond: `* 1 FETCH (UID 1 ENVELOPE (NIL "a" ((NIL NIL` + "\r\n",
			class: smtperr.ClassProtocolError, reason: smtperr.ReasonBadCode,
		},
		{
			name: "malformed internal date", command: "UID FETCH", respond: `* 1 FETCH (UID 1 INTERNALDATE "99-Foo-0000 aa:bb:cc")` + "\r\n",
			class: smtperr.ClassProtocolError, reason: smtperr.ReasonBadCode,
		},
		{
			name: "negative literal", command: "UID FETCH", respond: "* 1 FETCH (UID 1 BODY[HEADER] {-1}\r\n)\r\n",
			class: smtperr.ClassProtocolError, reason: smtperr.ReasonBadCode,
		},
		{
			name: "unknown tag", command: "UID SEARCH", respond: "T999 OK done\r\n",
			class: smtperr.ClassProtocolError, reason: smtperr.ReasonBadCode,
		},
		{
			name: "another message than requested", command: "UID FETCH", respond: "* 9 FETCH (UID 9 BODY[HEADER]<0> {14}\r\nSubject: a\r\n\r\n)\r\n* 1 FETCH (UID 1 BODY[HEADER]<0> {14}\r\nSubject: a\r\n\r\n)\r\n",
		},
		{
			name: "message that is gone", command: "UID FETCH", respond: "%s OK done\r\n", incomplete: true,
		},
		{
			name: "unsolicited responses", command: "UID SEARCH",
			respond: "* 1 FETCH (FLAGS (\\Seen))\r\n* 7 EXPUNGE\r\n* 3 EXISTS\r\n* OK [ALERT] ((( \"unbalanced {3}\r\n" +
				`* 1 FETCH (ENVELOPE ("d" "s (" NIL NIL NIL NIL NIL NIL NIL "<a@b>"))` + "\r\n* SEARCH 1 5 4294967295\r\n",
		},
		{
			name: "BYE", command: "UID SEARCH", respond: "* BYE [UNAVAILABLE] shutting down\r\n%endless",
			write: func(w io.Writer) error { return w.(net.Conn).Close() }, class: smtperr.ClassDisconnected, reason: smtperr.ReasonClosed,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			script := defaultScript()
			if tt.command != "" {
				script[tt.command] = tt.respond
			}
			h := newHarness(t, script.start(t, tt.write))
			h.send()
			h.elapsed = time.Hour
			if tt.timeout == 0 {
				tt.timeout = 2 * time.Minute
			}
			ctx, cancel := context.WithTimeout(t.Context(), tt.timeout)
			defer cancel()
			r := h.watcher.Scan(ctx)
			if tt.class == smtperr.ClassNone {
				require.NoError(t, r.Err)
				require.Equal(t, !tt.incomplete, r.Complete)
				if tt.incomplete {
					require.Empty(t, h.states())
					r = h.scan()
				} else {
					require.Equal(t, 1, r.Foreign)
				}
				require.True(t, r.Complete)
				require.Equal(t, []string{"lost none"}, h.states())
				return
			}
			requireError(t, r.Err, tt.class, tt.reason, smtperr.PhaseMailbox)
			require.False(t, r.Complete)
			require.Empty(t, h.states(), "a failed scan decides nothing")
			require.Less(t, len(r.Err.Error()), 300)
		})
	}
}

func TestIMAP_RepeatedCredentials(t *testing.T) {
	t.Parallel()
	script := defaultScript()
	script["CAPABILITY"] = "* CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR\r\n"
	script["AUTHENTICATE PLAIN"] = "%s NO no login as alice with s3cret-word or AGFsaWNlAHMzY3JldC13b3Jk\r\n"
	script["greeting"] = "* OK ready\r\n"
	box := script.start(t, nil)
	box.Credentials = login("alice", "s3cret-word")
	r := newHarness(t, box).scan()
	requireError(t, r.Err, smtperr.ClassAuthFailed, smtperr.ReasonAuthCredentialsInvalid, smtperr.PhaseAuth)
	require.NotContains(t, r.Err.Error(), "s3cret")
	require.NotContains(t, r.Err.Error(), "AHMzY3JldC13b3Jk")
	require.NotContains(t, r.Err.Error(), "alice")
}

func TestIMAP_UnreadableJunk(t *testing.T) {
	t.Parallel()
	const selected = "* 0 EXISTS\r\n* OK [UIDVALIDITY 1] x\r\n* OK [UIDNEXT 1] x\r\n"
	tests := []struct {
		name   string
		script imapScript
		reason smtperr.Reason // of the failure, empty if the scan is complete
	}{
		{name: "no such folder", script: imapScript{"EXAMINE Junk": "%s NO no\r\n"}},
		{
			name:   "refused folder that exists",
			script: imapScript{"EXAMINE Junk": "%s NO [UNAVAILABLE] later\r\n", "LIST  Junk": "* LIST () \"/\" Junk\r\n"},
			reason: smtperr.ReasonRefused,
		},
		{
			name:   "folder with children only",
			script: imapScript{"EXAMINE Junk": "%s NO no\r\n", "LIST  Junk": "* LIST (\\Noselect) \"/\" Junk\r\n"},
		},
		{
			name: "refused folder of the special use",
			script: imapScript{
				"CAPABILITY": "* CAPABILITY IMAP4rev1 SPECIAL-USE\r\n", "LIST  *": "* LIST (\\Junk) \"/\" Bulk\r\n",
				"EXAMINE Bulk": "%s NO [NOPERM] no\r\n",
			},
			reason: smtperr.ReasonAccessDenied,
		},
		{
			name: "special use without LIST-EXTENDED",
			script: imapScript{
				"CAPABILITY": "* CAPABILITY IMAP4rev1 SPECIAL-USE\r\n", "LIST  *": "* LIST (\\Junk) \"/\" Bulk\r\n",
				"EXAMINE Bulk": selected,
			},
		},
		{
			name:   "refused LIST of the special use",
			script: imapScript{"CAPABILITY": "* CAPABILITY IMAP4rev1 SPECIAL-USE LIST-EXTENDED\r\n", "LIST (SPECIAL-USE)": "%s NO [LIMIT] later\r\n"},
			reason: smtperr.ReasonRefused,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			script := defaultScript()
			maps.Copy(script, tt.script)
			h := newHarness(t, script.start(t, nil))
			h.send()
			h.elapsed = time.Hour
			r := h.scan()
			if tt.reason == "" {
				require.NoError(t, r.Err)
				require.Equal(t, []string{"lost none"}, h.states())
				return
			}
			requireError(t, r.Err, smtperr.ClassResponseError, tt.reason, smtperr.PhaseMailbox)
			require.Empty(t, h.states(), "the message may be in the junk folder")
		})
	}
}
