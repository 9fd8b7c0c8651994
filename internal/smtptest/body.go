package smtptest

// readBody reads a message to its final dot, doing the script's Body step on
// the way.
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
	acted := c.script.Body == nil
	for {
		if !acted && m.Size >= c.script.BodyAfter {
			acted = true
			if err := c.perform(AtBody); err != nil {
				return err
			}
		}
		limit := int64(c.in.Size())
		if !acted {
			limit = min(limit, c.script.BodyAfter-m.Size)
		}
		part, err := c.ahead(int(limit))
		if err != nil {
			return err
		}
		n, done := end.scan(part)
		m.Raw = appendBounded(m.Raw, part[:n], maxBodyKept)
		m.Size += int64(n)
		c.count(n)
		_, _ = c.in.Discard(n) //nolint:errcheck // it is in the buffer
		if done {
			m.Dot = true
			m.Size -= int64(len(".\r\n"))
			m.Raw = m.Raw[:min(int64(len(m.Raw)), m.Size)]
			return nil
		}
	}
}

// ahead waits for input and shows what there is of it, without taking it.
func (c *Conn) ahead(limit int) ([]byte, error) {
	if _, err := c.in.Peek(1); err != nil {
		return nil, err
	}
	return c.in.Peek(min(limit, c.in.Buffered()))
}

// dotScanner finds the end of a message: CRLF "." CRLF and nothing else, the
// first CRLF being DATA's own for an empty message (RFC 5321 §4.1.1.4).
type dotScanner struct{ matched int }

const endOfMessage = "\r\n.\r\n"

func newDotScanner() *dotScanner { return &dotScanner{matched: len("\r\n")} }

// scan returns how many bytes belong to the message and its end.
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
