package smtpprobe

import (
	"bytes"
	"errors"
	"io"
	"sync"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// What a relay may send at the most. RFC 5321 §4.5.3.1.5 asks for 512 octets a
// line; real relays send more, none sends this much.
const (
	maxLine       = 8192      // octets, line end included
	maxReply      = 64 * 1024 // octets
	maxReplyLines = 1000
)

// violation is a reply that is not SMTP.
type violation struct {
	reason smtperr.Reason
	detail string
}

func (v *violation) Error() string { return v.detail }

// replyReader reads replies from a connection whose deadline the caller sets.
// It never holds more than one reply and one line.
type replyReader struct {
	src      io.Reader
	buf      []byte
	r, w     int
	greeting bool // the greeting is due: the peer may speak anything
	tls      bool // the bytes come out of TLS
	partial  bool // bytes of an unfinished reply were read
	odd      oddities

	text []byte // of the lines of the reply so far
	ends []int  // where each of them ends in text
	room roomForReplies
}

// roomForReplies is what ordinary replies need, in one piece with the reader;
// longer ones grow out of it.
type roomForReplies struct {
	buf  [1024]byte
	text [512]byte
	ends [16]int
}

// oddities are the warnings a reader noticed.
type oddities struct{ bareLF, bareCR, nul, eightBit bool }

func newReplyReader(src io.Reader) *replyReader {
	rd := readers.Get().(*replyReader) //nolint:forcetypeassert // the pool holds nothing else
	rd.src = src
	rd.buf, rd.text, rd.ends = rd.room.buf[:], rd.room.text[:0], rd.room.ends[:0]
	return rd
}

// readers are for the next sessions: their room is a third of what a session
// would allocate.
var readers = sync.Pool{New: func() any { return new(replyReader) }}

// free gives a reader back, empty. Nothing that it returned refers to it.
func (rd *replyReader) free() {
	*rd = replyReader{}
	readers.Put(rd)
}

// buffered tells how many bytes were received that no reply has taken yet.
func (rd *replyReader) buffered() int { return rd.w - rd.r }

// next reads one complete reply (RFC 5321 §4.2). Its errors are a *violation
// or what the connection said.
func (rd *replyReader) next() (smtperr.Reply, error) {
	var code, total int
	rd.text, rd.ends = rd.text[:0], rd.ends[:0]
	rd.partial = false
	for {
		line, err := rd.line()
		if err != nil {
			rd.partial = rd.partial || len(rd.ends) > 0
			return smtperr.Reply{}, err
		}
		total += len(line)
		if total > maxReply || len(rd.ends) == maxReplyLines {
			return smtperr.Reply{}, &violation{smtperr.ReasonReplyTooLong, "the reply does not end"}
		}
		c, text, last, bad := rd.parse(line)
		if bad != nil {
			return smtperr.Reply{}, bad
		}
		if len(rd.ends) > 0 && c != code {
			return smtperr.Reply{}, &violation{smtperr.ReasonCodeMismatch, "the lines of one reply carry different codes"}
		}
		rd.greeting = false
		code = c
		rd.text = append(rd.text, text...)
		rd.ends = append(rd.ends, len(rd.text))
		if last {
			rd.partial = false
			return smtperr.NewReply(code, rd.lines()), nil
		}
	}
}

// lines are the texts of a reply's lines, all in one string.
func (rd *replyReader) lines() []string {
	text, lines := string(rd.text), make([]string, len(rd.ends))
	begin := 0
	for i, end := range rd.ends {
		lines[i], begin = text[begin:end], end
	}
	return lines
}

// line returns the next line with its line end; it is valid until the next call.
func (rd *replyReader) line() ([]byte, error) {
	searched := 0
	for {
		unread := rd.buf[rd.r:rd.w]
		if i := bytes.IndexByte(unread[searched:], '\n'); i >= 0 {
			end := searched + i + 1
			if end > maxLine {
				return nil, errLineTooLong()
			}
			rd.r += end
			return unread[:end], nil
		}
		searched = len(unread)
		if searched >= maxLine {
			return nil, errLineTooLong()
		}
		if rd.greeting && !rd.tls && isTLSAlert(unread) {
			return nil, errTLS()
		}
		if err := rd.fill(); err != nil {
			rd.partial = rd.partial || rd.w > rd.r
			if rd.greeting && rd.w > rd.r && !mayBeReply(rd.buf[rd.r:rd.w]) {
				return nil, rd.notSMTP(rd.buf[rd.r:rd.w])
			}
			return nil, err
		}
	}
}

func errLineTooLong() error {
	return &violation{smtperr.ReasonLineTooLong, "a line of the reply is longer than 8192 octets"}
}

func errTLS() *violation {
	return &violation{smtperr.ReasonTLSOnPlaintextPort, "the relay speaks TLS on this port"}
}

// fill reads once more from the connection.
func (rd *replyReader) fill() error {
	if rd.r > 0 {
		rd.w = copy(rd.buf, rd.buf[rd.r:rd.w])
		rd.r = 0
	}
	if rd.w == len(rd.buf) {
		grown := make([]byte, min(2*len(rd.buf), maxLine))
		copy(grown, rd.buf)
		rd.buf = grown
	}
	n, err := rd.src.Read(rd.buf[rd.w:])
	rd.w += n
	if n > 0 {
		return nil
	}
	if err == nil {
		return io.ErrNoProgress
	}
	return err
}

// parse takes one line of a reply apart: Reply-code [ SP | "-" text ] CRLF,
// and leniently a bare LF as line end and a bare code (RFC 5321 §4.2.1). The
// text is valid as long as the line is.
func (rd *replyReader) parse(line []byte) (code int, text []byte, last bool, err error) {
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
	code = replyCode(body)
	wellFormed := code > 0 && (len(body) == 3 || body[3] == ' ' || body[3] == '-')
	if !wellFormed {
		if rd.greeting && !mayBeReply(body) {
			return 0, nil, false, rd.notSMTP(body)
		}
		return 0, nil, false, &violation{smtperr.ReasonBadCode, "the reply does not begin with a reply code"}
	}
	if code < 200 || code > 599 {
		return 0, nil, false, &violation{smtperr.ReasonBadCode, "the reply code is outside 200 to 599"}
	}
	if len(body) == 3 {
		return code, nil, true, nil
	}
	rd.note(body[4:])
	return code, body[4:], body[3] == ' ', nil
}

// note remembers what does not belong into the text of a reply.
func (rd *replyReader) note(text []byte) {
	for _, c := range text {
		switch {
		case c >= 0x80:
			rd.odd.eightBit = true
		case c == 0:
			rd.odd.nul = true
		case c == '\r':
			rd.odd.bareCR = true
		}
	}
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

// mayBeReply tells whether the first bytes of a greeting are at least an
// attempt at a reply code: a broken one is bad_code, anything else not SMTP.
func mayBeReply(b []byte) bool {
	if len(b) == 0 {
		return true
	}
	return bytes.ContainsAny(b[:min(3, len(b))], "0123456789") && !isControl(b[0])
}

func isControl(c byte) bool { return c < ' ' || c == 0x7f }

// notSMTP names the protocol that a greeting gives away.
func (rd *replyReader) notSMTP(b []byte) *violation {
	switch {
	case !rd.tls && isTLSAlert(b): // which may hold an LF: unexpected_message is 10
		return errTLS()
	case bytes.HasPrefix(b, []byte("HTTP/")):
		return &violation{smtperr.ReasonNotSMTPHTTP, "an HTTP server answered"}
	case bytes.HasPrefix(b, []byte("SSH-")):
		return &violation{smtperr.ReasonNotSMTPSSH, "an SSH server answered"}
	}
	return &violation{smtperr.ReasonNotSMTP, "what answered does not speak SMTP"}
}

// isTLSAlert recognizes the record header of a TLS alert (RFC 8446 §5.1).
func isTLSAlert(b []byte) bool { return len(b) >= 2 && b[0] == 0x15 && b[1] == 0x03 }

// warnings lists the oddities in the order of the metrics' documentation.
func (o oddities) warnings() []Warning {
	if o == (oddities{}) {
		return nil
	}
	var ws []Warning
	for _, w := range []struct {
		seen bool
		name Warning
	}{{o.bareLF, WarnBareLF}, {o.bareCR, WarnBareCR}, {o.nul, WarnNUL}, {o.eightBit, WarnEightBit}} {
		if w.seen {
			ws = append(ws, w.name)
		}
	}
	return ws
}

// asViolation tells a malformed reply from a failed connection.
func asViolation(err error) (*violation, bool) {
	var v *violation
	ok := errors.As(err, &v)
	return v, ok
}
