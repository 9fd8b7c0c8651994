package smtptest

import (
	"bytes"
	"crypto/tls"
	"net"
	"slices"
	"sync"
	"time"
)

// Bounds of what is remembered of one session; everything is counted.
const (
	maxLines    = 2000
	maxLineKept = 16 << 10
	maxStray    = 64 << 10
	maxBodyKept = 1 << 20
	maxMessages = 16
)

// End is how a session came to its end.
type End string

// The ends.
const (
	Running       End = ""               // it has not
	ClientQuit    End = "client quit"    // QUIT, its 221, then the client closed
	ClientClosed  End = "client closed"  // the end of the stream
	ClientAborted End = "client aborted" // a reset, or a TLS record cut short
	RelayEnded    End = "relay ended"    // as the script wanted, or the server closed
)

// Session is what a relay saw of one connection.
type Session struct {
	Number        int // counted from 1
	Local, Remote net.Addr
	Began, Ended  time.Time

	Lines []Line // commands and AUTH responses
	// Early is what the client sent before the greeting's last line was sent.
	Early []byte
	// Stray is what the client sent that was no line: to a silent relay, after
	// QUIT's reply or the relay's own end of the stream.
	Stray []byte
	// Pipelined: a command came before the one ahead of it had its reply.
	Pipelined bool

	ServerName string               // SNI
	TLS        *tls.ConnectionState // after the handshake, nil without
	TLSError   error                // why the handshake failed

	Identity string // who authenticated through Accounts
	Messages []Message
	Received int64 // bytes, over TLS of plaintext

	End End
	Err error // what ended the reading or writing, if it was an error
}

// Line is one line from the client.
type Line struct {
	At     time.Time
	Moment Moment
	Raw    string // with its line end
	TLS    bool
}

// Text is the line without its line end.
func (l Line) Text() string {
	text := l.Raw
	for _, end := range []string{"\n", "\r"} {
		if n := len(text) - len(end); n >= 0 && text[n:] == end {
			text = text[:n]
		}
	}
	return text
}

// Message is what came after DATA.
type Message struct {
	Sender     string   // MAIL's argument
	Recipients []string // the accepted arguments of RCPT
	Raw        []byte   // as sent, dot-stuffed, without the final dot line; the first MiB
	Size       int64    // bytes of the whole of that
	Dot        bool     // the final dot came
}

// Text undoes the dot-stuffing (RFC 5321 §4.5.2).
func (m Message) Text() []byte {
	text := bytes.ReplaceAll(m.Raw, []byte("\r\n."), []byte("\r\n"))
	return bytes.TrimPrefix(text, []byte("."))
}

// Commands is the text of every line, in order.
func (s Session) Commands() []string {
	texts := make([]string, len(s.Lines))
	for i, line := range s.Lines {
		texts[i] = line.Text()
	}
	return texts
}

// record is a Session in the making.
type record struct {
	mu sync.Mutex
	Session
}

func newRecord(number int) *record {
	return &record{Session: Session{Number: number, Began: time.Now()}}
}

// update changes the record under its lock.
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
