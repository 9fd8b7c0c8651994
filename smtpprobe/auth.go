package smtpprobe

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

const (
	// maxChallenges is more than any mechanism needs: SCRAM and LOGIN need two.
	maxChallenges = 8
	// maxCommandLine is the length of the longest command, CRLF included (RFC 5321
	// §4.5.3.1.4). An initial response that does not fit is sent after an empty
	// challenge (RFC 4954 §4).
	maxCommandLine = 512
)

// auth authenticates, with one attempt (RFC 4954).
func (s *session) auth() error {
	if s.plan.Auth == nil {
		return nil
	}
	if err := s.checkAuthAllowed(); err != nil {
		return err
	}
	client, err := s.chooseMechanism()
	if err != nil {
		return smtperr.Classify(smtperr.PhaseAuth, err)
	}
	if err := s.checkUnsolicited(smtperr.PhaseAuth); err != nil {
		return err
	}
	s.log.InAuth(true)
	defer s.log.InAuth(false)
	return s.timed(smtperr.PhaseAuth, func() error {
		x := &authExchange{session: s, client: client}
		err := x.authenticate()
		s.authenticated = err == nil
		return err
	})
}

// checkAuthAllowed returns an error if AUTH cannot succeed, or if the credentials
// would not be protected. TLS without a verified certificate does not protect them
// from a man in the middle; even CRAM-MD5 and SCRAM allow an offline dictionary
// attack. It is called before a token is requested.
func (s *session) checkAuthAllowed() error {
	reason := smtperr.Reason("")
	switch {
	case s.caps == nil:
		reason = smtperr.ReasonESMTPUnavailable
	case len(s.caps.Auth) == 0:
		reason = smtperr.ReasonAuthNotOffered
	case !s.protected() && !s.plan.Auth.Cleartext:
		reason = smtperr.ReasonCleartextAuthForbidden
	default:
		return nil
	}
	return smtperr.New(smtperr.ClassNotSupported, reason, smtperr.PhaseAuth, nil)
}

// protected reports whether the connection protects credentials.
func (s *session) protected() bool {
	return s.target.Socket != "" || s.res.TLS != nil && s.res.TLS.Verified
}

// chooseMechanism returns the client side of the mechanism to use. The time to
// fetch a token is part of the phase.
func (s *session) chooseMechanism() (Mechanism, error) {
	a := s.plan.Auth
	c := Credentials{
		Username:       a.Username,
		Password:       a.Password,
		Host:           s.target.Host,
		Port:           int(s.target.Port),
		HasCertificate: s.prober.TLS != nil && len(s.prober.TLS.Certificates) > 0,
	}
	if a.Token != nil {
		err := s.timed(smtperr.PhaseAuth, func() (err error) {
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

// authExchange is the exchange of one AUTH command.
type authExchange struct {
	*session
	client Mechanism
	line   string // the last line sent
}

// authenticate sends AUTH and responds to challenges until another reply.
func (x *authExchange) authenticate() error {
	initial, hasInitial, err := x.client.Start()
	if err != nil {
		return smtperr.Classify(smtperr.PhaseAuth, err)
	}
	x.line = "AUTH " + x.client.Name()
	redacted := x.line
	deferred := false // the initial response is sent after a challenge
	if hasInitial {
		encoded := encodeInitial(initial)
		deferred = len(x.line)+1+len(encoded)+2 > maxCommandLine
		if !deferred {
			redacted += " " + redact(encoded)
			x.line += " " + encoded
		}
		x.secrets.Add(string(initial))
	}
	reply, err := x.exchange(smtperr.PhaseAuth, x.line, redacted)
	for range maxChallenges {
		if err != nil || reply.Code != 334 {
			return x.finish(reply, err)
		}
		response := initial
		if !deferred {
			if response, err = x.response(reply); err != nil {
				return x.cancel(err, reply)
			}
		}
		deferred = false
		reply, err = x.respond(response)
	}
	if err != nil || reply.Code != 334 {
		return x.finish(reply, err)
	}
	return x.cancel(smtperr.New(smtperr.ClassAuthFailed, smtperr.ReasonChallengeLoop, smtperr.PhaseAuth, errors.New("too many AUTH challenges")), reply)
}

// respond sends a response.
func (x *authExchange) respond(response []byte) (smtperr.Reply, error) {
	x.secrets.Add(string(response))
	if err := x.checkUnsolicited(smtperr.PhaseAuth); err != nil {
		return smtperr.Reply{}, err
	}
	x.line = base64.StdEncoding.EncodeToString(response)
	return x.exchange(smtperr.PhaseAuth, x.line, redact(x.line))
}

// finish checks the final reply. A 235 is only accepted if a mechanism that can
// verify the server has done so (RFC 5802 §3).
func (x *authExchange) finish(reply smtperr.Reply, err error) error {
	if err != nil {
		return err
	}
	state := x.replySession()
	state.OverlongLine = len(x.line)+2 > maxCommandLine
	if err := x.acceptIn(smtperr.PhaseAuth, reply, state); err != nil {
		return err
	}
	if err := smtperr.Classify(smtperr.PhaseAuth, x.client.Verified()); err != nil {
		asError(err).Reply = &reply
		return err
	}
	return nil
}

// response computes the response to a challenge, before the deadline of the probe:
// SCRAM may take long.
func (x *authExchange) response(challenge smtperr.Reply) ([]byte, error) {
	decoded, err := base64.StdEncoding.DecodeString(challenge.Text())
	if err != nil && !x.client.AnyPrompt() {
		return nil, smtperr.New(smtperr.ClassProtocolError, smtperr.ReasonBadChallenge, smtperr.PhaseAuth, fmt.Errorf("the challenge is not base64: %w", err))
	}
	ctx, cancel := context.WithDeadline(x.ctx, x.deadline)
	defer cancel()
	response, err := x.client.Next(ctx, decoded)
	return response, smtperr.Classify(smtperr.PhaseAuth, err)
}

// cancel cancels the exchange (RFC 4954 §4), so that QUIT can be sent. It returns
// the cause, with the challenge as its reply.
func (x *authExchange) cancel(cause error, challenge smtperr.Reply) error {
	e := asError(cause)
	e.Reply = &challenge
	err := x.checkUnsolicited(smtperr.PhaseAuth)
	if err == nil {
		_, err = x.exchange(smtperr.PhaseAuth, "*", "*")
	}
	x.clock.reply(challenge.Code)
	if err != nil {
		e.Secondary = append(e.Secondary, err)
	}
	return e
}

// encodeInitial encodes an initial response. An empty one is "=" (RFC 4954 §4).
func encodeInitial(response []byte) string {
	if len(response) == 0 {
		return "="
	}
	return base64.StdEncoding.EncodeToString(response)
}

func redact(encoded string) string { return fmt.Sprintf("*** (%d bytes)", len(encoded)) }
