// Package sasl selects a SASL mechanism (RFC 4422) for SMTP AUTH or IMAP and
// implements the client side of the exchange.
//
// [Choose] returns a [Client] for the strongest mechanism that the server offers
// and the credentials allow. The messages of most mechanisms come from libraries.
// This package checks the server's messages first, so that its errors distinguish
// a malformed challenge, an exchange that does not end, and a server that does not
// know the password.
package sasl

import (
	"context"
	"errors"
	"fmt"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// Client is the client side of one exchange. A Client serves one AUTH command.
// All errors are *smtperr.Error in the phase auth and contain no secret.
type Client interface {
	// Name returns the name of the mechanism.
	Name() string
	// Start returns the initial response. hasIR is false if the server sends the
	// first challenge. An empty initial response is sent as "=" (RFC 4954 §4).
	Start() (ir []byte, hasIR bool, err error)
	// AnyPrompt reports whether the responses do not depend on the challenges.
	// Then a challenge need not even be base64.
	AnyPrompt() bool
	// Next returns the response to a decoded challenge. After an error the caller
	// should cancel the exchange. The errors are:
	//
	//   - protocol_error/bad_challenge: the challenge is malformed.
	//   - auth_failed/server_unverified: the server's signature is wrong.
	//   - auth_failed/challenge_loop: no response exists, because the exchange is
	//     over or the challenge needs an unsupported extension.
	//   - local_error/prober_stalled: ctx does not allow enough time to compute
	//     the response.
	Next(ctx context.Context, challenge []byte) (resp []byte, err error)
	// Verified must be called when the server reports success. It returns
	// auth_failed/server_unverified if the mechanism authenticates the server but
	// the server has not sent its signature, and protocol_error/unexpected_code if
	// the server has not received the credentials.
	Verified() error
}

func badChallenge(text string) error {
	return smtperr.New(smtperr.ClassProtocolError, smtperr.ReasonBadChallenge, smtperr.PhaseAuth, errors.New(text))
}

func serverUnverified(text string) error {
	return smtperr.New(smtperr.ClassAuthFailed, smtperr.ReasonServerUnverified, smtperr.PhaseAuth, errors.New(text))
}

func challengeLoop(text string) error {
	return smtperr.New(smtperr.ClassAuthFailed, smtperr.ReasonChallengeLoop, smtperr.PhaseAuth, errors.New(text))
}

// errTooManyChallenges returns the error of a challenge after the last response.
func errTooManyChallenges() error {
	return challengeLoop("the server sent another challenge after the end of the exchange")
}

func misconfigured(format string, args ...any) error {
	return smtperr.New(smtperr.ClassConfigError, "", smtperr.PhaseConfig, fmt.Errorf(format, args...))
}
