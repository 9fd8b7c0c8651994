package smtperr

import (
	"errors"
	"net/textproto"
	"reflect"
)

// foreign understands the errors of other clients by their shape, so that
// none of their modules is needed here: net/textproto's (and with it
// net/smtp's), emersion/go-smtp's and wneessen/go-mail's.
func foreign(phase Phase, err error) *Error {
	r, ok := foreignReply(err)
	if !ok {
		return nil
	}
	if phase == "" {
		phase = foreignPhase(err)
	}
	e := ClassifyReply(phase, r, Circumstances{})
	if e == nil {
		// An error with a reply that accepts: the two do not agree.
		e = New(ProtocolError, ReasonUnexpectedCode, phase, err)
		e.Reply = &r
	}
	e.Cause = err
	return e
}

// maxChain bounds the search in chains that others have made.
const maxChain = 32

func foreignReply(err error) (Reply, bool) {
	var text *textproto.Error
	if errors.As(err, &text) && text != nil {
		return NewReply(text.Code, []string{text.Msg}), true
	}
	for range maxChain {
		if err == nil {
			return Reply{}, false
		}
		if r, ok := shape(err); ok {
			return r, true
		}
		err = errors.Unwrap(err)
	}
	return Reply{}, false
}

// shape reads go-smtp's struct{Code int; EnhancedCode [3]int; Message string}
// and go-mail's methods ErrorCode and EnhancedStatusCode.
func shape(err error) (Reply, bool) {
	v := reflect.ValueOf(err)
	if v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return Reply{}, false
		}
		v = v.Elem()
	}
	if coded, ok := err.(interface{ ErrorCode() int }); ok && coded.ErrorCode() != 0 { //nolint:errorlint // the chain is walked by the caller
		r := NewReply(coded.ErrorCode(), []string{err.Error()})
		if status, ok := err.(interface{ EnhancedStatusCode() string }); ok { //nolint:errorlint // likewise
			r.setEnhanced(status.EnhancedStatusCode())
		}
		return r, true
	}
	if v.Kind() != reflect.Struct {
		return Reply{}, false
	}
	code, message, status := v.FieldByName("Code"), v.FieldByName("Message"), v.FieldByName("EnhancedCode")
	if !code.IsValid() || !code.CanInt() || !message.IsValid() || message.Kind() != reflect.String {
		return Reply{}, false
	}
	r := NewReply(int(code.Int()), []string{message.String()})
	if status.IsValid() && status.Kind() == reflect.Array && status.Len() == 3 && status.Index(0).CanInt() {
		e := EnhancedCode{int(status.Index(0).Int()), int(status.Index(1).Int()), int(status.Index(2).Int())}
		if e.Class == r.Code/100 {
			r.Enhanced = e
		}
	}
	return r, true
}

func (r *Reply) setEnhanced(text string) {
	if e, ok := ParseEnhanced(text); ok && e.Class == r.Code/100 {
		r.Enhanced = e
	}
}

// foreignPhase is go-mail's SendErrReason, read by its name.
func foreignPhase(err error) Phase {
	for range maxChain {
		if err == nil {
			break
		}
		if phase, ok := namedPhase(err); ok {
			return phase
		}
		err = errors.Unwrap(err)
	}
	return ""
}

func namedPhase(err error) (Phase, bool) {
	v := reflect.ValueOf(err)
	if v.Kind() == reflect.Pointer && !v.IsNil() {
		v = v.Elem()
	}
	if v.Kind() != reflect.Struct {
		return "", false
	}
	reason := v.FieldByName("Reason")
	if !reason.IsValid() || !reason.CanInterface() {
		return "", false
	}
	named, ok := reason.Interface().(interface{ String() string })
	if !ok {
		return "", false
	}
	phase, ok := sendErrors[named.String()]
	return phase, ok
}

// sendErrors are the texts of go-mail's SendErrReason.
var sendErrors = map[string]Phase{
	"sending SMTP MAIL FROM command": PhaseMail,
	"sending SMTP RCPT TO command":   PhaseRcpt,
	"sending SMTP DATA command":      PhaseData,
	"sending message content":        PhaseBody,
	"closing SMTP DATA writer":       PhaseDot,
	"sending SMTP RESET command":     PhaseRset,
}
