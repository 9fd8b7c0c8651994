package smtpprobe

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/sasl"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

const (
	// maxChallenges is more than any mechanism needs: SCRAM has two, LOGIN two.
	maxChallenges = 8
	// maxCommandLine is the longest command with its CRLF (RFC 5321
	// §4.5.3.1.4); an initial response that does not fit waits for the empty
	// challenge (RFC 4954 §4).
	maxCommandLine = 512
)

// auth makes the one attempt to authenticate (RFC 4954).
func (s *session) auth() *smtperr.Error {
	a := s.plan.Auth
	if a == nil {
		return nil
	}
	if err := s.esmtp(smtperr.PhaseAuth); err != nil {
		return err
	}
	client, err := s.mechanism(a)
	if err != nil {
		return err
	}
	if err := s.unsolicited(smtperr.PhaseAuth); err != nil {
		return err
	}
	s.begin(smtperr.PhaseAuth)
	if err := s.authenticate(client); err != nil {
		s.authStopped()
		return err
	}
	s.end()
	s.authenticated = true
	return nil
}

// authStopped: AUTH got its complete reply, whatever it says, unless the
// conversation broke or ended with a challenge.
func (s *session) authStopped() {
	if s.current.Code != 0 && s.current.Code != 334 {
		s.end()
		return
	}
	s.stop()
}

// mechanism chooses how to authenticate.
func (s *session) mechanism(a *Auth) (sasl.Client, *smtperr.Error) {
	if err := s.mayAuthenticate(a); err != nil {
		return nil, err
	}
	c := sasl.Credentials{
		Username:       a.Username,
		Password:       a.Password,
		Host:           s.target.Host,
		Port:           int(s.target.Port),
		HasCertificate: s.target.TLSConfig != nil && len(s.target.TLSConfig.Certificates) > 0,
	}
	if a.Token != nil {
		token, err := s.token(a.Token)
		if err != nil {
			return nil, err
		}
		c.Token = token
	}
	s.secret(c.Username, c.Password, c.Token)
	client, err := sasl.Choose(s.caps.Auth, a.Mechanism, c, s.handshaken)
	if err != nil {
		return nil, classify(smtperr.PhaseAuth, err)
	}
	s.res.AuthMechanism = client.Name()
	return client, nil
}

// mayAuthenticate refuses AUTH where it cannot succeed, and where somebody
// might listen, before a token is fetched for it. TLS that was not verified
// hides nothing from whoever is in between, and what CRAM-MD5 and SCRAM show
// him he can guess passwords by.
func (s *session) mayAuthenticate(a *Auth) *smtperr.Error {
	private := s.local || s.res.TLS != nil && s.res.TLS.Verified
	switch {
	case len(s.caps.Auth) == 0:
		return smtperr.New(smtperr.ClassNotSupported, smtperr.ReasonAuthNotOffered, smtperr.PhaseAuth, nil)
	case !private && !a.Cleartext:
		return smtperr.New(smtperr.ClassNotSupported, smtperr.ReasonCleartextAuthForbidden, smtperr.PhaseAuth, nil)
	}
	return nil
}

// token fetches an OAuth2 token on the clock of the phase.
func (s *session) token(source TokenSource) (string, *smtperr.Error) {
	ctx, cancel := context.WithDeadline(s.ctx, s.deadline)
	defer cancel()
	s.begin(smtperr.PhaseAuth)
	defer s.stop()
	token, err := source.Token(ctx)
	if err != nil {
		return "", classify(smtperr.PhaseAuth, err)
	}
	return token, nil
}

// authenticate runs the exchange of one mechanism until the relay decides.
func (s *session) authenticate(client sasl.Client) *smtperr.Error {
	initial, hasInitial, err := client.Start()
	if err != nil {
		return classify(smtperr.PhaseAuth, err)
	}
	line := "AUTH " + client.Name()
	shown := line
	deferred := false
	if hasInitial {
		encoded := encodeInitial(initial)
		deferred = len(line)+1+len(encoded)+2 > maxCommandLine
		if !deferred {
			shown = line + masked(encoded)
			line += " " + encoded
		}
		s.secret(string(initial))
	}
	reply, failure := s.exchange(smtperr.PhaseAuth, line, shown)
	for range maxChallenges {
		if failure != nil {
			return failure
		}
		if reply.Code != 334 {
			return s.decided(client, reply, len(line)+2 > maxCommandLine)
		}
		var response []byte
		if deferred {
			response, deferred = initial, false
		} else if response, failure = s.answer(client); failure != nil {
			return s.cancelAuth(failure, reply)
		}
		s.secret(string(response))
		if early := s.unsolicited(smtperr.PhaseAuth); early != nil {
			return early
		}
		line = base64.StdEncoding.EncodeToString(response)
		reply, failure = s.exchange(smtperr.PhaseAuth, line, masked(line))
	}
	if failure != nil {
		return failure
	}
	if reply.Code != 334 {
		return s.decided(client, reply, len(line)+2 > maxCommandLine)
	}
	endless := smtperr.New(smtperr.ClassAuthFailed, smtperr.ReasonChallengeLoop, smtperr.PhaseAuth, errors.New("the relay does not stop asking"))
	return s.cancelAuth(endless, reply)
}

// decided is the verdict over AUTH. A 235 counts only if the mechanism has
// verified the server where it can (RFC 5802 §3).
func (s *session) decided(client sasl.Client, reply smtperr.Reply, overlong bool) *smtperr.Error {
	c := s.circumstances()
	c.OverlongLine = overlong
	if refusal := classifyReply(smtperr.PhaseAuth, reply, c); refusal != nil {
		s.inSync = s.inSync && refusal.Class != smtperr.ClassProtocolError
		return refusal
	}
	if err := client.Verified(); err != nil {
		unverified := classify(smtperr.PhaseAuth, err)
		unverified.Reply = &reply
		return unverified
	}
	s.decisive(reply)
	return nil
}

// answer decodes a challenge and lets the mechanism respond.
func (s *session) answer(client sasl.Client) ([]byte, *smtperr.Error) {
	challenge, err := base64.StdEncoding.DecodeString(s.challenge)
	if err != nil {
		return nil, smtperr.New(smtperr.ClassProtocolError, smtperr.ReasonBadChallenge, smtperr.PhaseAuth, err)
	}
	response, err := client.Next(challenge)
	if err != nil {
		return nil, classify(smtperr.PhaseAuth, err)
	}
	return response, nil
}

// cancelAuth gives up an exchange (RFC 4954 §4) so that the session can end
// properly; the reason for giving up stays the verdict.
func (s *session) cancelAuth(verdict *smtperr.Error, challenge smtperr.Reply) *smtperr.Error {
	verdict.Reply = &challenge
	err := s.unsolicited(smtperr.PhaseAuth)
	if err == nil {
		_, err = s.exchange(smtperr.PhaseAuth, "*", "*")
	}
	s.current.Code = challenge.Code
	if err != nil {
		verdict.Secondary = append(verdict.Secondary, err)
	}
	return verdict
}

// encodeInitial is an initial response; an empty one is "=" (RFC 4954 §4).
func encodeInitial(response []byte) string {
	if len(response) == 0 {
		return "="
	}
	return base64.StdEncoding.EncodeToString(response)
}

func masked(encoded string) string { return fmt.Sprintf(" *** (%d octets)", len(encoded)) }
