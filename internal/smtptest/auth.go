package smtptest

import (
	"encoding/base64"
	"errors"
	"strings"
)

// startAuth replies to AUTH using the accounts (RFC 4954 §4).
func (c *Conn) startAuth() error {
	accounts := c.script.Accounts
	if accounts == nil {
		return c.say("502 5.5.1 command not implemented")
	}
	if c.state.authenticated || !c.state.greeted {
		return c.say("503 5.5.1 bad sequence of commands")
	}
	name, initial, hasInitial := mechanismOf(c.line)
	c.state.sasl = accounts.open(name, c.info())
	if c.state.sasl == nil {
		return c.say("504 5.5.4 mechanism not offered")
	}
	if !hasInitial {
		return c.advance(nil)
	}
	return c.respond(initial)
}

// continueAuth replies to the line after a 334. Without accounts, the script sent
// that 334, and any response succeeds.
func (c *Conn) continueAuth() error {
	if c.line == "*" {
		c.state.sasl = nil
		return c.say("501 5.7.0 authentication cancelled")
	}
	if c.state.sasl == nil {
		return c.say("235 2.7.0 authenticated")
	}
	return c.respond(c.line)
}

// mechanismOf parses AUTH.
func mechanismOf(line string) (name, initial string, hasInitial bool) {
	_, arguments, _ := strings.Cut(line, " ")
	name, initial, hasInitial = strings.Cut(arguments, " ")
	if initial == "=" {
		initial = ""
	}
	return strings.ToUpper(name), initial, hasInitial
}

// respond decodes the client's response and replies to it.
func (c *Conn) respond(encoded string) error {
	response, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		c.state.sasl = nil
		return c.say("501 5.5.2 cannot decode base64")
	}
	if response == nil {
		response = make([]byte, 0)
	}
	return c.advance(response)
}

// advance passes a response to the mechanism and replies with the result. nil means
// that there is no initial response.
func (c *Conn) advance(response []byte) error {
	challenge, done, err := c.state.sasl.Next(response)
	if err != nil {
		c.state.sasl = nil
		if errors.Is(err, errMalformed) {
			return c.say("501 5.5.4 malformed response")
		}
		return c.say("535 5.7.8 authentication credentials invalid")
	}
	if !done {
		return c.say("334 %s", base64.StdEncoding.EncodeToString(challenge))
	}
	identity := c.state.sasl.identity()
	c.state.sasl = nil
	c.rec.update(func(s *Session) { s.Identity = identity })
	return c.say("235 2.7.0 authenticated")
}

func (c *Conn) info() *connInfo {
	info := &connInfo{hostname: c.script.hostname()}
	if c.Encrypted() {
		info.tls = c.rec.snapshot().TLS
		if certificates := c.script.TLS.Certificates; len(certificates) > 0 {
			info.certificate = certificates[0].Certificate[0]
		}
	}
	return info
}
