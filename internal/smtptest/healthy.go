package smtptest

import (
	"errors"
	"fmt"
	"net"
	"strings"
)

// eventOf returns the event of a command line.
func eventOf(line string) Event {
	verb, _, _ := strings.Cut(line, " ")
	switch e := Event(strings.ToUpper(verb)); e {
	case AtEHLO, AtHELO, AtLHLO, AtStartTLS, AtAuth, AtMail, AtRcpt, AtData, AtRset, AtNoop, AtVrfy, AtQuit:
		return e
	}
	return AtOther
}

// healthy performs the default step of the current event.
func (c *Conn) healthy() error {
	switch c.event {
	case AtGreeting:
		return c.say("220 %s %s", c.script.hostname(), c.protocol())
	case AtHandshake:
		return c.handshake()
	case AtEHLO:
		return c.hello(!c.script.LMTP)
	case AtLHLO:
		return c.hello(c.script.LMTP)
	case AtHELO:
		if c.script.LMTP {
			return c.unknownCommand()
		}
		return c.say("250 %s", c.script.hostname())
	case AtStartTLS:
		return c.offerTLS()
	case AtAuth:
		return c.startAuth()
	case AtAuthResponse:
		return c.continueAuth()
	case AtMail:
		return c.inSequence(c.state.greeted && !c.state.hasSender, "250 2.1.0 sender ok")
	case AtRcpt:
		return c.inSequence(c.state.hasSender, "250 2.1.5 recipient ok")
	case AtData:
		return c.inSequence(len(c.state.recipients) > 0, "354 end data with <CR><LF>.<CR><LF>")
	case AtBody:
		return nil
	case AtDot:
		return c.say("250 2.0.0 queued as %d.%d", c.SessionNumber(), c.Attempt())
	case AtRset, AtNoop:
		return c.say("250 2.0.0 ok")
	case AtVrfy:
		return c.say("252 2.0.0 send some mail, I will try")
	case AtQuit:
		return c.say("221 2.0.0 bye")
	}
	return c.unknownCommand()
}

func (c *Conn) say(format string, args ...any) error {
	return c.Write(fmt.Appendf(nil, format+"\r\n", args...))
}

func (c *Conn) protocol() string {
	if c.script.LMTP {
		return "LMTP"
	}
	return "ESMTP"
}

func (c *Conn) unknownCommand() error { return c.say("500 5.5.2 command unrecognized") }

// inSequence sends a reply, or 503 if the command is out of sequence.
func (c *Conn) inSequence(ok bool, text string) error {
	if !ok {
		return c.say("503 5.5.1 bad sequence of commands")
	}
	return c.say("%s", text)
}

// hello replies to EHLO or LHLO.
func (c *Conn) hello(supported bool) error {
	if !supported {
		return c.unknownCommand()
	}
	lines := append([]string{c.script.hostname()}, c.script.extensions(c.info())...)
	var b strings.Builder
	for i, line := range lines {
		separator := "-"
		if i == len(lines)-1 {
			separator = " "
		}
		b.WriteString("250" + separator + line + "\r\n")
	}
	return c.Write([]byte(b.String()))
}

func (c *Conn) offerTLS() error {
	if c.script.TLS == nil {
		return c.say("502 5.5.1 command not implemented")
	}
	return c.inSequence(!c.Encrypted(), "220 2.0.0 ready to start TLS")
}

// follow performs what a real relay does after replying to an event.
func (c *Conn) follow(e Event, code int) error {
	positive := code/100 == 2
	switch e {
	case AtEHLO, AtHELO, AtLHLO:
		if positive {
			c.state.greeted = true
			c.state.transaction = transaction{}
		}
	case AtStartTLS:
		if code == 220 {
			return c.perform(AtHandshake)
		}
	case AtAuth, AtAuthResponse:
		c.state.inAuth = code == 334
		c.state.authenticated = c.state.authenticated || code == 235
	case AtMail:
		if positive {
			c.state.transaction = transaction{sender: argument(c.line), hasSender: true}
		}
	case AtRcpt:
		if positive {
			c.state.recipients = append(c.state.recipients, argument(c.line))
		}
	case AtData:
		if code/100 == 3 {
			return c.receive()
		}
	case AtRset:
		if positive {
			c.state.transaction = transaction{}
		}
	case AtQuit:
		if code == 221 {
			return c.quit()
		}
	}
	return nil
}

// receive reads the message and performs the step of the dot: in LMTP once for each
// accepted recipient (RFC 2033 §4.2), with Line returning the recipient.
func (c *Conn) receive() error {
	if err := c.readBody(); err != nil {
		return err
	}
	recipients := c.state.recipients
	c.state.transaction = transaction{}
	if !c.script.LMTP {
		return c.perform(AtDot)
	}
	for _, recipient := range recipients {
		c.line = recipient
		if err := c.perform(AtDot); err != nil {
			return err
		}
	}
	return nil
}

// quit closes the connection and waits until the client has closed it, so that the
// record reports whether it did.
func (c *Conn) quit() error {
	if err := c.halfClose(); errors.Is(err, net.ErrClosed) {
		return err
	}
	return errQuit
}

// argument returns the text after the colon of MAIL FROM: or RCPT TO:.
func argument(line string) string {
	_, arg, _ := strings.Cut(line, ":")
	return strings.TrimSpace(arg)
}
