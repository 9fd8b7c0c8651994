package smtperr

import (
	"reflect"
	"slices"
	"strings"
)

// foreignReply is a reply as another client's error tells of it. Those of
// emersion/go-smtp and wneessen/go-mail are known by their shape, so that none
// of their modules is needed here.
type foreignReply struct {
	phase      Phase // empty if the error does not tell
	code       int
	text       string
	enhanced   EnhancedCode // where it is apart from the text
	recipient  string
	recipients []*foreignReply // of LMTP, by recipient
}

func (r *foreignReply) classify(phase Phase, cause error) *Error {
	if phase == "" {
		phase = r.phase
	}
	if len(r.recipients) > 0 {
		return r.classifyEach(phase, cause)
	}
	reply := NewReply(r.code, strings.Split(r.text, "\n"))
	if r.enhanced.Class > 0 { // go-smtp has -1 for none
		reply.Enhanced = r.enhanced
	}
	e := classifyReply(phase, reply, Session{Recipient: r.recipient})
	if e == nil {
		// The reply accepts, and yet the client took it for an error.
		e = New(ClassProtocolError, ReasonUnexpectedCode, phase, nil)
		e.Reply = &reply
	}
	e.Cause = cause
	return e
}

func (r *foreignReply) classifyEach(phase Phase, cause error) *Error {
	refusals := make([]*Error, 0, len(r.recipients))
	for _, one := range r.recipients {
		refusals = append(refusals, one.classify(phase, cause))
	}
	// Only refused recipients are listed: whether all were refused is unknown.
	return refusalsOf(phase, refusals, 1)
}

// shapeOf sees a reply in an error of a type that is not known.
func shapeOf(err error) *foreignReply {
	if r := sendError(err); r != nil {
		return r
	}
	v := reflect.ValueOf(err)
	if v.Kind() == reflect.Map {
		return byRecipient(v)
	}
	return smtpError(v)
}

// smtpError is go-smtp's SMTPError: Code int, EnhancedCode [3]int, Message string.
func smtpError(v reflect.Value) *foreignReply {
	if v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	if v.Kind() != reflect.Struct || v.NumField() > 16 {
		return nil
	}
	code, enhanced, message := v.FieldByName("Code"), v.FieldByName("EnhancedCode"), v.FieldByName("Message")
	if !code.IsValid() || code.Kind() != reflect.Int || !message.IsValid() || message.Kind() != reflect.String ||
		!enhanced.IsValid() || enhanced.Kind() != reflect.Array || enhanced.Len() != 3 || enhanced.Type().Elem().Kind() != reflect.Int {
		return nil
	}
	part := func(i int) int { return int(enhanced.Index(i).Int()) }
	return &foreignReply{code: int(code.Int()), text: message.String(), enhanced: EnhancedCode{part(0), part(1), part(2)}}
}

// byRecipient is go-smtp's LMTPDataError: each refused recipient's SMTPError.
func byRecipient(v reflect.Value) *foreignReply {
	if v.Type().Key().Kind() != reflect.String || v.Len() == 0 {
		return nil
	}
	all := &foreignReply{phase: PhaseDot}
	for _, key := range v.MapKeys() {
		one := smtpError(v.MapIndex(key))
		if one == nil {
			return nil
		}
		one.recipient = key.String()
		all.recipients = append(all.recipients, one)
	}
	slices.SortFunc(all.recipients, func(a, b *foreignReply) int { return strings.Compare(a.recipient, b.recipient) })
	return all
}

// sender is what go-mail's SendError can do.
type sender interface {
	ErrorCode() int
	EnhancedStatusCode() string
	IsTemp() bool
}

// sendError is go-mail's SendError, if it is about a reply.
func sendError(err error) *foreignReply {
	e, ok := err.(sender)
	if !ok || e.ErrorCode() == 0 {
		return nil
	}
	r := &foreignReply{phase: sendPhase(err), code: e.ErrorCode(), text: textOf(err)}
	r.enhanced, _ = ParseEnhanced(e.EnhancedStatusCode())
	return r
}

// sendPhase is where go-mail was.
func sendPhase(err error) Phase { return sendPhases[sendReason(err)] }

// sendReason is go-mail's SendError.Reason, by its text.
func sendReason(err error) string {
	v := reflect.Indirect(reflect.ValueOf(err))
	if v.Kind() != reflect.Struct {
		return ""
	}
	reason := v.FieldByName("Reason")
	if !reason.IsValid() || !reason.CanInterface() {
		return ""
	}
	if named, ok := reason.Interface().(interface{ String() string }); ok {
		return named.String()
	}
	return ""
}
