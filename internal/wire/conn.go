package wire

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"sync"
	"time"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/socket"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

const (
	// unsolicitedTimeout bounds the read of data that has arrived already.
	unsolicitedTimeout = 100 * time.Millisecond
	// decryptTimeout bounds the decryption of a record that has arrived. It may
	// be a session ticket, after which TLS waits for another record.
	decryptTimeout = time.Millisecond
	// closeTimeout bounds writing the close_notify of TLS to a peer that does not
	// read.
	closeTimeout = 100 * time.Millisecond
)

// Conn is one SMTP connection. It must not be used by more than one goroutine at
// a time.
type Conn struct {
	link      *link
	conn      net.Conn // link, or TLS on top of it
	in        *reader
	out       []byte // the line being sent; its memory is reused
	log       *Transcript
	interrupt interrupter

	encrypted bool
	inSync    bool
	arrived   time.Time // of the last reply; zero if unknown
}

// New returns a Conn that takes over a connection. Canceling the context
// interrupts reads and writes until Close is called. The deadline of the context
// has no effect, since every method takes its own. The transcript may be nil.
func New(ctx context.Context, conn net.Conn, log *Transcript) *Conn {
	c := &Conn{link: newLink(socket.New(conn)), log: log}
	c.conn = c.link
	c.in = newReader(c.conn)
	c.interrupt.start(ctx, conn)
	return c
}

// Close closes the connection. It waits at most 100 ms for a peer that does not
// read.
func (c *Conn) Close() {
	c.interrupt.stop()
	c.log.Event("closed")
	c.link.maxWriteDeadline = time.Now().Add(closeTimeout)
	_ = c.conn.Close()
}

// InSync reports whether a command may be sent: no reply is outstanding, and
// the peer has not violated the protocol.
func (c *Conn) InSync() bool { return c.inSync }

// Desync marks the session as out of sync: no further command may be sent.
func (c *Conn) Desync() { c.inSync = false }

// Resync marks the session as in sync after an unsolicited reply.
func (c *Conn) Resync() { c.inSync = true }

// Arrived returns the time at which the last byte of the last reply arrived at
// this machine. It is zero while a reply is outstanding, and where the kernel
// does not report it.
func (c *Conn) Arrived() time.Time { return c.arrived }

// Partial reports whether the last Reply failed in the middle of a reply.
func (c *Conn) Partial() bool { return c.in.partial }

// Stalled reports whether this process was not running, or was busy computing,
// when a deadline passed.
func (c *Conn) Stalled(deadline time.Time) bool { return c.link.stalls.cover(deadline) }

// Waited records that the caller has waited for something other than the
// connection, so that this time does not count as a stall.
func (c *Conn) Waited() { c.link.stalls.lastRan = time.Now() }

// Unacknowledged reports whether the peer's kernel has not acknowledged all
// data that was sent. It is false where that is unknown.
func (c *Conn) Unacknowledged() bool { return c.link.Conn.Unacknowledged() }

// Anomalies returns the names of the deviations from RFC 5321 that did not cause
// an error: bare_lf, bare_cr, nul, eight_bit, enhanced_mismatch.
func (c *Conn) Anomalies() []string { return c.in.anomalies.names() }

// Send writes a line, followed by CRLF.
func (c *Conn) Send(line string, deadline time.Time) error {
	return c.SendSecret(line, line, deadline)
}

// SendSecret is like Send, but records the redacted form in the transcript.
func (c *Conn) SendSecret(line, redacted string, deadline time.Time) error {
	c.log.sent(redacted)
	c.out = append(append(c.out[:0], line...), "\r\n"...)
	_, err := c.Writer(deadline).Write(c.out)
	return err
}

// Writer returns a writer for data other than lines, such as a message. Writing
// puts the session out of sync until the next Reply.
func (c *Conn) Writer(deadline time.Time) io.Writer { return &writer{c, deadline} }

type writer struct {
	c        *Conn
	deadline time.Time
}

func (w *writer) Write(b []byte) (int, error) {
	w.c.inSync = false
	if err := w.c.conn.SetWriteDeadline(w.deadline); err != nil {
		return 0, err
	}
	// Checked after the deadline is set: either this check or the interrupter's
	// own deadline notices the cancellation.
	if err := w.c.interrupt.err(); err != nil {
		return 0, err
	}
	return w.c.conn.Write(b)
}

// Greeting reads the first reply. Unlike Reply, it recognizes servers of other
// protocols.
func (c *Conn) Greeting(deadline time.Time) (smtperr.Reply, error) {
	c.in.greeting = true
	return c.Reply(deadline)
}

// Reply reads the next reply. If it returns an error, which is a *ProtocolError
// or an error of the connection, the session is out of sync.
func (c *Conn) Reply(deadline time.Time) (smtperr.Reply, error) {
	c.inSync, c.arrived = false, time.Time{}
	if err := c.setReadDeadline(deadline); err != nil {
		return smtperr.Reply{}, err
	}
	reply, err := c.in.next()
	if err != nil {
		return reply, err
	}
	c.inSync, c.arrived = true, c.link.Arrived()
	if reply.EnhancedMismatch {
		c.in.anomalies.enhancedMismatch = true
	}
	c.log.reply(reply)
	return reply, nil
}

func (c *Conn) setReadDeadline(deadline time.Time) error {
	if err := c.conn.SetReadDeadline(deadline); err != nil {
		return err
	}
	return c.interrupt.err()
}

// ReadUnsolicited reads a reply to no command, if all of it has arrived. The
// session is out of sync afterwards.
func (c *Conn) ReadUnsolicited() (smtperr.Reply, error) {
	reply, err := c.Reply(time.Now().Add(unsolicitedTimeout))
	c.inSync = false
	return reply, err
}

// HasUnread reports whether the peer has sent data that is not part of a reply
// read so far. It does not wait, except for the decryption of data that has
// arrived.
func (c *Conn) HasUnread() bool {
	if c.in.buffered() > 0 {
		return true
	}
	pending := c.link.Pending()
	if !c.encrypted {
		return pending
	}
	c.link.peeking = true
	defer func() { c.link.peeking = false }()
	// With a deadline in the past, TLS still returns the records it has buffered.
	deadline := time.Unix(1, 0)
	if pending {
		deadline = time.Now().Add(decryptTimeout)
	}
	return c.setReadDeadline(deadline) == nil && c.in.fill() == nil
}

// StartTLS performs the TLS handshake. On success the session is encrypted and
// in sync. The anomalies so far are kept.
func (c *Conn) StartTLS(config *tls.Config, deadline time.Time) (tls.ConnectionState, error) {
	c.inSync = false
	conn := tls.Client(c.link, config)
	if err := c.link.SetDeadline(deadline); err != nil {
		return tls.ConnectionState{}, err
	}
	if err := c.interrupt.err(); err != nil {
		return tls.ConnectionState{}, err
	}
	if err := conn.Handshake(); err != nil { //nolint:noctx // the deadline is set, and the context interrupts
		return tls.ConnectionState{}, err
	}
	in := newReader(conn)
	in.anomalies, in.tls = c.in.anomalies, true
	c.conn, c.in, c.encrypted, c.inSync = conn, in, true, true
	return conn.ConnectionState(), nil
}

// interrupter interrupts a connection when a context is canceled.
type interrupter struct {
	ctx     context.Context
	release func() bool
	running sync.WaitGroup
}

func (i *interrupter) start(ctx context.Context, conn net.Conn) {
	i.ctx = ctx
	if ctx.Done() == nil {
		return
	}
	i.running.Add(1)
	i.release = context.AfterFunc(ctx, func() {
		defer i.running.Done()
		// The deadline of a context is part of the deadlines of the connection.
		if errors.Is(ctx.Err(), context.Canceled) {
			_ = conn.SetDeadline(time.Unix(1, 0))
		}
	})
}

// err returns context.Canceled if the context was canceled.
func (i *interrupter) err() error {
	if err := i.ctx.Err(); errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

// stop waits for an interruption that has begun, and prevents later ones.
func (i *interrupter) stop() {
	if i.release != nil && !i.release() {
		i.running.Wait()
	}
}
