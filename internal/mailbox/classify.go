package mailbox

import (
	"context"
	"errors"
	"strings"

	"github.com/emersion/go-imap/v2"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// classify classifies the error of a look like the same failure of a relay.
func classify(phase smtperr.Phase, err error) error {
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*smtperr.Error](err); ok {
		return err
	}
	if refused, ok := errors.AsType[*imap.Error](err); ok {
		return refusal(phase, refused)
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
		// The library has no error type for a response that is not IMAP.
		e.Class, e.Reason = smtperr.ClassProtocolError, smtperr.ReasonBadCode
	}
	return e
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

// loginReason returns the reason of a refused login: from texts known from
// SMTP AUTH, which the same providers use, or from the response code of RFC
// 5530.
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

// notInTime returns the error of a look whose context ended.
func notInTime(ctx context.Context, phase smtperr.Phase, err error) error {
	if cause := ctx.Err(); cause != nil && !errors.Is(err, cause) {
		if _, ok := errors.AsType[*imap.Error](err); !ok {
			err = cause
		}
	}
	return classify(phase, err)
}
