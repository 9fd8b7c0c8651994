// Package sasl chooses a SASL mechanism for SMTP AUTH (RFC 4954) and runs the
// client's side of it. Libraries implement the mechanisms; this package makes
// their failures distinguish what the server did wrong.
package sasl

import (
	"context"
	"errors"
	"fmt"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// Client is the client's side of one exchange. It serves one AUTH command.
// All its errors are *smtperr.Error of phase auth, and hold no secret.
type Client interface {
	// Name is the mechanism's, as AUTH names it.
	Name() string
	// Start returns the initial response. hasIR is false where the server has
	// to begin; an empty initial response is sent as "=" (RFC 4954 §4).
	Start() (ir []byte, hasIR bool, err error)
	// AnyPrompt reports whether challenges are answered whatever they are, even
	// if they are not base64.
	AnyPrompt() bool
	// Next answers a decoded challenge, within the context's time. After an
	// error the exchange should be cancelled: protocol_error/bad_challenge is a
	// challenge against the mechanism's syntax, auth_failed/server_unverified
	// one that a server without the password could have sent,
	// auth_failed/challenge_loop one that has no answer, because there are too
	// many or it asks for what this client does not do.
	Next(ctx context.Context, challenge []byte) (resp []byte, err error)
	// Verified judges a 235. Where the mechanism authenticates the server too,
	// a 235 before that is auth_failed/server_unverified; one that comes before
	// any credential was asked for is protocol_error/unexpected_code.
	Verified() error
}

func badChallenge(why string) error {
	return smtperr.New(smtperr.ClassProtocolError, smtperr.ReasonBadChallenge, smtperr.PhaseAuth, errors.New(why))
}

func serverUnverified(why string) error {
	return smtperr.New(smtperr.ClassAuthFailed, smtperr.ReasonServerUnverified, smtperr.PhaseAuth, errors.New(why))
}

func unanswerable(why string) error {
	return smtperr.New(smtperr.ClassAuthFailed, smtperr.ReasonChallengeLoop, smtperr.PhaseAuth, errors.New(why))
}

func misconfigured(format string, args ...any) error {
	return smtperr.New(smtperr.ClassConfigError, "", smtperr.PhaseConfig, fmt.Errorf(format, args...))
}
