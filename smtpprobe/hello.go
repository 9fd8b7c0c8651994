package smtpprobe

import (
	"errors"
	"net/netip"
	"slices"
	"strings"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/hostname"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// greeting waits for the relay's first reply (RFC 5321 §3.1). Nothing is sent
// before its last line: postscreen and others refuse clients that hurry.
func (s *session) greeting() error {
	return s.during(smtperr.PhaseGreeting, func() error {
		reply, err := s.reply(smtperr.PhaseGreeting, s.replyDeadline())
		if err != nil {
			return err
		}
		s.res.GreetingHost = hostOf(reply)
		return s.accept(smtperr.PhaseGreeting, reply)
	})
}

// hello sends EHLO, or LHLO to an LMTP server, and learns what is offered. A
// server that does not know EHLO is greeted with HELO (RFC 5321 §3.2).
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
		return s.fallBack(reply)
	}
	if err := s.accept(smtperr.PhaseEHLO, reply); err != nil {
		return err
	}
	s.caps = parseCapabilities(reply.Lines)
	s.res.Capabilities, s.res.EHLOHost = s.caps, hostOf(reply)
	return nil
}

// fallBack sends HELO after a reply to EHLO that says that EHLO is unknown.
func (s *session) fallBack(toEHLO smtperr.Reply) error {
	reply, err := s.command(smtperr.PhaseHELO, "HELO "+s.helo())
	if err != nil {
		return err
	}
	known := s.replySession()
	known.EHLO = &toEHLO
	if err := s.acceptFor(smtperr.PhaseHELO, reply, known); err != nil {
		return err
	}
	s.res.EHLOHost = hostOf(reply)
	return nil
}

// isUnknownCommand recognizes the replies to EHLO of a server older than ESMTP,
// not of one that refuses this client.
func isUnknownCommand(r smtperr.Reply) bool { return r.Code >= 500 && r.Code <= 504 }

// hostOf is the name that a server gives itself: the first word of a reply's
// first line after the enhanced code, in lower case; "other" if that is not like
// a host name. A refusal need not name the server: its first word counts only
// if it contains a dot.
func hostOf(r smtperr.Reply) string {
	const longest = 253
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
	foreign := func(c rune) bool { return (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '.' && c != '-' }
	if len(name) > longest || strings.ContainsFunc(name, foreign) {
		return "other"
	}
	return name
}

// helo is the argument of EHLO.
func (s *session) helo() string {
	if s.prober.Helo != "" {
		return s.prober.Helo
	}
	if name := hostname.Local(); name != "" {
		return name
	}
	return literal(s.res.LocalAddr)
}

// literal is an address literal (RFC 5321 §4.1.3), of the loopback address where
// there is no other.
func literal(ip netip.Addr) string {
	switch {
	case ip.Is4():
		return "[" + ip.String() + "]"
	case ip.Is6():
		return "[IPv6:" + ip.WithZone("").String() + "]"
	}
	return "[127.0.0.1]"
}

func checkHelo(helo string) error {
	if slices.ContainsFunc([]byte(helo), func(c byte) bool { return c <= ' ' || c == 0x7f }) {
		return invalidPlan(smtperr.ReasonInvalidAddress, errors.New("the argument of EHLO must be one word"))
	}
	return nil
}
