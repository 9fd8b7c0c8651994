package mailflow_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/mailflow"
)

var (
	sent = time.Date(2026, 11, 25, 10, 0, 0, 0, time.UTC)
	flow = mailflow.FlowID("agent", "relay")
)

func newToken() mailflow.Token {
	return mailflow.Token{Flow: flow, Run: "00c0ffee", Seq: 1, Sent: sent}
}

func newReader(t testing.TB) *mailflow.Reader {
	t.Helper()
	return mailflow.NewReader(newKey(t), []string{flow}, []string{"mx.example.org"})
}

// arrivedAfter returns the origin of a message that arrived in the inbox after a
// time.
func arrivedAfter(d time.Duration) mailflow.Origin {
	return mailflow.Origin{Folder: mailflow.FolderInbox, Arrived: sent.Add(d), Seen: sent.Add(d).Add(time.Second)}
}

// header returns the header of a test message with additional lines at the top.
func header(t testing.TB, lines ...string) []byte {
	t.Helper()
	lines = append(lines, "From: probe@example.com", "X-Smtpprobe-Id: "+newKey(t).Sign(newToken()), "Message-Id: <a@example.com>", "", "")
	return []byte(strings.Join(lines, "\r\n"))
}

func received(by, with string, at time.Duration) string {
	return fmt.Sprintf("Received: from there.example.net (there [192.0.2.1])\r\n\tby %s (Postfix) with %s id 123\r\n\tfor <a@example.org>; %s",
		by, with, sent.Add(at).Format(time.RFC1123Z))
}

func TestReader_Header_Path(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		lines []string
		want  mailflow.Path
	}{
		{
			name: "no Received field",
		},
		{
			name: "three hops",
			lines: []string{
				received("mail.example.org", "LMTP", 31*time.Second),
				received("mx1.provider.co.uk", "ESMTPS", 30*time.Second),
				received("relay.example.com", "ESMTPSA", time.Second),
			},
			want: mailflow.Path{Hops: 3, Encrypted: 2, Slowest: "provider.co.uk", SlowestTime: 29 * time.Second},
		},
		{
			name:  "transmission type in lower case",
			lines: []string{received("mail.example.org", "esmtps", 3*time.Second)},
			want:  mailflow.Path{Hops: 1, Encrypted: 1, Slowest: "example.org", SlowestTime: 3 * time.Second},
		},
		{
			name:  "transmission type in a comment",
			lines: []string{"Received: by mail.example.org (with ESMTPS) with SMTP; " + sent.Format(time.RFC1123Z)},
			want:  mailflow.Path{Hops: 1, Slowest: "example.org"},
		},
		{
			name: "one second backward",
			lines: []string{
				received("b.example.org", "LMTP", time.Second),
				received("a.example.com", "SMTP", 2*time.Second),
			},
			want: mailflow.Path{Hops: 2, Slowest: "example.com", SlowestTime: 2 * time.Second},
		},
		{
			name: "fast clock",
			lines: []string{
				received("b.example.org", "LMTP", 2*time.Second),
				received("a.example.com", "SMTP", time.Hour),
			},
			want: mailflow.Path{Hops: 2, Skewed: true},
		},
		{
			name:  "hop in the future",
			lines: []string{received("a.example.com", "SMTP", 2*time.Hour)},
			want:  mailflow.Path{Hops: 1, Skewed: true},
		},
		{
			name: "invalid dates",
			lines: []string{
				"Received: by a.example.org with SMTP; Fri, 31 Feb 2026 99:00:00 +0000",
				"Received: by b.example.org with SMTP",
				"Received: by c.example.org with SMTP; ;;;",
				"Received: ((((((((((((",
				"Received: by \"quoted; with ESMTPS",
				"Received:",
				received("relay.example.com", "SMTP", time.Second),
			},
			want: mailflow.Path{Hops: 7, Slowest: "example.com", SlowestTime: time.Second},
		},
		{
			name:  "address literal as host",
			lines: []string{received("[192.0.2.7]", "SMTP", time.Second)},
			want:  mailflow.Path{Hops: 1, Slowest: "other", SlowestTime: time.Second},
		},
		{
			name:  "markup as host",
			lines: []string{received("<script>", "SMTP", time.Second)},
			want:  mailflow.Path{Hops: 1, Slowest: "other", SlowestTime: time.Second},
		},
		{
			name:  "one label as host",
			lines: []string{received("MAIL", "SMTP", time.Second)},
			want:  mailflow.Path{Hops: 1, Slowest: "mail", SlowestTime: time.Second},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s, kind := newReader(t).Header(header(t, tt.lines...), arrivedAfter(40*time.Second))
			require.Equal(t, mailflow.Ours, kind)
			require.Equal(t, tt.want, s.Path)
			require.Equal(t, newToken().Seq, s.Token.Seq)
			require.Equal(t, 40*time.Second, s.Delay)
			require.Equal(t, "<a@example.com>", s.MessageID)
		})
	}
}

func TestReader_Header_ReceivedLoop(t *testing.T) {
	t.Parallel()
	var lines []string
	for range 400 {
		lines = append(lines, received("loop.example.org", "ESMTPS", time.Second))
	}
	s, kind := newReader(t).Header(header(t, lines[:300]...), arrivedAfter(time.Minute))
	require.Equal(t, mailflow.Ours, kind)
	require.Equal(t, 300, s.Path.Hops)
	require.LessOrEqual(t, s.Path.Encrypted, 100, "at most 100 fields are parsed")
}

func TestReader_Header_Delay(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name          string
		arrived, seen time.Duration
		want          time.Duration
	}{
		{name: "clocks agree", arrived: 3 * time.Second, seen: 5 * time.Second, want: 3 * time.Second},
		{name: "slow clock of the mailbox", arrived: -time.Hour, seen: 5 * time.Second, want: 0},
		{name: "fast clock of the mailbox", arrived: time.Hour, seen: 5 * time.Second, want: 5 * time.Second},
		{name: "local clock set back", arrived: time.Second, seen: -time.Second, want: 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s, _ := newReader(t).Header(header(t), mailflow.Origin{Arrived: sent.Add(tt.arrived), Seen: sent.Add(tt.seen)})
			require.Equal(t, tt.want, s.Delay)
		})
	}
	s, _ := newReader(t).Header(header(t), mailflow.Origin{Seen: sent.Add(5 * time.Second)})
	require.Equal(t, 5*time.Second, s.Delay, "the time of arrival is unknown")
}

func TestReader_Header_Foreign(t *testing.T) {
	t.Parallel()
	valid := newKey(t).Sign(newToken())
	other := newToken()
	other.Flow = "ffffffff"
	tests := []struct{ name, header string }{
		{name: "empty", header: ""},
		{name: "NUL bytes", header: strings.Repeat("\x00", 1<<16)},
		{name: "another message", header: "From: a@example.org\r\nSubject: hello\r\n\r\n"},
		{name: "random id", header: "X-Smtpprobe-Id: J2DLHDXA5S6GNAWVVGPZ6HQXXN\r\n\r\n"},
		{name: "two tokens", header: "X-Smtpprobe-Id: " + valid + "\r\nX-Smtpprobe-Id: " + valid + "\r\n\r\n"},
		{name: "another flow", header: "X-Smtpprobe-Id: " + newKey(t).Sign(other) + "\r\n\r\n"},
		{name: "malformed line", header: "garbage\r\nX-Smtpprobe-Id: " + valid + "\r\n\r\n"},
		{name: "token in the body", header: "From: a@example.org\r\n\r\nX-Smtpprobe-Id: " + valid + "\r\n\r\n"},
		{name: "token in the middle of a field", header: "Subject: a X-Smtpprobe-Id: " + valid + "\r\n\r\n"},
		{name: "token after 10 MiB of header", header: strings.Repeat("X-A: "+strings.Repeat("a", 900)+"\r\n", 11000) + "X-Smtpprobe-Id: " + valid + "\r\n\r\n"},
		{name: "token after a field of 10 MiB", header: "X-A: " + strings.Repeat("a", 10<<20) + "\r\nX-Smtpprobe-Id: " + valid + "\r\n\r\n"},
		{name: "10,000 fields", header: strings.Repeat("a:\r\n", 10000) + "X-Smtpprobe-Id: " + valid + "\r\n\r\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, kind := newReader(t).Header([]byte(tt.header), arrivedAfter(time.Second))
			require.Equal(t, mailflow.Foreign, kind)
		})
	}
}

func TestReader_Header_LongHeader(t *testing.T) {
	t.Parallel()
	valid := newKey(t).Sign(newToken())
	_, kind := newReader(t).Header([]byte("X-Smtpprobe-Id: "+valid+"\r\nX-A: "+strings.Repeat("a", 10<<20)), arrivedAfter(time.Second))
	require.Equal(t, mailflow.Ours, kind, "the rest of a long header is ignored")
	_, kind = newReader(t).Header([]byte("X-Smtpprobe-Id: "+valid+"\n\n"+strings.Repeat("line\n", 10000)), arrivedAfter(time.Second))
	require.Equal(t, mailflow.Ours, kind, "the body is ignored")
}

func TestReader_Header_CopyID(t *testing.T) {
	t.Parallel()
	copyID := func(lines ...string) string {
		s, kind := newReader(t).Header(header(t, lines...), arrivedAfter(time.Second))
		require.Equal(t, mailflow.Ours, kind)
		return s.CopyID
	}
	one, two := received("mail.example.org", "LMTP id 1", time.Second), received("mail.example.org", "LMTP id 2", time.Second)
	below := received("relay.example.com", "SMTP", 0)
	require.Equal(t, copyID(one, below), copyID("X-Moved: yes", one, below), "the same delivery")
	require.NotEqual(t, copyID(one, below), copyID(two, below), "two deliveries")
}

func TestReader_Header_Checks(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		lines []string
		want  mailflow.Checks
	}{
		{
			name:  "all methods",
			lines: []string{"Authentication-Results: mx.example.org;\r\n\tdkim=pass header.d=example.com;\r\n\tspf=softfail smtp.mailfrom=a@example.com;\r\n\tdmarc=fail header.from=example.com"},
			want:  mailflow.Checks{SPF: "softfail", DKIM: "pass", DMARC: "fail"},
		},
		{
			name:  "untrusted server",
			lines: []string{"Authentication-Results: evil.example.net; dkim=pass; spf=pass; dmarc=pass"},
		},
		{
			name: "forged field below",
			lines: []string{
				"Authentication-Results: MX.example.org; spf=fail",
				"Authentication-Results: mx.example.org; spf=pass",
			},
			want: mailflow.Checks{SPF: "fail"},
		},
		{
			name:  "results in a comment",
			lines: []string{"Authentication-Results: mx.example.org; spf=fail (mx: domain of evil; dkim=pass; dmarc=pass does not designate)"},
			want:  mailflow.Checks{SPF: "fail"},
		},
		{
			name:  "results in a quoted string",
			lines: []string{`Authentication-Results: mx.example.org; spf=fail smtp.mailfrom="a; dkim=pass ;"@example.com`},
			want:  mailflow.Checks{SPF: "fail"},
		},
		{
			name:  "two signatures",
			lines: []string{"Authentication-Results: mx.example.org 1; dkim=fail header.d=a.example; dkim=pass header.d=b.example"},
			want:  mailflow.Checks{DKIM: "pass"},
		},
		{
			name:  "unknown results",
			lines: []string{"Authentication-Results: mx.example.org; spf=wonderful; dkim=; dmarc"},
		},
		{
			name:  "none",
			lines: []string{"Authentication-Results: mx.example.org; none"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s, kind := newReader(t).Header(header(t, tt.lines...), arrivedAfter(time.Second))
			require.Equal(t, mailflow.Ours, kind)
			require.Equal(t, tt.want, s.Checks)
		})
	}
	t.Run("no server is trusted", func(t *testing.T) {
		t.Parallel()
		r := mailflow.NewReader(newKey(t), []string{flow}, nil)
		s, _ := r.Header(header(t, "Authentication-Results: mx.example.org; spf=pass"), arrivedAfter(time.Second))
		require.Zero(t, s.Checks)
	})
}

func FuzzReceived(f *testing.F) {
	f.Add("from a (b (c) \\( d) by mail.example.org with ESMTPS id 1 for <a@b>; Wed, 25 Nov 2026 10:00:01 +0000 (UTC)")
	f.Add("by \"(\" with; ; ;")
	f.Fuzz(func(t *testing.T, value string) {
		value = strings.NewReplacer("\r", " ", "\n", " ").Replace(value)
		s, kind := newReader(t).Header(header(t, "Received: "+value), arrivedAfter(time.Minute))
		if kind != mailflow.Ours {
			return
		}
		require.Equal(t, 1, s.Path.Hops)
		require.Regexp(t, `^[a-z0-9.-]*$`, s.Path.Slowest)
		require.GreaterOrEqual(t, s.Path.SlowestTime, time.Duration(0))
		require.LessOrEqual(t, s.Path.SlowestTime, 63*time.Second)
	})
}

func FuzzAuthenticationResults(f *testing.F) {
	f.Add("mx.example.org; spf=pass smtp.mailfrom=a@b; dkim=fail (a;b) header.d=c; dmarc=none")
	f.Add("mx.example.org 1 ; =;;;==; arc=pass header.oldest-pass=x")
	f.Fuzz(func(t *testing.T, value string) {
		value = strings.NewReplacer("\r", " ", "\n", " ").Replace(value)
		s, _ := newReader(t).Header(header(t, "Authentication-Results: "+value), arrivedAfter(time.Minute))
		for _, result := range []string{s.Checks.SPF, s.Checks.DKIM, s.Checks.DMARC} {
			require.Regexp(t, `^[a-z]*$`, result)
		}
	})
}
