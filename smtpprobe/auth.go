package smtpprobe

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

const (
	// maxChallenges is more than any mechanism needs: SCRAM and LOGIN have two.
	maxChallenges = 8
	// maxCommandLine is the longest command with its CRLF (RFC 5321
	// §4.5.3.1.4). An initial response that does not fit waits for the empty
	// challenge (RFC 4954 §4).
	maxCommandLine = 512
)

// auth makes the one attempt to authenticate (RFC 4954).
func (s *session) auth() error {
	if s.plan.Auth == nil {
		return nil
	}
	if err := s.mayAuthenticate(); err != nil {
		return err
	}
	client, err := s.mechanism()
	if err != nil {
		return smtperr.Classify(smtperr.PhaseAuth, err)
	}
	if err := s.unsolicited(smtperr.PhaseAuth); err != nil {
		return err
	}
	s.log.InAuth(true)
	defer s.log.InAuth(false)
	return s.during(smtperr.PhaseAuth, func() error {
		x := &authExchange{session: s, client: client}
		err := x.run()
		s.authenticated = err == nil
		return err
	})
}

// mayAuthenticate refuses AUTH where it cannot succeed and where somebody might
// listen, before a token is fetched for it. TLS that was not verified does not
// protect against a man in the middle, and CRAM-MD5 and SCRAM let him guess the
// password offline.
func (s *session) mayAuthenticate() error {
	reason := smtperr.Reason("")
	switch {
	case s.caps == nil:
		reason = smtperr.ReasonESMTPUnavailable
	case len(s.caps.Auth) == 0:
		reason = smtperr.ReasonAuthNotOffered
	case !s.private() && !s.plan.Auth.Cleartext:
		reason = smtperr.ReasonCleartextAuthForbidden
	default:
		return nil
	}
	return smtperr.New(smtperr.ClassNotSupported, reason, smtperr.PhaseAuth, nil)
}

// mechanism chooses how to authenticate. A token is fetched on the clock of the
// phase.
func (s *session) mechanism() (Mechanism, error) {
	a := s.plan.Auth
	c := Credentials{
		Username:       a.Username,
		Password:       a.Password,
		Host:           s.target.Host,
		Port:           int(s.target.Port),
		HasCertificate: s.prober.TLS != nil && len(s.prober.TLS.Certificates) > 0,
	}
	if a.Token != nil {
		err := s.during(smtperr.PhaseAuth, func() (err error) {
			ctx, cancel := context.WithDeadline(s.ctx, s.deadline)
			defer cancel()
			c.Token, err = a.Token.Token(ctx)
			s.conn.Waited()
			return err
		})
		if err != nil {
			return nil, err
		}
		s.secrets.Add(c.Token)
	}
	client, err := s.prober.authenticator().Client(s.caps.Auth, a.Mechanism, c, s.encrypted)
	if err != nil {
		return nil, err
	}
	s.res.AuthMechanism = client.Name()
	return client, nil
}

// authExchange is the dialog of one AUTH command.
type authExchange struct {
	*session
	client Mechanism
	line   string // the last one sent
}

// run sends the command and answers challenges until the relay decides.
func (x *authExchange) run() error {
	initial, hasInitial, err := x.client.Start()
	if err != nil {
		return smtperr.Classify(smtperr.PhaseAuth, err)
	}
	x.line = "AUTH " + x.client.Name()
	shown := x.line
	deferred := false
	if hasInitial {
		encoded := encodeInitial(initial)
		deferred = len(x.line)+1+len(encoded)+2 > maxCommandLine
		if !deferred {
			shown += " " + hidden(encoded)
			x.line += " " + encoded
		}
		x.secrets.Add(string(initial))
	}
	reply, err := x.exchange(smtperr.PhaseAuth, x.line, shown)
	for range maxChallenges {
		if err != nil || reply.Code != 334 {
			return x.decided(reply, err)
		}
		response := initial
		if !deferred {
			if response, err = x.answer(reply); err != nil {
				return x.cancel(err, reply)
			}
		}
		deferred = false
		reply, err = x.respond(response)
	}
	if err != nil || reply.Code != 334 {
		return x.decided(reply, err)
	}
	return x.cancel(smtperr.New(smtperr.ClassAuthFailed, smtperr.ReasonChallengeLoop, smtperr.PhaseAuth, errors.New("too many AUTH challenges")), reply)
}

// respond sends one response.
func (x *authExchange) respond(response []byte) (smtperr.Reply, error) {
	x.secrets.Add(string(response))
	if err := x.unsolicited(smtperr.PhaseAuth); err != nil {
		return smtperr.Reply{}, err
	}
	x.line = base64.StdEncoding.EncodeToString(response)
	return x.exchange(smtperr.PhaseAuth, x.line, hidden(x.line))
}

// decided is the end of the exchange. A 235 counts only if the mechanism has
// verified the server where it can (RFC 5802 §3).
func (x *authExchange) decided(reply smtperr.Reply, err error) error {
	if err != nil {
		return err
	}
	known := x.replySession()
	known.OverlongLine = len(x.line)+2 > maxCommandLine
	if err := x.acceptFor(smtperr.PhaseAuth, reply, known); err != nil {
		return err
	}
	if err := smtperr.Classify(smtperr.PhaseAuth, x.client.Verified()); err != nil {
		asError(err).Reply = &reply
		return err
	}
	return nil
}

// answer decodes a challenge and lets the mechanism respond, within the time of
// the probe: the computation of SCRAM may take long.
func (x *authExchange) answer(challenge smtperr.Reply) ([]byte, error) {
	decoded, err := base64.StdEncoding.DecodeString(challenge.Text())
	if err != nil && !x.client.AnyPrompt() {
		return nil, smtperr.New(smtperr.ClassProtocolError, smtperr.ReasonBadChallenge, smtperr.PhaseAuth, fmt.Errorf("the challenge is not base64: %w", err))
	}
	ctx, cancel := context.WithDeadline(x.ctx, x.deadline)
	defer cancel()
	response, err := x.client.Next(ctx, decoded)
	return response, smtperr.Classify(smtperr.PhaseAuth, err)
}

// cancel gives up an exchange (RFC 4954 §4) so that the session can end
// properly. The failure is that of giving up, and the challenge its reply.
func (x *authExchange) cancel(failure error, challenge smtperr.Reply) error {
	e := asError(failure)
	e.Reply = &challenge
	err := x.unsolicited(smtperr.PhaseAuth)
	if err == nil {
		_, err = x.exchange(smtperr.PhaseAuth, "*", "*")
	}
	x.clock.replied(challenge.Code)
	if err != nil {
		e.Secondary = append(e.Secondary, err)
	}
	return e
}

// encodeInitial is an initial response; an empty one is "=" (RFC 4954 §4).
func encodeInitial(response []byte) string {
	if len(response) == 0 {
		return "="
	}
	return base64.StdEncoding.EncodeToString(response)
}

func hidden(encoded string) string { return fmt.Sprintf("*** (%d bytes)", len(encoded)) }
