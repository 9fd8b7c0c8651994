package smtperr

import (
	"reflect"
	"slices"
	"strings"
)

// foreignReply is a reply in the error of another SMTP client. Errors of net/smtp
// are recognized by their text, and its replies as *textproto.Error. Errors of
// go-smtp, go-mail and mox are recognized by their methods and fields, which avoids
// a dependency on these modules.
type foreignReply struct {
	phase      Phase // empty if the error does not name it
	code       int
	lines      []string
	enhanced   EnhancedCode // if it is not part of lines
	recipient  string
	recipients []*foreignReply // with LMTP, one for each refused recipient
}

func (r *foreignReply) classify(phase Phase, cause error) *Error {
	if phase == "" {
		phase = r.phase
	}
	if len(r.recipients) > 0 {
		refused := make([]*Error, 0, len(r.recipients))
		for _, one := range r.recipients {
			refused = append(refused, one.classify(phase, cause))
		}
		return combine(phase, refused, 1) // whether any was accepted is unknown
	}
	reply := NewReply(r.code, r.lines)
	if r.enhanced.Class > 0 { // go-smtp uses -1 for no code
		reply.Enhanced = r.enhanced
	}
	e := replyError(phase, reply, Session{Recipient: r.recipient})
	if e == nil { // the client did not expect this code
		e = New(ClassProtocolError, ReasonUnexpectedCode, phase, nil)
		e.Reply = &reply
	}
	e.Cause = cause
	return e
}

// client collects the reply and the phase in an error of another SMTP client.
func (f *facts) client(err error) {
	reply, command := goMail(err)
	if reply == nil && command == "" {
		reply, command = mox(err)
	}
	if reply == nil && command == "" {
		reply = goSMTP(reflect.ValueOf(err))
	}
	if f.reply == nil {
		f.reply = reply
	}
	if f.command == "" {
		f.command = command
	}
}

// goSMTP reads emersion/go-smtp's SMTPError{Code int; EnhancedCode [3]int;
// Message string}, and LMTPDataError, a map of them by recipient.
func goSMTP(v reflect.Value) *foreignReply {
	if v.Kind() == reflect.Map {
		return goSMTPByRecipient(v)
	}
	fields := fieldsOf(v)
	code, codeOK := value[int](fields, "Code")
	enhanced, enhancedOK := fields("EnhancedCode")
	message, messageOK := value[string](fields, "Message")
	if !codeOK || !messageOK || !enhancedOK || !enhanced.CanConvert(reflect.TypeFor[[3]int]()) {
		return nil
	}
	part := func(i int) int { return int(enhanced.Index(i).Int()) }
	return &foreignReply{code: code, lines: strings.Split(message, "\n"), enhanced: EnhancedCode{part(0), part(1), part(2)}}
}

func goSMTPByRecipient(v reflect.Value) *foreignReply {
	if v.Type().Key().Kind() != reflect.String || v.Len() == 0 {
		return nil
	}
	all := &foreignReply{phase: PhaseDot}
	for _, key := range v.MapKeys() {
		one := goSMTP(v.MapIndex(key))
		if one == nil {
			return nil
		}
		one.recipient = key.String()
		all.recipients = append(all.recipients, one)
	}
	slices.SortFunc(all.recipients, func(a, b *foreignReply) int { return strings.Compare(a.recipient, b.recipient) })
	return all
}

// goMailError has the methods of SendError of wneessen/go-mail. The error also has a
// field Reason, whose type has a method String.
type goMailError interface {
	ErrorCode() int
	EnhancedStatusCode() string
	IsTemp() bool
}

func goMail(err error) (*foreignReply, Phase) {
	e, ok := err.(goMailError)
	if !ok {
		return nil, ""
	}
	phase := goMailPhases[goMailReason(err)]
	if e.ErrorCode() == 0 {
		return nil, phase
	}
	r := &foreignReply{phase: phase, code: e.ErrorCode(), lines: strings.Split(textOf(err), "\n")}
	r.enhanced, _ = ParseEnhanced(e.EnhancedStatusCode())
	return r, phase
}

func goMailReason(err error) string {
	reason, ok := fieldsOf(reflect.ValueOf(err))("Reason")
	if !ok {
		return ""
	}
	named, ok := reason.Interface().(interface{ String() string })
	if !ok {
		return ""
	}
	return named.String()
}

// goMailPhases has the phases of go-mail's reasons that name a command.
var goMailPhases = map[string]Phase{
	"sending SMTP MAIL FROM command": PhaseMail,
	"sending SMTP RCPT TO command":   PhaseRcpt,
	"sending SMTP DATA command":      PhaseData,
	"sending message content":        PhaseBody,
	"closing SMTP DATA writer":       PhaseDot,
	"sending SMTP RESET command":     PhaseRset,
}

// mox reads mox's smtpclient.Error{Code int; Secode, Command, Line string;
// MoreLines []string; Err error; ...}. Code is 0 unless a reply decided; Line
// and MoreLines have their codes; Secode is the enhanced code without its class.
func mox(err error) (*foreignReply, Phase) {
	fields := fieldsOf(reflect.ValueOf(err))
	code, codeOK := value[int](fields, "Code")
	secode, secodeOK := value[string](fields, "Secode")
	command, commandOK := value[string](fields, "Command")
	line, lineOK := value[string](fields, "Line")
	more, moreOK := value[[]string](fields, "MoreLines")
	if !codeOK || !secodeOK || !commandOK || !lineOK || !moreOK {
		return nil, ""
	}
	phase := moxPhases[command]
	if phase == PhaseData && !strings.Contains(textOf(err), "expected 354") {
		phase = PhaseDot // mox names both replies "data"
	}
	if code == 0 {
		return nil, phase
	}
	r := &foreignReply{phase: phase, code: code}
	for _, each := range append([]string{line}, more...) {
		r.lines = append(r.lines, each[min(len(each), len("250 ")):])
	}
	r.enhanced, _ = ParseEnhanced(string(rune('0'+code/100)) + "." + secode)
	return r, phase
}

// moxPhases has the phases of mox's command names.
var moxPhases = map[string]Phase{
	"(greeting)": PhaseGreeting,
	"ehlo":       PhaseEHLO,
	"helo":       PhaseHELO,
	"starttls":   PhaseSTARTTLS,
	"auth":       PhaseAuth,
	"mailfrom":   PhaseMail,
	"rcptto":     PhaseRcpt,
	"data":       PhaseData,
	"rset":       PhaseRset,
	"quit":       PhaseQuit,
}

// fieldsOf returns a function that looks up an exported field of v, a struct or a
// pointer to a struct.
func fieldsOf(v reflect.Value) func(name string) (reflect.Value, bool) {
	v = reflect.Indirect(v)
	return func(name string) (reflect.Value, bool) {
		if v.Kind() != reflect.Struct {
			return reflect.Value{}, false
		}
		field := v.FieldByName(name)
		return field, field.IsValid() && field.CanInterface()
	}
}

func value[T any](fields func(string) (reflect.Value, bool), name string) (T, bool) {
	field, ok := fields(name)
	if !ok {
		var zero T
		return zero, false
	}
	t, ok := field.Interface().(T)
	return t, ok
}

// knownText returns the meaning of an error of these clients that has no type of its
// own. The texts are the clients', never a server's.
func knownText(err error, text string) meaning {
	if _, ok := err.(goMailError); ok {
		text = goMailReason(err)
	}
	if strings.HasPrefix(text, "server does not support SMTP AUTH type: ") { // go-mail
		return meaning{ClassNotSupported, ReasonAuthNoMechanism}
	}
	return knownTexts[text]
}

var knownTexts = map[string]meaning{
	// net/smtp and net; go-smtp and go-mail share some of them.
	"smtp: server doesn't support STARTTLS":  {ClassNotSupported, ReasonStartTLSNotOffered},
	"smtp: server doesn't support AUTH":      {ClassNotSupported, ReasonAuthNotOffered},
	"smtp: A line must not contain CR or LF": {ClassConfigError, ReasonInvalidAddress},
	"smtp: a line must not contain CR or LF": {ClassConfigError, ReasonInvalidAddress},
	"smtp: Hello called after other methods": {ClassConfigError, ""},
	"unencrypted connection":                 {ClassNotSupported, ReasonCleartextAuthForbidden},
	"unexpected server challenge":            {ClassAuthFailed, ReasonChallengeLoop},
	"wrong host name":                        {ClassConfigError, ""}, // from smtp.PlainAuth
	"missing address":                        {ClassConfigError, ReasonInvalidAddress},

	// go-smtp and go-sasl
	"smtp: too long a line in input stream":    {ClassProtocolError, ReasonLineTooLong},
	"smtp: server does not support SMTPUTF8":   {ClassNotSupported, ReasonSMTPUTF8NotOffered},
	"smtp: server does not support REQUIRETLS": {ClassNotSupported, ""},
	"sasl: unexpected server challenge":        {ClassAuthFailed, ReasonChallengeLoop},

	// go-mail
	"invalid server signature":                   {ClassAuthFailed, ReasonServerUnverified},
	"server nonce does not start with our nonce": {ClassAuthFailed, ReasonServerUnverified},
	"no FROM address set":                        {ClassConfigError, ReasonInvalidAddress},
	"no recipient addresses set":                 {ClassConfigError, ReasonInvalidAddress},
	"getting sender address":                     {ClassConfigError, ReasonInvalidAddress},
	"getting recipient addresses":                {ClassConfigError, ReasonInvalidAddress},
	"hostname for client cannot be empty":        {ClassConfigError, ReasonInvalidAddress},
	"invalid port number":                        {ClassConfigError, ReasonInvalidPort},
	"timeout cannot be zero or negative":         {ClassConfigError, ""},
	"connection is not established":              {ClassDisconnected, ReasonClosed},
	"checking SMTP connection":                   {ClassDisconnected, ReasonClosed},
	"not connected to SMTP server":               {ClassDisconnected, ReasonClosed},
	"server does not support SMTP AUTH":          {ClassNotSupported, ReasonAuthNotOffered},
	"SMTP Auth autodiscover was not able to detect a supported authentication mechanism": {ClassNotSupported, ReasonAuthNoMechanism},
	`STARTTLS mode set to: "TLSMandatory", but target host does not support STARTTLS`:    {ClassNotSupported, ReasonStartTLSNotOffered},
	"message is 8bit unencoded, but server does not support 8BITMIME":                    {ClassNotSupported, ""},

	// mox
	"message too large for remote smtp server":                                          {ClassNotSupported, ReasonMessageTooLarge},
	"remote smtp server does not implement 8bitmime extension, required by message":     {ClassNotSupported, ""},
	"remote smtp server does not implement smtputf8 extension, required by message":     {ClassNotSupported, ReasonSMTPUTF8NotOffered},
	"remote smtp server does not implement requiretls extension, required for delivery": {ClassNotSupported, ""},
	"smtp protocol error":        {ClassProtocolError, ReasonBadCode},
	"tls error":                  {ClassTLSError, ""},
	"smtp connection is botched": {ClassDisconnected, ReasonClosed},
	"client is closed":           {ClassDisconnected, ReasonClosed},
}
