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
	// earlyWait bounds the read of something that is expected to be there
	// already: only what has arrived counts.
	earlyWait = 100 * time.Millisecond
	// decryptWait bounds the look at encrypted bytes. They may be a session
	// ticket, with nothing after it.
	decryptWait = time.Millisecond
	// closeWait bounds the TLS close_notify to a peer that does not read.
	closeWait = 100 * time.Millisecond
)

// Conn is one SMTP connection. Its methods are for one goroutine at a time.
type Conn struct {
	link      *link
	conn      net.Conn // link, or TLS on top of it
	in        *reader
	out       []byte // the command that is being sent; reused for the next one
	log       *Transcript
	interrupt interrupter

	encrypted bool
	inSync    bool
	arrived   time.Time // of the last reply; zero if unknown
}

// New takes over a connection. The end of the context interrupts its reads and
// writes until Close; a deadline of the context does not, since every call
// brings its own. The transcript may be nil.
func New(ctx context.Context, conn net.Conn, log *Transcript) *Conn {
	c := &Conn{link: newLink(socket.New(conn)), log: log}
	c.conn = c.link
	c.in = newReader(c.conn)
	c.interrupt.start(ctx, conn)
	return c
}

// Close ends the connection. It waits at most 100 ms for a peer that does not
// read.
func (c *Conn) Close() {
	c.interrupt.stop()
	c.log.Event("closed")
	c.link.limit = time.Now().Add(closeWait)
	_ = c.conn.Close()
}

// InSync reports whether a command may be sent: no reply is outstanding, and
// the peer has not broken the protocol.
func (c *Conn) InSync() bool { return c.inSync }

// Desync marks that the two sides no longer agree where they are.
func (c *Conn) Desync() { c.inSync = false }

// Arrived is when the last byte of the last reply arrived at this machine. It
// is zero while a reply is outstanding, and where the kernel does not say.
func (c *Conn) Arrived() time.Time { return c.arrived }

// Partial reports whether the last Reply ended within a reply.
func (c *Conn) Partial() bool { return c.in.partial }

// Stalled reports whether this process did not run, or computed, at the time of
// a deadline.
func (c *Conn) Stalled(deadline time.Time) bool { return c.link.stalls.cover(deadline) }

// Waited marks that the caller has waited for something else, so that the time
// since the last use of the connection is not taken for a stall.
func (c *Conn) Waited() { c.link.stalls.ran = time.Now() }

// Unacknowledged reports whether the peer's kernel has not acknowledged
// everything that was sent. It is false where that is not known.
func (c *Conn) Unacknowledged() bool { return c.link.Conn.Unacknowledged() }

// Anomalies names what the peer did that RFC 5321 does not allow but that
// decided nothing: bare_lf, bare_cr, nul, eight_bit, enhanced_mismatch.
func (c *Conn) Anomalies() []string { return c.in.odd.names() }

// Send writes one line and its CRLF.
func (c *Conn) Send(line string, deadline time.Time) error {
	return c.SendSecret(line, line, deadline)
}

// SendSecret is Send for a line that the transcript shows in another form.
func (c *Conn) SendSecret(line, shown string, deadline time.Time) error {
	c.log.sent(shown)
	c.out = append(append(c.out[:0], line...), "\r\n"...)
	_, err := c.Writer(deadline).Write(c.out)
	return err
}

// Writer writes bytes that are not lines, such as a message. The connection is
// out of sync until the next Reply.
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
	// After the deadline is set: one of the two always notices the end of the
	// context.
	if err := w.c.interrupt.err(); err != nil {
		return 0, err
	}
	return w.c.conn.Write(b)
}

// Greeting reads the first reply. Until its first line is complete the peer may
// turn out to speak another protocol.
func (c *Conn) Greeting(deadline time.Time) (smtperr.Reply, error) {
	c.in.greeting = true
	return c.Reply(deadline)
}

// Reply reads the next reply. Its error is a *ProtocolError, or that of the
// connection; the connection is out of sync then.
func (c *Conn) Reply(deadline time.Time) (smtperr.Reply, error) {
	c.inSync, c.arrived = false, time.Time{}
	if err := c.armRead(deadline); err != nil {
		return smtperr.Reply{}, err
	}
	reply, err := c.in.next()
	if err != nil {
		return reply, err
	}
	c.inSync, c.arrived = true, c.link.Arrived()
	c.in.odd.enhancedMismatch = c.in.odd.enhancedMismatch || reply.EnhancedMismatch
	c.log.reply(reply)
	return reply, nil
}

func (c *Conn) armRead(deadline time.Time) error {
	if err := c.conn.SetReadDeadline(deadline); err != nil {
		return err
	}
	return c.interrupt.err()
}

// Early reads a reply that nobody has asked for, if it is there. The connection
// is out of sync afterwards.
func (c *Conn) Early() (smtperr.Reply, error) {
	reply, err := c.Reply(time.Now().Add(earlyWait))
	c.inSync = false
	return reply, err
}

// Unread reports whether the peer has sent something that no reply has taken.
// It does not wait, except for the decryption of what has arrived.
func (c *Conn) Unread() bool {
	if c.in.buffered() > 0 {
		return true
	}
	pending := c.link.Pending()
	if !c.encrypted {
		return pending
	}
	c.link.peeking = true
	defer func() { c.link.peeking = false }()
	// A deadline in the past still yields the records that TLS has read already.
	deadline := time.Unix(1, 0)
	if pending {
		deadline = time.Now().Add(decryptWait)
	}
	return c.armRead(deadline) == nil && c.in.fill() == nil
}

// StartTLS makes the handshake. On success the connection is encrypted and in
// sync; what it has noticed so far stays.
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
	in.odd, in.tls = c.in.odd, true
	c.conn, c.in, c.encrypted, c.inSync = conn, in, true, true
	return conn.ConnectionState(), nil
}

// interrupter makes the end of a context interrupt a connection. What it starts
// ends with stop.
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
		// A deadline of the context is one of the connection already.
		if errors.Is(ctx.Err(), context.Canceled) {
			_ = conn.SetDeadline(time.Unix(1, 0))
		}
	})
}

func (i *interrupter) err() error {
	if err := i.ctx.Err(); errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

func (i *interrupter) stop() {
	if i.release != nil && !i.release() {
		i.running.Wait()
	}
}

// Resync marks that a command may be sent although the last reply was not asked
// for.
func (c *Conn) Resync() { c.inSync = true }
