package smtptest

import (
	"bytes"
	"crypto/tls"
	"net"
	"slices"
	"sync"
	"time"
)

// Limits of what is recorded of a session. Sizes count everything.
const (
	maxLines    = 2000
	maxLineKept = 16 << 10
	maxStray    = 64 << 10
	maxBodyKept = 1 << 20
	maxMessages = 16
)

// End is how a session ended.
type End string

// The ends.
const (
	Running       End = ""               // not ended
	ClientQuit    End = "client quit"    // the client sent QUIT, got 221, and closed
	ClientClosed  End = "client closed"  // the client closed the connection
	ClientAborted End = "client aborted" // the client reset the connection or truncated TLS
	RelayEnded    End = "relay ended"    // by the script or by Close
)

// Session is the record of one connection.
type Session struct {
	Number        int // counted from 1
	Local, Remote net.Addr
	Began, Ended  time.Time

	Lines []Line // commands and AUTH responses
	// Early is the input before the last line of the greeting was sent.
	Early []byte
	// Stray is input that was not read as a line: after Silence, HalfClose or the
	// reply to QUIT, or an incomplete line.
	Stray []byte
	// Pipelined reports whether a command arrived before the reply to the previous
	// one.
	Pipelined bool

	ServerName string               // SNI
	TLS        *tls.ConnectionState // nil without TLS
	TLSError   error                // why the handshake failed

	Identity string // the user authenticated by Accounts
	Messages []Message
	Received int64 // bytes, decrypted

	End End
	Err error // the read or write error that ended the session, if any
}

// Line is one line from the client.
type Line struct {
	At    time.Time
	Event Event
	Raw   string // with its line end
	TLS   bool
}

// Text returns the line without its line end.
func (l Line) Text() string {
	text := l.Raw
	for _, end := range []string{"\n", "\r"} {
		if n := len(text) - len(end); n >= 0 && text[n:] == end {
			text = text[:n]
		}
	}
	return text
}

// Message is a message that the client sent after DATA.
type Message struct {
	Sender     string   // MAIL's argument
	Recipients []string // the accepted arguments of RCPT
	Raw        []byte   // as sent, dot-stuffed, without the final dot; the first MiB
	Size       int64    // of the whole message as sent, in bytes
	Dot        bool     // whether the final dot was received
}

// Text returns the message without dot-stuffing (RFC 5321 §4.5.2).
func (m Message) Text() []byte {
	text := bytes.ReplaceAll(m.Raw, []byte("\r\n."), []byte("\r\n"))
	return bytes.TrimPrefix(text, []byte("."))
}

// Commands returns the text of all lines.
func (s Session) Commands() []string {
	texts := make([]string, len(s.Lines))
	for i, line := range s.Lines {
		texts[i] = line.Text()
	}
	return texts
}

// record is a Session that may still be running.
type record struct {
	mu sync.Mutex
	Session
}

func newRecord(number int) *record {
	return &record{Session: Session{Number: number, Began: time.Now()}}
}

// update changes the session while holding the lock.
func (r *record) update(change func(s *Session)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	change(&r.Session)
}

func (r *record) snapshot() Session {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.Session
	s.Lines = slices.Clone(s.Lines)
	s.Messages = slices.Clone(s.Messages)
	s.Early = slices.Clone(s.Early)
	s.Stray = slices.Clone(s.Stray)
	return s
}

func appendBounded(kept, more []byte, limit int) []byte {
	return append(kept, more[:max(0, min(len(more), limit-len(kept)))]...)
}
