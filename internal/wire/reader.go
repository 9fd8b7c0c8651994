package wire

import (
	"bytes"
	"io"
	"slices"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// Limits of what a peer may send. RFC 5321 §4.5.3.1.5 allows 512 bytes per line;
// some servers send more.
const (
	maxLine       = 8192      // bytes, line end included
	maxReply      = 64 * 1024 // bytes
	maxReplyLines = 1000
)

// Initial sizes of a reader. Most replies fit.
const (
	initialBuffer = 512 // bytes; it grows up to maxLine
	initialLines  = 8
)

// ProtocolError is the error of data that is not an SMTP reply.
type ProtocolError struct {
	Reason smtperr.Reason
	detail string
}

func (e *ProtocolError) Error() string { return e.detail }

var errLineTooLong = &ProtocolError{smtperr.ReasonLineTooLong, "reply line exceeds 8192 bytes"}

// reader reads replies from a connection, whose deadline the caller sets. It
// buffers at most one line beyond the current reply.
type reader struct {
	src       io.Reader
	buf       []byte
	r, w      int
	greeting  bool // the next reply is the greeting: the peer may speak another protocol
	tls       bool // src is a TLS connection
	partial   bool // the last reply was incomplete
	anomalies anomalies
	lines     []string // of the reply being read; its memory is reused
}

func newReader(src io.Reader) *reader {
	return &reader{src: src, buf: make([]byte, initialBuffer), lines: make([]string, 0, initialLines)}
}

// buffered returns the number of bytes that were received and are not part of a
// reply yet.
func (rd *reader) buffered() int { return rd.w - rd.r }

// next reads one reply (RFC 5321 §4.2). It returns a *ProtocolError or an error
// of the connection.
func (rd *reader) next() (smtperr.Reply, error) {
	lines := rd.lines[:0]
	code, total := 0, 0
	rd.partial = false
	for {
		raw, err := rd.line()
		if err != nil {
			rd.partial = rd.partial || len(lines) > 0
			return smtperr.Reply{}, err
		}
		total += len(raw)
		if total > maxReply || len(lines) == maxReplyLines {
			return smtperr.Reply{}, &ProtocolError{smtperr.ReasonReplyTooLong, "reply exceeds 64 KiB or 1000 lines"}
		}
		line, err := rd.parse(raw)
		if err != nil {
			return smtperr.Reply{}, err
		}
		if len(lines) > 0 && line.code != code {
			return smtperr.Reply{}, &ProtocolError{smtperr.ReasonCodeMismatch, "the lines of one reply carry different codes"}
		}
		rd.greeting = false
		code = line.code
		lines = append(lines, line.text)
		if line.last {
			rd.lines = lines
			return smtperr.NewReply(code, slices.Clone(lines)), nil
		}
	}
}

// line returns the next line, line end included. It is valid until the next
// call.
func (rd *reader) line() ([]byte, error) {
	searched := 0
	for {
		unread := rd.buf[rd.r:rd.w]
		// An alert does not end with a line end, but may contain one.
		if rd.greeting && !rd.tls && isTLSAlert(unread) {
			return nil, notSMTP(unread, rd.tls)
		}
		if i := bytes.IndexByte(unread[searched:], '\n'); i >= 0 {
			end := searched + i + 1
			if end > maxLine {
				return nil, errLineTooLong
			}
			rd.r += end
			return unread[:end], nil
		}
		searched = len(unread)
		if searched >= maxLine {
			return nil, errLineTooLong
		}
		if err := rd.fill(); err != nil {
			rd.partial = rd.buffered() > 0
			if rd.greeting && rd.partial && !mayBeReply(rd.buf[rd.r:rd.w]) {
				return nil, notSMTP(rd.buf[rd.r:rd.w], rd.tls)
			}
			return nil, err
		}
	}
}

// fill reads from the connection once.
func (rd *reader) fill() error {
	if rd.r > 0 {
		rd.w = copy(rd.buf, rd.buf[rd.r:rd.w])
		rd.r = 0
	}
	if rd.w == len(rd.buf) {
		rd.buf = append(rd.buf, make([]byte, min(len(rd.buf), maxLine-len(rd.buf)))...)
	}
	n, err := rd.src.Read(rd.buf[rd.w:])
	rd.w += n
	switch {
	case n > 0:
		return nil
	case err == nil:
		return io.ErrNoProgress
	}
	return err
}

// replyLine is one line of a reply: Reply-code [ ( SP / "-" ) text ] CRLF.
type replyLine struct {
	code int
	text string
	last bool
}

// parse accepts a bare LF as line end, a code without text (RFC 5321 §4.2.1),
// and any bytes as text.
func (rd *reader) parse(line []byte) (replyLine, error) {
	body := line[:len(line)-1]
	if n := len(body); n > 0 && body[n-1] == '\r' {
		body = body[:n-1]
	} else {
		rd.anomalies.bareLF = true
	}
	if bare := bytes.TrimRight(body, "\r"); len(bare) == 3 && len(bare) < len(body) {
		rd.anomalies.bareCR = true
		body = bare
	}
	code := replyCode(body)
	wellFormed := code > 0 && (len(body) == 3 || body[3] == ' ' || body[3] == '-')
	switch {
	case !wellFormed && rd.greeting && !mayBeReply(body):
		return replyLine{}, notSMTP(body, rd.tls)
	case !wellFormed:
		return replyLine{}, &ProtocolError{smtperr.ReasonBadCode, "the reply does not begin with a reply code"}
	case code < 200 || code > 599:
		return replyLine{}, &ProtocolError{smtperr.ReasonBadCode, "the reply code is outside 200 to 599"}
	case len(body) == 3:
		return replyLine{code: code, last: true}, nil
	}
	text := body[4:]
	rd.anomalies.check(text)
	return replyLine{code: code, text: string(text), last: body[3] == ' '}, nil
}

// replyCode returns the value of three leading digits, 0 if there are none.
func replyCode(b []byte) int {
	if len(b) < 3 {
		return 0
	}
	n := 0
	for _, c := range b[:3] {
		if c < '0' || c > '9' {
			return 0
		}
		n = 10*n + int(c-'0')
	}
	return n
}

// mayBeReply reports whether a malformed greeting may be that of an SMTP server,
// which is the error bad_code and not not_smtp.
func mayBeReply(b []byte) bool {
	if len(b) == 0 {
		return true
	}
	isControl := b[0] < ' ' || b[0] == 0x7f
	return !isControl && bytes.ContainsAny(b[:min(3, len(b))], "0123456789")
}

// notSMTP returns the error of a greeting of another protocol.
func notSMTP(b []byte, inTLS bool) *ProtocolError {
	switch {
	case !inTLS && isTLSAlert(b):
		return &ProtocolError{smtperr.ReasonTLSOnPlaintextPort, "the server speaks TLS on this port"}
	case bytes.HasPrefix(b, []byte("HTTP/")):
		return &ProtocolError{smtperr.ReasonNotSMTPHTTP, "an HTTP server answered"}
	case bytes.HasPrefix(b, []byte("SSH-")):
		return &ProtocolError{smtperr.ReasonNotSMTPSSH, "an SSH server answered"}
	}
	return &ProtocolError{smtperr.ReasonNotSMTP, "the server does not speak SMTP"}
}

// isTLSAlert reports whether b begins with the record header of a TLS alert (RFC
// 8446 §5.1).
func isTLSAlert(b []byte) bool { return len(b) >= 2 && b[0] == 0x15 && b[1] == 0x03 }

// anomalies are deviations from RFC 5321 that are not errors.
type anomalies struct{ bareLF, bareCR, nul, eightBit, enhancedMismatch bool }

// check records the bytes of a text that RFC 5321 §4.2 does not allow.
func (a *anomalies) check(text []byte) {
	for _, c := range text {
		switch {
		case c >= 0x80:
			a.eightBit = true
		case c == 0:
			a.nul = true
		case c == '\r':
			a.bareCR = true
		}
	}
}

func (a *anomalies) names() []string {
	var names []string
	for _, anomaly := range []struct {
		found bool
		name  string
	}{
		{a.bareLF, "bare_lf"}, {a.bareCR, "bare_cr"}, {a.nul, "nul"}, {a.eightBit, "eight_bit"},
		{a.enhancedMismatch, "enhanced_mismatch"},
	} {
		if anomaly.found {
			names = append(names, anomaly.name)
		}
	}
	return names
}
