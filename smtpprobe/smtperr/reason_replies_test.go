package smtperr_test

import (
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// realReply is a row of testdata/replies.tsv.
type realReply struct {
	phase   smtperr.Phase
	session smtperr.Session
	text    string // lines with reply codes, separated by \n
	reasons []string
	faults  []string
}

func realReplies(t *testing.T) []realReply {
	t.Helper()
	content, err := os.ReadFile("testdata/replies.tsv")
	require.NoError(t, err)
	var all []realReply
	for line := range strings.Lines(string(content)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		cells := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		require.Len(t, cells, 6, line)
		session := strings.Split(cells[1], ",")
		all = append(all, realReply{
			phase: smtperr.Phase(cells[0]),
			session: smtperr.Session{
				TLS:               slices.Contains(session, "tls"),
				AuthOffered:       slices.Contains(session, "auth offered"),
				Authenticated:     slices.Contains(session, "authenticated"),
				RecipientAccepted: slices.Contains(session, "rcpt accepted"),
			},
			text: cells[2], reasons: strings.Split(cells[3], "|"), faults: strings.Split(cells[4], "|"),
		})
	}
	return all
}

func (r realReply) reply(t *testing.T) smtperr.Reply {
	t.Helper()
	var code int
	var texts []string
	for line := range strings.SplitSeq(r.text, `\n`) {
		n, err := strconv.Atoi(line[:3])
		require.NoError(t, err, line)
		code, texts = n, append(texts, line[min(4, len(line)):])
	}
	return smtperr.NewReply(code, texts)
}

func TestClassifyReply_RealReplies(t *testing.T) {
	t.Parallel()
	rows := realReplies(t)
	require.Greater(t, len(rows), 250)
	covered := make(map[string]bool)
	for _, row := range rows {
		e := classifyReply(row.phase, row.reply(t), row.session)
		require.NotNil(t, e, row.text)
		assert.Contains(t, row.reasons, string(e.Reason), "%s: %s", row.phase, row.text)
		assert.Contains(t, row.faults, string(e.Fault()), "%s: %s", row.phase, row.text)
		covered[string(e.Reason)] = true
	}
	for _, r := range []smtperr.Reason{
		smtperr.ReasonTLSVersionRejected, smtperr.ReasonQuotaExceeded, smtperr.ReasonRateLimited, smtperr.ReasonClientBlocked,
		smtperr.ReasonRelayDenied, smtperr.ReasonGreylisted, smtperr.ReasonAppPasswordRequired, smtperr.ReasonAuthDisabled,
		smtperr.ReasonAccountLocked, smtperr.ReasonAccountRestricted, smtperr.ReasonRDNS, smtperr.ReasonSenderDomainInvalid,
		smtperr.ReasonSenderUnverifiable, smtperr.ReasonAuthRequired, smtperr.ReasonSenderNotAllowed, smtperr.ReasonAuthChecksFailed,
		smtperr.ReasonTLSRequired, smtperr.ReasonHeloRejected, smtperr.ReasonBareNewline, smtperr.ReasonMalwareSuspected,
		smtperr.ReasonSpamSuspected, smtperr.ReasonContentRejected, smtperr.ReasonMailLoop, smtperr.ReasonSystemFull,
		smtperr.ReasonCongested, smtperr.ReasonIntercepted, smtperr.ReasonMailboxUnavailableTemp,
	} {
		require.True(t, covered[string(r)], "no reply gives %s", r)
	}
}

// The reason does not depend on names, addresses and control characters.
func TestClassifyReply_IgnoredText(t *testing.T) {
	t.Parallel()
	for _, row := range realReplies(t) {
		want := classifyReply(row.phase, row.reply(t), row.session).Reason
		for name, change := range map[string]func(string) string{
			"NUL":           func(s string) string { return s + "\x00" },
			"CR":            func(s string) string { return s + " \r" },
			"invalid UTF-8": func(s string) string { return s + " \xff\xfe" },
			"mail address":  func(s string) string { return s + " <too-many-connections@example.org>" },
			"URL":           func(s string) string { return s + " https://example.org/relay/access/denied" },
			"host name":     func(s string) string { return s + " mail.greylisted.example.org" },
			"brackets":      func(s string) string { return s + " [daily quota exceeded]" },
		} {
			r := row.reply(t)
			last := len(r.Lines) - 1
			r.Lines[last] = change(r.Lines[last])
			require.Equal(t, want, classifyReply(row.phase, r, row.session).Reason, "%s: %s", name, row.text)
		}
	}
}

func TestClassifyReply_LongReply(t *testing.T) {
	t.Parallel()
	filler := strings.Repeat("words without meaning ", 60<<10/len("words without meaning "))
	for _, tt := range []struct {
		name   string
		text   string
		reason smtperr.Reason
	}{
		{name: "known words first", text: "5.7.1 Relay access denied. " + filler, reason: smtperr.ReasonRelayDenied},
		{name: "unknown words", text: "5.7.1 " + filler, reason: smtperr.ReasonNotAuthorized},
		{name: "unclosed brackets", text: "5.7.1 " + strings.Repeat("<[", 30<<10), reason: smtperr.ReasonNotAuthorized},
		{name: "one long word", text: "5.7.1 " + strings.Repeat("relay", 12<<10), reason: smtperr.ReasonNotAuthorized},
		{name: "dots", text: "5.7.1 " + strings.Repeat("a.", 30<<10), reason: smtperr.ReasonNotAuthorized},
		{name: "repeated word", text: "5.7.1 " + strings.Repeat("relay ", 10<<10), reason: smtperr.ReasonNotAuthorized},
	} {
		e := classifyReply(smtperr.PhaseRcpt, reply(550, tt.text), smtperr.Session{})
		require.Equal(t, tt.reason, e.Reason, tt.name)
	}
}

func FuzzClassifyReply_Words(f *testing.F) {
	f.Add("Relay <a@b> access denied: see https://x/y [1.2.3.4] mx.example.org STOREDRV.X:SendAsDenied", uint8(10))
	f.Add("don't isn't TLSv1.0 ::1 a@b.c:d://e <[<]>", uint8(4))
	f.Fuzz(func(t *testing.T, text string, at uint8) {
		phases := smtperr.Phases()
		e := classifyReply(phases[int(at)%len(phases)], smtperr.NewReply(550, strings.Split(text, "\n")), smtperr.Session{})
		require.Contains(t, smtperr.Reasons(), e.Reason)
		require.True(t, utf8.ValidString(e.Advice()))
		require.Less(t, len(e.Advice()), 250)
	})
}
