package smtpprobe

import (
	"errors"
	"net/netip"
	"slices"
	"strings"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/hostname"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// greeting reads the first reply (RFC 5321 §3.1). Nothing is sent before its last
// line: Postfix's postscreen and others reject clients that talk too early.
func (s *session) greeting() error {
	return s.timed(smtperr.PhaseGreeting, func() error {
		reply, err := s.reply(smtperr.PhaseGreeting, s.replyDeadline())
		if err != nil {
			return err
		}
		s.res.GreetingHost = replyHost(reply)
		return s.accept(smtperr.PhaseGreeting, reply)
	})
}

// hello sends EHLO, or LHLO to an LMTP server, and parses the capabilities. If
// the server does not support EHLO, it sends HELO (RFC 5321 §3.2).
func (s *session) hello() error {
	verb := "EHLO "
	if s.target.LMTP {
		verb = "LHLO "
	}
	s.caps, s.res.Capabilities, s.res.EHLOHost = nil, nil, ""
	reply, err := s.command(smtperr.PhaseEHLO, verb+s.helo())
	if err != nil {
		return err
	}
	if !s.target.LMTP && isUnknownCommand(reply) {
		return s.sendHELO(reply)
	}
	if err := s.accept(smtperr.PhaseEHLO, reply); err != nil {
		return err
	}
	s.caps = parseCapabilities(reply.Lines)
	s.res.Capabilities, s.res.EHLOHost = s.caps, replyHost(reply)
	return nil
}

// sendHELO sends HELO after the reply to EHLO of a server that does not support it.
func (s *session) sendHELO(toEHLO smtperr.Reply) error {
	reply, err := s.command(smtperr.PhaseHELO, "HELO "+s.helo())
	if err != nil {
		return err
	}
	state := s.replySession()
	state.EHLO = &toEHLO
	if err := s.acceptIn(smtperr.PhaseHELO, reply, state); err != nil {
		return err
	}
	s.res.EHLOHost = replyHost(reply)
	return nil
}

// isUnknownCommand reports whether a reply to EHLO means that the server does not
// support ESMTP, and not that it refuses this client.
func isUnknownCommand(r smtperr.Reply) bool { return r.Code >= 500 && r.Code <= 504 }

// replyHost returns the host name of the server in a reply: the first word after
// the enhanced code, in lower case, or "other" if that is not a host name. In a
// refusal the first word is only used if it contains a dot.
func replyHost(r smtperr.Reply) string {
	const maxName = 253
	if len(r.Lines) == 0 {
		return ""
	}
	text := strings.TrimPrefix(r.Lines[0], r.Enhanced.String())
	word := ""
	for word = range strings.FieldsSeq(text) {
		break
	}
	if word == "" || r.Code >= 400 && !strings.Contains(word, ".") {
		return ""
	}
	name := strings.ToLower(word)
	invalid := func(c rune) bool { return (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '.' && c != '-' }
	if len(name) > maxName || strings.ContainsFunc(name, invalid) {
		return "other"
	}
	return name
}

// helo returns the argument of EHLO.
func (s *session) helo() string {
	if s.prober.Helo != "" {
		return s.prober.Helo
	}
	if name := hostname.Local(); name != "" {
		return name
	}
	return addressLiteral(s.res.LocalAddr)
}

// addressLiteral returns an address literal (RFC 5321 §4.1.3). If the address is
// invalid, it is that of the loopback address.
func addressLiteral(ip netip.Addr) string {
	switch {
	case ip.Is4():
		return "[" + ip.String() + "]"
	case ip.Is6():
		return "[IPv6:" + ip.WithZone("").String() + "]"
	}
	return "[127.0.0.1]"
}

// checkHelo returns an error unless the argument of EHLO is one word.
func checkHelo(helo string) error {
	if slices.ContainsFunc([]byte(helo), func(c byte) bool { return c <= ' ' || c == 0x7f }) {
		return invalidPlan(smtperr.ReasonInvalidAddress, errors.New("the argument of EHLO must be one word"))
	}
	return nil
}
