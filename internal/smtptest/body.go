package smtptest

// readBody reads a message up to the final dot, and performs the script's Body step
// after BodyAfter bytes.
func (c *Conn) readBody() error {
	m := Message{Sender: c.state.sender, Recipients: c.state.recipients}
	defer func() {
		c.rec.update(func(s *Session) {
			if len(s.Messages) < maxMessages {
				s.Messages = append(s.Messages, m)
			}
		})
	}()
	end := newDotScanner()
	performed := c.script.Body == nil
	for {
		if !performed && m.Size >= c.script.BodyAfter {
			performed = true
			if err := c.perform(AtBody); err != nil {
				return err
			}
		}
		limit := int64(c.in.Size())
		if !performed {
			limit = min(limit, c.script.BodyAfter-m.Size)
		}
		part, err := c.peekBuffered(int(limit))
		if err != nil {
			return err
		}
		n, done := end.scan(part)
		m.Raw = appendBounded(m.Raw, part[:n], maxBodyKept)
		m.Size += int64(n)
		c.count(n)
		_, _ = c.in.Discard(n) //nolint:errcheck // the input is buffered
		if done {
			m.Dot = true
			m.Size -= int64(len(".\r\n"))
			m.Raw = m.Raw[:min(int64(len(m.Raw)), m.Size)]
			return nil
		}
	}
}

// peekBuffered waits for input and returns what is buffered without consuming it.
func (c *Conn) peekBuffered(limit int) ([]byte, error) {
	if _, err := c.in.Peek(1); err != nil {
		return nil, err
	}
	return c.in.Peek(min(limit, c.in.Buffered()))
}

// dotScanner finds the end of a message, CRLF "." CRLF. The first CRLF of an empty
// message is that of DATA (RFC 5321 §4.1.1.4).
type dotScanner struct{ matched int }

const endOfMessage = "\r\n.\r\n"

func newDotScanner() *dotScanner { return &dotScanner{matched: len("\r\n")} }

// scan returns how many bytes belong to the message and its end, and whether the
// end was found.
func (d *dotScanner) scan(b []byte) (int, bool) {
	for i, c := range b {
		switch c {
		case endOfMessage[d.matched]:
			d.matched++
		case '\r':
			d.matched = 1
		default:
			d.matched = 0
		}
		if d.matched == len(endOfMessage) {
			return i + 1, true
		}
	}
	return len(b), false
}
