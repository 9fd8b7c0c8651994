package smtptest

import (
	"bufio"
	"errors"
	"io"
	"net"
	"time"
)

// Conn is the connection that a Step acts on.
type Conn struct {
	server *Server
	script Script
	wire   net.Conn // the TCP connection or unix socket
	conn   net.Conn // wire, or TLS over it
	in     *bufio.Reader
	rec    *record

	event    Event
	attempts map[Event]int
	line     string // the current command
	sent     reply  // what was sent for the current event

	state dialog
}

// dialog is the state of the session, which depends on the replies sent.
type dialog struct {
	greeted       bool // EHLO, HELO or LHLO was accepted
	inAuth        bool // the next line is the response to a 334
	sasl          exchange
	authenticated bool
	transaction
}

type transaction struct {
	sender     string
	hasSender  bool
	recipients []string
}

func newConn(s *Server, wire net.Conn, rec *record) *Conn {
	c := &Conn{
		server:   s,
		script:   s.script.session(rec.Number),
		wire:     wire,
		conn:     wire,
		rec:      rec,
		attempts: make(map[Event]int),
	}
	c.in = bufio.NewReader(wire)
	return c
}

// Attempt returns how many events of the current kind there have been in this
// session, including this one.
func (c *Conn) Attempt() int { return c.attempts[c.event] }

// SessionNumber returns the number of the session, from 1.
func (c *Conn) SessionNumber() int { return c.rec.Number }

// Line returns the current command without its line end.
func (c *Conn) Line() string { return c.line }

// Encrypted reports whether TLS is active.
func (c *Conn) Encrypted() bool { return c.conn != c.wire }

// Done returns a channel that is closed by the server's Close.
func (c *Conn) Done() <-chan struct{} { return c.server.done }

// Write sends bytes immediately.
func (c *Conn) Write(b []byte) error {
	if c.early() {
		c.recordEarlyInput()
	}
	c.sent.add(b)
	_, err := c.conn.Write(b)
	return err
}

// run runs the session.
func (c *Conn) run() {
	// With a PROXY protocol listener this reads the header.
	local, remote := c.wire.LocalAddr(), c.wire.RemoteAddr()
	c.rec.update(func(s *Session) { s.Local, s.Remote = local, remote })
	err := c.converse()
	_ = c.conn.Close()
	c.rec.update(func(s *Session) {
		s.Ended = time.Now()
		s.End, s.Err = ending(err)
	})
}

func (c *Conn) converse() error {
	if c.script.ImplicitTLS {
		if err := c.perform(AtHandshake); err != nil {
			return err
		}
	}
	if err := c.perform(AtGreeting); err != nil {
		return err
	}
	for {
		if err := c.next(); err != nil {
			return err
		}
	}
}

// next reads a line and performs its step.
func (c *Conn) next() error {
	raw, err := c.readLine()
	if err != nil {
		return err
	}
	c.line = Line{Raw: raw}.Text()
	e := eventOf(c.line)
	if c.state.inAuth {
		e = AtAuthResponse
	}
	c.rec.update(func(s *Session) {
		if len(s.Lines) < maxLines {
			s.Lines = append(s.Lines, Line{At: time.Now(), Event: e, Raw: raw, TLS: c.Encrypted()})
		}
	})
	return c.perform(e)
}

// perform runs the step of an event, and then what follows from the code of the
// reply.
func (c *Conn) perform(e Event) error {
	c.event, c.sent = e, reply{}
	c.attempts[e]++
	if c.script.Before != nil && e != AtHandshake && e != AtBody {
		if err := c.script.Before(c); err != nil {
			return err
		}
	}
	step := *c.script.at(e)
	if err := step.or(Healthy())(c); err != nil {
		return err
	}
	return c.follow(e, c.sent.code)
}

// early reports whether the client has to wait for the greeting.
func (c *Conn) early() bool { return c.event == AtGreeting && !c.sent.complete }

// ending returns how the session ended, given the error that ended it.
func ending(err error) (End, error) {
	switch {
	case errors.Is(err, errQuit):
		return ClientQuit, nil
	case errors.Is(err, errEnded), errors.Is(err, net.ErrClosed):
		return RelayEnded, nil
	case errors.Is(err, io.EOF):
		return ClientClosed, nil
	}
	return ClientAborted, err
}
