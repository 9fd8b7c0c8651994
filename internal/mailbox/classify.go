package mailbox

import (
	"context"
	"errors"
	"strings"

	"github.com/emersion/go-imap/v2"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// classify classifies the error of a scan like the same failure of a relay.
func classify(phase smtperr.Phase, err error) error {
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*smtperr.Error](err); ok {
		return inPhase(e, phase)
	}
	if refused, ok := errors.AsType[*imap.Error](err); ok {
		return refusal(phase, refused)
	}
	if errors.Is(err, errTooMuchData) {
		return smtperr.New(smtperr.ClassProtocolError, smtperr.ReasonReplyTooLong, phase, err)
	}
	if phase == smtperr.PhaseConnect {
		phase = "" // a name that is not found keeps the phase dns
	}
	e, ok := errors.AsType[*smtperr.Error](smtperr.Classify(phase, err))
	if !ok {
		return err
	}
	if e.Phase == "" {
		e.Phase = smtperr.PhaseConnect
	}
	if e.Class == smtperr.ClassUnknown {
		// The library has no error type for a response that is not IMAP. Its
		// error after a panic has a stack trace from the second line on.
		text, _, _ := strings.Cut(err.Error(), "\n")
		e.Class, e.Reason, e.Cause = smtperr.ClassProtocolError, smtperr.ReasonBadCode, errors.New(text)
	}
	return e
}

// inPhase returns the error with a phase, unless it has one.
func inPhase(e *smtperr.Error, phase smtperr.Phase) error {
	if e.Phase != "" {
		return e
	}
	own := *e
	own.Phase = phase
	return &own
}

// refusal classifies a NO, BAD or BYE (RFC 9051 §7.1).
func refusal(phase smtperr.Phase, err *imap.Error) error {
	switch {
	case err.Type == imap.StatusResponseTypeBye && phase == smtperr.PhaseGreeting:
		return smtperr.New(smtperr.ClassGreetingRefused, smtperr.ReasonAccessDenied, phase, err)
	case err.Type == imap.StatusResponseTypeBye:
		return smtperr.New(smtperr.ClassServiceUnavailable, "", phase, err)
	case phase == smtperr.PhaseAuth:
		return smtperr.New(smtperr.ClassAuthFailed, loginReason(err), phase, err)
	case phase == smtperr.PhaseTLS:
		return smtperr.New(smtperr.ClassStartTLSRefused, smtperr.ReasonTLSUnavailable, phase, err)
	case err.Code == imap.ResponseCodeNonExistent, err.Code == imap.ResponseCodeTryCreate:
		return smtperr.New(smtperr.ClassResponseError, smtperr.ReasonNotFound, phase, err)
	case err.Code == imap.ResponseCodeNoPerm:
		return smtperr.New(smtperr.ClassResponseError, smtperr.ReasonAccessDenied, phase, err)
	case err.Type == imap.StatusResponseTypeBad:
		return smtperr.New(smtperr.ClassResponseError, smtperr.ReasonSyntax, phase, err)
	}
	return smtperr.New(smtperr.ClassResponseError, smtperr.ReasonRefused, phase, err)
}

// loginReason returns the reason of a refused login: by its text, as in SMTP AUTH,
// because providers use the same texts, or by its response code (RFC 5530).
func loginReason(err *imap.Error) smtperr.Reason {
	code, enhanced := 535, "5.7.8 "
	switch err.Code {
	case imap.ResponseCodeUnavailable, imap.ResponseCodeInUse, imap.ResponseCodeLimit, imap.ResponseCodeServerBug:
		code, enhanced = 454, "4.7.0 "
	case imap.ResponseCodePrivacyRequired:
		code, enhanced = 538, "5.7.11 "
	case imap.ResponseCodeExpired:
		code, enhanced = 535, "5.7.12 "
	case imap.ResponseCodeAuthorizationFailed, imap.ResponseCodeNoPerm, imap.ResponseCodeContactAdmin:
		return smtperr.ReasonNotAuthorized
	}
	text := strings.Join(strings.Fields(err.Text), " ")
	reply := smtperr.NewReply(code, []string{enhanced + text})
	if e, ok := errors.AsType[*smtperr.Error](smtperr.ClassifyReply(smtperr.PhaseAuth, reply, smtperr.Session{TLS: true})); ok {
		return e.Reason
	}
	return smtperr.ReasonAuthCredentialsInvalid
}

// inTime classifies an error of a session. After the end of the context, the
// context's error takes precedence: closing the connection caused the other.
func inTime(ctx context.Context, phase smtperr.Phase, err error) error {
	_, refused := errors.AsType[*imap.Error](err)
	_, classified := errors.AsType[*smtperr.Error](err)
	if cause := ctx.Err(); err != nil && cause != nil && !refused && !classified {
		err = cause
	}
	return classify(phase, err)
}
