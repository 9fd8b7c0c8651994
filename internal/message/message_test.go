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

// wire is what a relay gets, and the message that a relay makes of it.
func wire(t *testing.T, m message.Message) (sent, received []byte) {
	t.Helper()
	var b bytes.Buffer
	n, err := m.WriteTo(&b)
	require.NoError(t, err)
	require.EqualValues(t, b.Len(), n)
	sent = bytes.Clone(b.Bytes())
	require.NotContains(t, string(sent), "\r\n.\r\n", "the final dot is the caller's")
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

	_, received := wire(t, m)
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
	require.True(t, bytes.HasPrefix(received, []byte("Date: ")), "the customary order")
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
		_, received := wire(t, m)
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
		{"ASCII stays", func(o *message.Options) { o.Body = "one\r\ntwo\tthree " }, "7bit", "one\r\ntwo\tthree \r\n", false},
		{"every kind of line end becomes CRLF", func(o *message.Options) { o.Body = "a\nb\r\nc\rd" }, "7bit", "a\r\nb\r\nc\r\nd\r\n", false},
		{"UTF-8 becomes quoted-printable", func(o *message.Options) { o.Body = "Grüße" }, "quoted-printable", "Grüße\r\n", false},
		{"a long line becomes quoted-printable", func(o *message.Options) { o.Body = strings.Repeat("x", 999) },
			"quoted-printable", strings.Repeat("x", 999) + "\r\n", false},
		{"the longest line stays", func(o *message.Options) { o.Body = strings.Repeat("x", 998) }, "7bit", strings.Repeat("x", 998) + "\r\n", false},
		{"NUL becomes quoted-printable", func(o *message.Options) { o.Body = "a\x00b" }, "quoted-printable", "a\x00b\r\n", false},
		{"dots at the start of lines arrive", func(o *message.Options) { o.Body = ".\n..\n.a\n" }, "7bit", ".\r\n..\r\n.a\r\n", false},
		{"an address that needs SMTPUTF8", func(o *message.Options) { o.Body, o.To = "x", []string{"büro@example.net"} }, "7bit", "x\r\n", true},
		{"an international domain that does not", func(o *message.Options) { o.Body, o.To = "x", []string{"a@bücher.example"} }, "7bit", "x\r\n", false},
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
			sent, received := wire(t, m)
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

func TestWriteTo_Dots(t *testing.T) {
	t.Parallel()
	o := options()
	o.Body = "a\n.\n.b\n"
	m, err := message.Build(o)
	require.NoError(t, err)
	sent, received := wire(t, m)
	require.True(t, bytes.HasSuffix(sent, []byte("\r\n\r\na\r\n..\r\n..b\r\n")))
	require.Len(t, sent, len(received)+2)
	// The standard library's reader of dot-stuffed text agrees.
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
			sent, received := wire(t, m)
			require.Len(t, received, size)
			padding := sent[len(sent)-(size-smallest):]
			require.NotContains(t, string(padding), ".")
		}
		o.Size = smallest - 1
		_, err = message.Build(o)
		require.ErrorContains(t, err, fmt.Sprintf("need %d", smallest))
		again, err := message.MinSize(o)
		require.NoError(t, err)
		require.Equal(t, smallest, again, "whatever size is asked for")
	}
}

func TestWriteTo_Giant(t *testing.T) {
	t.Parallel()
	o := options()
	o.Size = 256 << 20
	m, err := message.Build(o)
	require.NoError(t, err)
	n, err := m.WriteTo(io.Discard)
	require.NoError(t, err)
	require.EqualValues(t, o.Size, n)

	full := &failing{after: 1 << 20}
	n, err = m.WriteTo(full)
	require.ErrorIs(t, err, errFull, "a relay that closes stops the message")
	require.LessOrEqual(t, n, int64(1<<20))
	require.LessOrEqual(t, full.largest, 64<<10, "in pieces")
}

var errFull = errors.New("full")

type failing struct{ after, largest int }

func (f *failing) Write(p []byte) (int, error) {
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
	_, received := wire(t, m)
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
		{"X-First", "1"}, {"X-Twice", "a"}, {"X-Twice", "b"}, {"X-Note", "Prüfung"},
		{"from", "Jürgen <team@example.com>"}, {"Reply-To", "nobody@example.com"},
	}
	m, err := message.Build(o)
	require.NoError(t, err)
	_, received := wire(t, m)
	parsed, _ := parse(t, received)
	from, err := parsed.Header.AddressList("From")
	require.NoError(t, err)
	require.Equal(t, []*mail.Address{{Name: "Jürgen", Address: "team@example.com"}}, from)
	require.Len(t, parsed.Header["From"], 1)
	require.Equal(t, []string{"a", "b"}, parsed.Header["X-Twice"])
	require.Equal(t, "undisclosed-recipients:;", parsed.Header.Get("To"), "the bare postmaster has no place in a header")
	note, err := new(mime.WordDecoder).DecodeHeader(parsed.Header.Get("X-Note"))
	require.NoError(t, err)
	require.Equal(t, "Prüfung", note)
	require.False(t, m.Needs8Bit)
	require.Equal(t, "<"+m.ProbeID+"@example.com>", m.ID, "the sender's domain")
}

func TestBuild_Refuses(t *testing.T) {
	t.Parallel()
	own := func(name, value string) func(*message.Options) {
		return func(o *message.Options) { o.Headers = []message.Header{{Name: name, Value: value}} }
	}
	tests := []struct {
		name   string
		change func(*message.Options)
		want   string
	}{
		{"a sender that is no address", func(o *message.Options) { o.From = "probe" }, "not a mail address"},
		{"a recipient that is no address", func(o *message.Options) { o.To = []string{"a b@c"} }, "not a mail address"},
		{"a null sender without a helo", func(o *message.Options) { o.From, o.Helo = "", "" }, "set a sender"},
		{"a helo that breaks the header", func(o *message.Options) { o.From, o.Helo = "", "a>\r\nBcc: b" }, "set a sender"},
		{"a subject with a line end", func(o *message.Options) { o.Subject = "a\r\nBcc: b@example.com" }, "control character"},
		{"a relay with a line end", func(o *message.Options) { o.Relay = "a\nb" }, "control character"},
		{"a header with a line end in its value", own("X-A", "a\r\nBcc: b@example.com"), "control character"},
		{"a header with LF in its value", own("X-A", "a\nb"), "control character"},
		{"a header with NUL", own("X-A", "a\x00b"), "control character"},
		{"a header with bytes that are not UTF-8", own("X-A", "\xff"), "not UTF-8"},
		{"a header without a value", own("X-A", " "), "empty"},
		{"a header without a name", own("", "a"), "invalid header field name"},
		{"a header name with a colon", own("X-A: b\r\nX", "a"), "invalid header field name"},
		{"a header name longer than its line", own("X-"+strings.Repeat("A", 63), "a"), "invalid header field name"},
		{"a header name with a space", own("X A", "a"), "invalid header field name"},
		{"a date of one's own", own("Date", "yesterday"), "reserved"},
		{"an id of one's own", own("message-ID", "<a@b>"), "reserved"},
		{"an encoding of one's own", own("Content-Transfer-Encoding", "8bit"), "reserved"},
		{"a probe id of one's own", own("X-smtpprobe-ID", "1"), "reserved"},
		{"a blind copy", own("Bcc", "a@example.com"), "reserved"},
		{"a From that holds no address", own("From", "nobody"), "must contain mail addresses"},
		{"two Froms", func(o *message.Options) { o.Headers = []message.Header{{"From", "a@b"}, {"FROM", "c@d"}} }, "duplicate"},
		{"much white space that cannot be folded", own("X-A", "a"+strings.Repeat(" ", 300)+"b"), "cannot be folded"},
		{"a body that is not UTF-8", func(o *message.Options) { o.Body = "\xff" }, "body is not UTF-8"},
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
			require.ErrorContains(t, err, tt.want, "the configuration's check agrees")
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
		_, received := wire(t, m)
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
