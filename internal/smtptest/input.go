package smtptest

import (
	"bufio"
	"bytes"
	"errors"
	"os"
	"time"
)

// peekTime is how long recordEarlyInput waits for input.
const peekTime = time.Millisecond

// readLine reads a line of any length and truncates very long ones.
func (c *Conn) readLine() (string, error) {
	var line []byte
	for {
		part, err := c.in.ReadSlice('\n')
		c.count(len(part))
		line = appendBounded(line, part, maxLineKept)
		if err == nil {
			break
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			c.stray(line)
			return "", err
		}
	}
	if c.in.Buffered() > 0 {
		c.rec.update(func(s *Session) { s.Pipelined = true })
	}
	return string(line), nil
}

// drain reads until the client closes the connection.
func (c *Conn) drain() error {
	chunk := make([]byte, 4096)
	for {
		n, err := c.in.Read(chunk)
		c.count(n)
		c.stray(chunk[:n])
		if err != nil {
			return err
		}
	}
}

// pause waits, and returns early if the client closes the connection.
func (c *Conn) pause(d time.Duration) error {
	until := time.Now().Add(d)
	if c.in.Buffered() == 0 {
		if err := c.peek(d); err != nil {
			return err
		}
	}
	timer := time.NewTimer(time.Until(until))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-c.Done():
		return errEnded
	}
}

// peek waits for input, at most for d.
func (c *Conn) peek(d time.Duration) error {
	_ = c.wire.SetReadDeadline(time.Now().Add(d))
	defer func() { _ = c.wire.SetReadDeadline(time.Time{}) }()
	if _, err := c.in.Peek(1); err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
		return err
	}
	return nil
}

// recordEarlyInput records input that arrived before the greeting (RFC 5321 §3.1).
func (c *Conn) recordEarlyInput() {
	if c.in.Buffered() == 0 && c.peek(peekTime) != nil {
		return
	}
	early, _ := c.in.Peek(c.in.Buffered()) //nolint:errcheck // the input is buffered
	c.rec.update(func(s *Session) { s.Early = bytes.Clone(early) })
}

func (c *Conn) count(n int) {
	c.rec.update(func(s *Session) { s.Received += int64(n) })
}

// stray records input that is not read as a line.
func (c *Conn) stray(b []byte) {
	c.rec.update(func(s *Session) {
		if c.early() {
			s.Early = appendBounded(s.Early, b, maxStray)
		} else {
			s.Stray = appendBounded(s.Stray, b, maxStray)
		}
	})
}
