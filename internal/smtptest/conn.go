package smtptest

import (
	"bufio"
	"errors"
	"io"
	"net"
	"time"
)

// Conn is one conversation as a Step sees it.
type Conn struct {
	server *Server
	script Script
	wire   net.Conn // the connection itself
	conn   net.Conn // what the conversation runs over: wire, or TLS on it
	in     *bufio.Reader
	rec    *record

	moment   Moment
	attempts map[Moment]int
	line     string // the command that is being answered
	said     reply  // at this moment

	state conversation
}

// conversation is what the replies so far have made of it.
type conversation struct {
	greeted    bool // EHLO, HELO or LHLO was accepted
	inAuth     bool // the next line answers a 334
	sasl       exchange
	identified bool
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
		attempts: make(map[Moment]int),
	}
	c.in = bufio.NewReader(wire)
	return c
}

// Attempt is how often the present moment has come in this session, from 1.
func (c *Conn) Attempt() int { return c.attempts[c.moment] }

// SessionNumber counts the server's sessions from 1.
func (c *Conn) SessionNumber() int { return c.rec.Number }

// Line is the command that is being answered, without its line end.
func (c *Conn) Line() string { return c.line }

// Encrypted reports whether TLS is active.
func (c *Conn) Encrypted() bool { return c.conn != c.wire }

// Done is closed when the server closes.
func (c *Conn) Done() <-chan struct{} { return c.server.done }

// Write sends bytes at once.
func (c *Conn) Write(b []byte) error {
	if c.early() {
		c.lookForEarlyTalk()
	}
	c.said.add(b)
	_, err := c.conn.Write(b)
	return err
}

// run is the whole conversation.
func (c *Conn) run() {
	// Behind a PROXY protocol listener this reads the header.
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

// next reads a line and answers it.
func (c *Conn) next() error {
	raw, err := c.readLine()
	if err != nil {
		return err
	}
	c.line = Line{Raw: raw}.Text()
	m := momentOf(c.line)
	if c.state.inAuth {
		m = AtAuthResponse
	}
	c.rec.update(func(s *Session) {
		if len(s.Lines) < maxLines {
			s.Lines = append(s.Lines, Line{At: time.Now(), Moment: m, Raw: raw, TLS: c.Encrypted()})
		}
	})
	return c.perform(m)
}

// perform runs the step of a moment, and then what follows from
// the code that was said.
func (c *Conn) perform(m Moment) error {
	c.moment, c.said = m, reply{}
	c.attempts[m]++
	if c.script.Before != nil && m != AtHandshake && m != AtBody {
		if err := c.script.Before(c); err != nil {
			return err
		}
	}
	step := *c.script.at(m)
	if err := step.or(Healthy())(c); err != nil {
		return err
	}
	return c.follow(m, c.said.code)
}

// early reports whether it is not yet the client's turn to speak.
func (c *Conn) early() bool { return c.moment == AtGreeting && !c.said.complete }

// ending is how the session ended, from the error that ended it.
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
