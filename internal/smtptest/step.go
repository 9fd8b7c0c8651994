package smtptest

import (
	"regexp"
	"strings"
	"time"
)

// Step is the reaction of a relay to an event. An error ends the session; the
// steps of this package return one only if the connection is closed.
type Step func(c *Conn) error

// Say sends lines, each with CRLF, in one write.
func Say(lines ...string) Step {
	return Raw(strings.Join(lines, "\r\n") + "\r\n")
}

// Raw sends text unchanged, in one write.
func Raw(text string) Step {
	return func(c *Conn) error { return c.Write([]byte(text)) }
}

// Drip sends text unchanged, one byte at a time, with a pause between bytes.
func Drip(text string, interval time.Duration) Step {
	return func(c *Conn) error {
		for i := range len(text) {
			if i > 0 {
				if err := c.pause(interval); err != nil {
					return err
				}
			}
			if err := c.Write([]byte{text[i]}); err != nil {
				return err
			}
		}
		return nil
	}
}

// endlessWrite is the minimum size of Endless' writes.
const endlessWrite = 4096

// Endless sends text repeatedly until the client closes the connection: Endless("x")
// is a line that never ends, Endless("250-x\r\n") a reply that never ends.
func Endless(text string) Step {
	return func(c *Conn) error {
		chunk := []byte(strings.Repeat(text, endlessWrite/len(text)+1))
		for {
			if err := c.Write(chunk); err != nil {
				return err
			}
		}
	}
}

// Pause waits. If the client closes the connection or the server is closed, the
// session ends immediately.
func Pause(d time.Duration) Step {
	return func(c *Conn) error { return c.pause(d) }
}

// Then runs steps in sequence. A nil step is Healthy.
func Then(steps ...Step) Step {
	return func(c *Conn) error {
		for _, step := range steps {
			if err := step.or(Healthy())(c); err != nil {
				return err
			}
		}
		return nil
	}
}

// Seq runs the first step for the first event of its kind in a session, the second
// for the second, and so on. Further events run the last step. A nil step is
// Healthy.
func Seq(steps ...Step) Step {
	return func(c *Conn) error {
		return steps[min(c.Attempt(), len(steps))-1].or(Healthy())(c)
	}
}

// Match runs the step if the command matches a regular expression, and Healthy
// otherwise.
func Match(pattern string, step Step) Step {
	re := regexp.MustCompile(pattern)
	return func(c *Conn) error {
		if re.MatchString(c.Line()) {
			return step(c)
		}
		return Healthy()(c)
	}
}

// Healthy replies like an ordinary relay. It is the default step of every event.
func Healthy() Step {
	return func(c *Conn) error { return c.healthy() }
}

func (s Step) or(other Step) Step {
	if s == nil {
		return other
	}
	return s
}
