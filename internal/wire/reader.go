package wire

import (
	"bytes"
	"io"
	"slices"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// The most that a peer may send. RFC 5321 §4.5.3.1.5 allows 512 bytes a line;
// real servers send more, but none sends this much.
const (
	maxLine       = 8192      // bytes, line end included
	maxReply      = 64 * 1024 // bytes
	maxReplyLines = 1000
	firstBuffer   = 512 // bytes; it grows up to maxLine
	usualLines    = 8   // of an EHLO reply
)

// ProtocolError is a reply that is not SMTP.
type ProtocolError struct {
	Reason smtperr.Reason
	detail string
}

func (v *ProtocolError) Error() string { return v.detail }

var errLineTooLong = &ProtocolError{smtperr.ReasonLineTooLong, "reply line exceeds 8192 bytes"}

// reader reads replies from a connection whose deadline the caller sets. It
// buffers at most one line beyond the current reply.
type reader struct {
	src      io.Reader
	buf      []byte
	r, w     int
	greeting bool // the greeting is due: the peer may speak another protocol
	tls      bool // the bytes come out of TLS
	partial  bool // bytes of an unfinished reply were read
	odd      anomalies
	lines    []string // of the reply that is being read; reused for the next one
}

func newReader(src io.Reader) *reader {
	return &reader{src: src, buf: make([]byte, firstBuffer), lines: make([]string, 0, usualLines)}
}

// buffered is how many bytes were received that no reply has taken yet.
func (rd *reader) buffered() int { return rd.w - rd.r }

// next reads one complete reply (RFC 5321 §4.2). Its error is a *ProtocolError or
// that of the connection.
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

// line returns the next line with its line end; it is valid until the next call.
func (rd *reader) line() ([]byte, error) {
	searched := 0
	for {
		unread := rd.buf[rd.r:rd.w]
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
		// An alert has no line end, and its sender may wait for an answer.
		if rd.greeting && !rd.tls && isTLSAlert(unread) {
			return nil, notSMTP(unread, rd.tls)
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

// fill reads once more from the connection.
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

// parse is lenient about a bare LF as line end, a bare code (RFC 5321 §4.2.1)
// and what the text is made of.
func (rd *reader) parse(line []byte) (replyLine, error) {
	body := line[:len(line)-1]
	if n := len(body); n > 0 && body[n-1] == '\r' {
		body = body[:n-1]
	} else {
		rd.odd.bareLF = true
	}
	if bare := bytes.TrimRight(body, "\r"); len(bare) == 3 && len(bare) < len(body) {
		rd.odd.bareCR = true
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
	rd.odd.note(text)
	return replyLine{code: code, text: string(text), last: body[3] == ' '}, nil
}

// replyCode is the number of three leading digits, 0 if there are none.
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

// mayBeReply reports whether the first bytes of a greeting are at least an
// attempt at a reply code: a broken one is bad_code, anything else not SMTP.
func mayBeReply(b []byte) bool {
	if len(b) == 0 {
		return true
	}
	isControl := b[0] < ' ' || b[0] == 0x7f
	return !isControl && bytes.ContainsAny(b[:min(3, len(b))], "0123456789")
}

// notSMTP names the protocol that a greeting reveals. An alert may contain an LF,
// so that it looks like a line: the code of unexpected_message is 10.
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

// isTLSAlert recognizes the record header of a TLS alert (RFC 8446 §5.1).
func isTLSAlert(b []byte) bool { return len(b) >= 2 && b[0] == 0x15 && b[1] == 0x03 }

// anomalies are deviations from RFC 5321 that decide nothing.
type anomalies struct{ bareLF, bareCR, nul, eightBit, enhancedMismatch bool }

// note records what the text of a reply must not contain.
func (a *anomalies) note(text []byte) {
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
	for _, row := range []struct {
		seen bool
		name string
	}{
		{a.bareLF, "bare_lf"}, {a.bareCR, "bare_cr"}, {a.nul, "nul"}, {a.eightBit, "eight_bit"},
		{a.enhancedMismatch, "enhanced_mismatch"},
	} {
		if row.seen {
			names = append(names, row.name)
		}
	}
	return names
}
