package smtperr

// The struct types for errors.As carry what the Python exception of the same
// name does, and the whole Error. They are taken as pointers:
//
//	var refused *smtperr.SMTPSenderRefused
//	if errors.As(err, &refused) { ... refused.Code, refused.Sender ... }

// verdict is what each of them embeds: under this name the field does not hide
// the method Error.
type verdict = Error

// SMTPResponseException is any failure that a reply decided.
type SMTPResponseException struct {
	*verdict
	Code     int          // of the reply, 0 if there was none (a token that was refused, say)
	Enhanced EnhancedCode // zero if there is none
	Message  string       // the reply's text, as the relay sent it
}

// SMTPConnectError is a connection that did not come about or that the
// greeting refused.
type SMTPConnectError struct {
	*verdict
	Code    int // of the greeting, 0 if there was none
	Message string
}

// GAIError is a name that was not resolved: gaierror and herror of Python's
// socket.
type GAIError struct{ *verdict }

// SSLError is a handshake or a certificate that failed: Python's ssl.SSLError.
type SSLError struct {
	*verdict
	Details []string // every failing check of a certificate
}

// SMTPTimeoutError is a deadline that passed: TimeoutError, and aiosmtplib's
// SMTPTimeoutError. Timeout tells so, as net.Error does.
type SMTPTimeoutError struct{ *verdict }

// SMTPHeloError is a refused EHLO, LHLO or HELO.
type SMTPHeloError struct{ SMTPResponseException }

// SMTPAuthenticationError is a failed AUTH.
type SMTPAuthenticationError struct{ SMTPResponseException }

// SMTPSenderRefused is a refused MAIL.
type SMTPSenderRefused struct {
	SMTPResponseException
	Sender string // empty for the null sender, too
}

// SMTPRecipientRefused is a refused RCPT, as aiosmtplib has it; of several the
// one that represents them.
type SMTPRecipientRefused struct {
	SMTPResponseException
	Recipient string
}

// SMTPRecipientsRefused are the refused recipients, some or all: the exception
// of both libraries, and the dict that smtplib returns when some were accepted.
type SMTPRecipientsRefused struct {
	*verdict
	Recipients []*Error // each with its Recipient and Reply
}

// SMTPDataError is a refused DATA or message.
type SMTPDataError struct{ SMTPResponseException }

// SMTPServerDisconnected is a lost connection, and as in smtplib a reply that
// did not come in time.
type SMTPServerDisconnected struct{ *verdict }

// SMTPNotSupportedError is an extension that the relay does not offer.
type SMTPNotSupportedError struct{ *verdict }

// As fills a pointer to one of the struct types if the error is of that kind.
func (e *Error) As(target any) bool {
	if e == nil {
		return false
	}
	switch t := target.(type) {
	case **Error:
		*t = e
		return true
	case **SMTPResponseException:
		return e.fill(ErrResponse, func() { v := e.response(); *t = &v })
	case **SMTPConnectError:
		return e.fill(ErrConnect, func() { v := e.response(); *t = &SMTPConnectError{e, v.Code, v.Message} })
	case **GAIError:
		return e.fill(ErrDNS, func() { *t = &GAIError{e} })
	case **SSLError:
		return e.fill(ErrTLS, func() { *t = &SSLError{e, e.Details} })
	case **SMTPTimeoutError:
		return e.fill(ErrTimeout, func() { *t = &SMTPTimeoutError{e} })
	case **SMTPHeloError:
		return e.fill(ErrHelo, func() { *t = &SMTPHeloError{e.response()} })
	case **SMTPAuthenticationError:
		return e.fill(ErrAuth, func() { *t = &SMTPAuthenticationError{e.response()} })
	case **SMTPSenderRefused:
		return e.fill(ErrSenderRefused, func() { *t = &SMTPSenderRefused{e.response(), e.Sender} })
	case **SMTPRecipientRefused:
		return e.fill(ErrRecipientRefused, func() { *t = &SMTPRecipientRefused{e.response(), e.Recipient} })
	case **SMTPRecipientsRefused:
		return e.fill(ErrRecipientRefused, func() { *t = &SMTPRecipientsRefused{e, e.refusals()} })
	case **SMTPDataError:
		return e.fill(ErrData, func() { *t = &SMTPDataError{e.response()} })
	case **SMTPServerDisconnected:
		return e.fill(ErrDisconnected, func() { *t = &SMTPServerDisconnected{e} })
	case **SMTPNotSupportedError:
		return e.fill(ErrNotSupported, func() { *t = &SMTPNotSupportedError{e} })
	}
	return false
}

func (e *Error) fill(k *Kind, set func()) bool {
	if !e.ofKind(k) {
		return false
	}
	set()
	return true
}

func (e *Error) response() SMTPResponseException {
	v := SMTPResponseException{verdict: e}
	if e.Reply != nil {
		v.Code, v.Enhanced, v.Message = e.Reply.Code, e.Reply.Enhanced, e.Reply.Text()
	}
	return v
}

// refusals are the recipients of a sum, or the one recipient's own error.
func (e *Error) refusals() []*Error {
	if e.Recipients == nil {
		return []*Error{e}
	}
	return e.Recipients
}
