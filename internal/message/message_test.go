package message_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/quotedprintable"
	"net/mail"
	"net/textproto"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/message"
)

func options() message.Options {
	return message.Options{Envelope: message.Envelope{From: "probe@example.com", To: []string{"ops@example.net"}, Helo: "prober.example.org"}}
}

// transmit returns the bytes of a message as sent after DATA, and without
// dot-stuffing, as a relay receives them.
func transmit(t *testing.T, m message.Message) (sent, received []byte) {
	t.Helper()
	var b bytes.Buffer
	n, err := m.WriteTo(&b)
	require.NoError(t, err)
	require.EqualValues(t, b.Len(), n)
	sent = bytes.Clone(b.Bytes())
	require.NotContains(t, string(sent), "\r\n.\r\n", "the caller sends the final dot")
	require.True(t, bytes.HasSuffix(sent, []byte("\r\n")))

	for line := range strings.SplitAfterSeq(string(sent), "\r\n") {
		require.LessOrEqual(t, len(line), 1000)
		require.NotContains(t, strings.TrimSuffix(line, "\r\n"), "\r")
		require.NotContains(t, strings.TrimSuffix(line, "\r\n"), "\n")
		received = append(received, strings.TrimPrefix(line, ".")...)
	}
	return sent, received
}

func parse(t *testing.T, received []byte) (*mail.Message, string) {
	t.Helper()
	parsed, err := mail.ReadMessage(bytes.NewReader(received))
	require.NoError(t, err)
	body := parsed.Body
	if parsed.Header.Get("Content-Transfer-Encoding") == "quoted-printable" {
		body = quotedprintable.NewReader(body)
	}
	text, err := io.ReadAll(body)
	require.NoError(t, err)
	return parsed, string(text)
}

func TestBuild(t *testing.T) {
	t.Parallel()
	o := options()
	o.Relay = "smtp://mx.example.net:25"
	m, err := message.Build(o)
	require.NoError(t, err)
	require.False(t, m.Needs8Bit)
	require.False(t, m.NeedsSMTPUTF8)

	_, received := transmit(t, m)
	require.Len(t, received, m.Size())
	parsed, body := parse(t, received)
	date, err := parsed.Header.Date()
	require.NoError(t, err)
	require.WithinDuration(t, time.Now(), date, time.Hour)
	require.Equal(t, "<"+m.ProbeID+"@example.com>", m.ID)
	for name, value := range map[string]string{
		"From":                      "probe@example.com",
		"To":                        "ops@example.net",
		"Message-ID":                m.ID,
		"Subject":                   "smtpprobe test message",
		"Auto-Submitted":            "auto-generated",
		"X-Smtpprobe-Id":            m.ProbeID,
		"X-Smtpprobe-Relay":         o.Relay,
		"MIME-Version":              "1.0",
		"Content-Type":              "text/plain; charset=utf-8",
		"Content-Transfer-Encoding": "7bit",
	} {
		require.Equal(t, []string{value}, parsed.Header[textproto.CanonicalMIMEHeaderKey(name)], name)
	}
	require.True(t, bytes.HasPrefix(received, []byte("Date: ")), "Date is the first field")
	require.Contains(t, body, "smtpprobe")

	other, err := message.Build(o)
	require.NoError(t, err)
	require.NotEqual(t, m.ID, other.ID)
	require.Equal(t, m.Size(), other.Size())
}

func TestBuild_NullSender(t *testing.T) {
	t.Parallel()
	for helo, want := range map[string]string{
		"prober.example.org":   "postmaster@prober.example.org",
		"[192.0.2.1]":          "postmaster@[192.0.2.1]",
		"[IPv6:2001:db8::1]":   "postmaster@[IPv6:2001:db8::1]",
		"build_host.localhost": "postmaster@build_host.localhost",
	} {
		o := options()
		o.From, o.Helo = "", helo
		m, err := message.Build(o)
		require.NoError(t, err)
		_, received := transmit(t, m)
		parsed, _ := parse(t, received)
		require.Equal(t, want, parsed.Header.Get("From"))
		require.Equal(t, "<"+m.ProbeID+"@"+helo+">", m.ID)
	}
}

func TestBuild_Encoding(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		change   func(*message.Options)
		encoding string
		body     string
		utf8     bool
	}{
		{name: "ASCII", change: func(o *message.Options) { o.Body = "one\r\ntwo\tthree " }, encoding: "7bit", body: "one\r\ntwo\tthree \r\n"},
		{name: "all kinds of line ends", change: func(o *message.Options) { o.Body = "a\nb\r\nc\rd" }, encoding: "7bit", body: "a\r\nb\r\nc\r\nd\r\n"},
		{name: "UTF-8", change: func(o *message.Options) { o.Body = "Grüße" }, encoding: "quoted-printable", body: "Grüße\r\n"},
		{name: "long line", change: func(o *message.Options) { o.Body = strings.Repeat("x", 999) },
			encoding: "quoted-printable", body: strings.Repeat("x", 999) + "\r\n"},
		{name: "line of maximum length", change: func(o *message.Options) { o.Body = strings.Repeat("x", 998) }, encoding: "7bit", body: strings.Repeat("x", 998) + "\r\n"},
		{name: "NUL", change: func(o *message.Options) { o.Body = "a\x00b" }, encoding: "quoted-printable", body: "a\x00b\r\n"},
		{name: "leading dots", change: func(o *message.Options) { o.Body = ".\n..\n.a\n" }, encoding: "7bit", body: ".\r\n..\r\n.a\r\n"},
		{name: "internationalized local part", change: func(o *message.Options) { o.Body, o.To = "x", []string{"büro@example.net"} }, encoding: "7bit", body: "x\r\n", utf8: true},
		{name: "internationalized domain", change: func(o *message.Options) { o.Body, o.To = "x", []string{"a@bücher.example"} }, encoding: "7bit", body: "x\r\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			o := options()
			tt.change(&o)
			m, err := message.Build(o)
			require.NoError(t, err)
			require.Equal(t, tt.utf8, m.NeedsSMTPUTF8)
			require.Equal(t, tt.utf8, m.Needs8Bit)
			sent, received := transmit(t, m)
			require.Len(t, received, m.Size(), "the size is counted before dot-stuffing")
			parsed, body := parse(t, received)
			require.Equal(t, tt.encoding, parsed.Header.Get("Content-Transfer-Encoding"))
			require.Equal(t, tt.body, body)
			if !tt.utf8 {
				require.NotRegexp(t, `[^\x00-\x7f]`, string(sent))
			}
		})
	}
}

func TestMessage_WriteTo_DotStuffing(t *testing.T) {
	t.Parallel()
	o := options()
	o.Body = "a\n.\n.b\n"
	m, err := message.Build(o)
	require.NoError(t, err)
	sent, received := transmit(t, m)
	require.True(t, bytes.HasSuffix(sent, []byte("\r\n\r\na\r\n..\r\n..b\r\n")))
	require.Len(t, sent, len(received)+2)
	// Package textproto decodes it to the same text.
	text, err := textproto.NewReader(bufio.NewReader(io.MultiReader(bytes.NewReader(sent), strings.NewReader(".\r\n")))).ReadDotBytes()
	require.NoError(t, err)
	require.Equal(t, strings.ReplaceAll(string(received), "\r\n", "\n"), string(text))
}

func TestBuild_Size(t *testing.T) {
	t.Parallel()
	for _, body := range []string{"", "short", "Grüße", "ends with a dot line\n."} {
		o := options()
		o.Body = body
		smallest, err := message.MinSize(o)
		require.NoError(t, err)
		for size := smallest; size < smallest+200; size++ {
			o.Size = size
			m, err := message.Build(o)
			require.NoError(t, err)
			require.Equal(t, size, m.Size())
			sent, received := transmit(t, m)
			require.Len(t, received, size)
			padding := sent[len(sent)-(size-smallest):]
			require.NotContains(t, string(padding), ".")
		}
		o.Size = smallest - 1
		_, err = message.Build(o)
		require.ErrorContains(t, err, fmt.Sprintf("need %d", smallest))
		again, err := message.MinSize(o)
		require.NoError(t, err)
		require.Equal(t, smallest, again, "MinSize ignores Size")
	}
}

func TestMessage_WriteTo_Large(t *testing.T) {
	t.Parallel()
	o := options()
	o.Size = 256 << 20
	m, err := message.Build(o)
	require.NoError(t, err)
	n, err := m.WriteTo(io.Discard)
	require.NoError(t, err)
	require.EqualValues(t, o.Size, n)

	full := &failingWriter{after: 1 << 20}
	n, err = m.WriteTo(full)
	require.ErrorIs(t, err, errFull, "the first error of a write")
	require.LessOrEqual(t, n, int64(1<<20))
	require.LessOrEqual(t, full.largest, 64<<10, "large messages are written in blocks")
}

var errFull = errors.New("full")

// failingWriter fails after a number of bytes.
type failingWriter struct{ after, largest int }

func (f *failingWriter) Write(p []byte) (int, error) {
	f.largest = max(f.largest, len(p))
	if f.after -= len(p); f.after < 0 {
		return 0, errFull
	}
	return len(p), nil
}

func TestBuild_Folding(t *testing.T) {
	t.Parallel()
	o := options()
	o.To = nil
	for i := range 100 {
		o.To = append(o.To, fmt.Sprintf("%s%03d@%s.example", strings.Repeat("l", 61), i, strings.Repeat("d", 63)))
	}
	o.Subject = strings.Repeat("Prüfung der Zustellung ", 50)
	o.Headers = []message.Header{{Name: "X-Note", Value: strings.Repeat("word ", 500)}}
	m, err := message.Build(o)
	require.NoError(t, err)
	_, received := transmit(t, m)
	parsed, _ := parse(t, received)
	to, err := parsed.Header.AddressList("To")
	require.NoError(t, err)
	require.Len(t, to, 100)
	subject, err := new(mime.WordDecoder).DecodeHeader(parsed.Header.Get("Subject"))
	require.NoError(t, err)
	require.Equal(t, strings.TrimSpace(o.Subject), strings.TrimSpace(subject))
	require.Equal(t, strings.TrimSpace(o.Headers[0].Value), parsed.Header.Get("X-Note"))
}

func TestBuild_Headers(t *testing.T) {
	t.Parallel()
	o := options()
	o.To = []string{"postmaster"}
	o.Headers = []message.Header{
		{Name: "X-First", Value: "1"},
		{Name: "X-Twice", Value: "a"},
		{Name: "X-Twice", Value: "b"},
		{Name: "X-Note", Value: "Prüfung"},
		{Name: "from", Value: "Jürgen <team@example.com>"},
		{Name: "Reply-To", Value: "nobody@example.com"},
	}
	m, err := message.Build(o)
	require.NoError(t, err)
	_, received := transmit(t, m)
	parsed, _ := parse(t, received)
	from, err := parsed.Header.AddressList("From")
	require.NoError(t, err)
	require.Equal(t, []*mail.Address{{Name: "Jürgen", Address: "team@example.com"}}, from)
	require.Len(t, parsed.Header["From"], 1)
	require.Equal(t, []string{"a", "b"}, parsed.Header["X-Twice"])
	require.Equal(t, "undisclosed-recipients:;", parsed.Header.Get("To"), "postmaster without a domain")
	note, err := new(mime.WordDecoder).DecodeHeader(parsed.Header.Get("X-Note"))
	require.NoError(t, err)
	require.Equal(t, "Prüfung", note)
	require.False(t, m.Needs8Bit)
	require.Equal(t, "<"+m.ProbeID+"@example.com>", m.ID, "domain of the envelope sender")
}

func TestBuild_Invalid(t *testing.T) {
	t.Parallel()
	header := func(name, value string) func(*message.Options) {
		return func(o *message.Options) { o.Headers = []message.Header{{Name: name, Value: value}} }
	}
	tests := []struct {
		name   string
		change func(*message.Options)
		want   string
	}{
		{name: "invalid sender", change: func(o *message.Options) { o.From = "probe" }, want: "not a mail address"},
		{name: "invalid recipient", change: func(o *message.Options) { o.To = []string{"a b@c"} }, want: "not a mail address"},
		{name: "null sender without a helo", change: func(o *message.Options) { o.From, o.Helo = "", "" }, want: "set a sender"},
		{name: "helo with CR LF", change: func(o *message.Options) { o.From, o.Helo = "", "a>\r\nBcc: b" }, want: "set a sender"},
		{name: "subject with CR LF", change: func(o *message.Options) { o.Subject = "a\r\nBcc: b@example.com" }, want: "control character"},
		{name: "relay with LF", change: func(o *message.Options) { o.Relay = "a\nb" }, want: "control character"},
		{name: "header field with CR LF", change: header("X-A", "a\r\nBcc: b@example.com"), want: "control character"},
		{name: "header field with LF", change: header("X-A", "a\nb"), want: "control character"},
		{name: "header field with NUL", change: header("X-A", "a\x00b"), want: "control character"},
		{name: "header field with invalid UTF-8", change: header("X-A", "\xff"), want: "not UTF-8"},
		{name: "header field without value", change: header("X-A", " "), want: "empty"},
		{name: "header field without name", change: header("", "a"), want: "invalid header field name"},
		{name: "field name with colon", change: header("X-A: b\r\nX", "a"), want: "invalid header field name"},
		{name: "long field name", change: header("X-"+strings.Repeat("A", 63), "a"), want: "invalid header field name"},
		{name: "field name with space", change: header("X A", "a"), want: "invalid header field name"},
		{name: "Date", change: header("Date", "yesterday"), want: "reserved"},
		{name: "Message-ID", change: header("message-ID", "<a@b>"), want: "reserved"},
		{name: "Content-Transfer-Encoding", change: header("Content-Transfer-Encoding", "8bit"), want: "reserved"},
		{name: "X-Smtpprobe-Id", change: header("X-smtpprobe-ID", "1"), want: "reserved"},
		{name: "Bcc", change: header("Bcc", "a@example.com"), want: "reserved"},
		{name: "From without address", change: header("From", "nobody"), want: "must contain mail addresses"},
		{name: "duplicate From", change: func(o *message.Options) {
			o.Headers = []message.Header{{Name: "From", Value: "a@b"}, {Name: "FROM", Value: "c@d"}}
		}, want: "duplicate"},
		{name: "long run of white space", change: header("X-A", "a"+strings.Repeat(" ", 300)+"b"), want: "cannot be folded"},
		{name: "body with invalid UTF-8", change: func(o *message.Options) { o.Body = "\xff" }, want: "body is not UTF-8"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			o := options()
			tt.change(&o)
			_, err := message.Build(o)
			require.ErrorContains(t, err, tt.want)
			require.NotContains(t, err.Error(), "\n")
			_, err = message.MinSize(o)
			require.ErrorContains(t, err, tt.want)
		})
	}
}

func FuzzBuild(f *testing.F) {
	f.Add("probe@example.com", "ops@example.net", "subject", "body\n.", "X-A", "value", 0)
	f.Add("", "postmaster", "Prüfung", "Grüße\r.\n", "From", "Ä <a@b>", 2000)
	f.Fuzz(func(t *testing.T, from, to, subject, body, name, value string, size int) {
		o := message.Options{
			Envelope: message.Envelope{From: from, To: []string{to}, Helo: "prober.example.org"},
			Content: message.Content{
				Subject: subject, Body: body, Headers: []message.Header{{Name: name, Value: value}}, Size: size % (1 << 16),
			},
		}
		m, err := message.Build(o)
		if err != nil {
			return
		}
		_, received := transmit(t, m)
		require.Len(t, received, m.Size())
		parsed, _ := parse(t, received)
		require.Equal(t, []string{m.ProbeID}, parsed.Header["X-Smtpprobe-Id"])
		require.Equal(t, []string{m.ID}, parsed.Header["Message-Id"])
		require.Empty(t, parsed.Header["Bcc"])
		if o.Size != 0 {
			require.Equal(t, o.Size, m.Size())
		}
	})
}
