package smtptest

import (
	"regexp"
	"strings"
	"time"
)

// Step is what a relay does at one moment. An error ends the session; the
// steps of this package return one only when the connection is gone.
type Step func(c *Conn) error

// Say sends lines, each with its CRLF, in one write.
func Say(lines ...string) Step {
	return Raw(strings.Join(lines, "\r\n") + "\r\n")
}

// Raw sends text as it is, in one write.
func Raw(text string) Step {
	return func(c *Conn) error { return c.Write([]byte(text)) }
}

// Drip sends text as it is, a byte at a time, with a pause between two.
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

// endlessWrite is the least that Endless sends at once.
const endlessWrite = 4096

// Endless sends text over and over until the client leaves. A line that never
// ends is Endless("x"), a reply that never ends Endless("250-x\r\n").
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

// Pause waits. It ends early, and the session with it, when the client or the
// server leaves.
func Pause(d time.Duration) Step {
	return func(c *Conn) error { return c.pause(d) }
}

// Then does one step after the other. A nil step is the healthy one.
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

// Seq does the first step when its moment comes for the first time in a
// session, the second the second time, and so on; the last one stays. A nil
// step is the healthy one.
func Seq(steps ...Step) Step {
	return func(c *Conn) error {
		return steps[min(c.Attempt(), len(steps))-1].or(Healthy())(c)
	}
}

// Match does the step if the command matches a regular expression, and what
// is healthy if it does not.
func Match(pattern string, step Step) Step {
	re := regexp.MustCompile(pattern)
	return func(c *Conn) error {
		if re.MatchString(c.Line()) {
			return step(c)
		}
		return Healthy()(c)
	}
}

// Healthy is what the relay does without a script.
func Healthy() Step {
	return func(c *Conn) error { return c.healthy() }
}

func (s Step) or(other Step) Step {
	if s == nil {
		return other
	}
	return s
}
