package smtperr

// The struct types for errors.As. Each carries what the Python exception of
// the same name does, and the whole Error. Both libraries' names are used, of
// smtplib where they differ.

// SMTPResponseException is any failure that a reply decided.
type SMTPResponseException struct {
	*Error
	Code     int
	Enhanced EnhancedCode
	Message  string // the reply's text, unescaped
}

// SMTPConnectError is a connection that did not come about or was refused by the
// greeting.
type SMTPConnectError struct{ *Error }

// GAIError is a name that was not resolved (gaierror, herror).
type GAIError struct{ *Error }

// SSLError is a handshake or a certificate that failed (SSLError).
type SSLError struct {
	*Error
	Details []string // every failing check of a certificate
}

// SMTPTimeoutError is a deadline that passed (SMTPTimeoutError, SMTPTimeoutError).
type SMTPTimeoutError struct{ *Error }

// Timeout makes it a net.Error's timeout.
func (SMTPTimeoutError) Timeout() bool { return true }

// SMTPHeloError is a refused EHLO or HELO.
type SMTPHeloError struct{ SMTPResponseException }

// SMTPAuthenticationError is a failed AUTH.
type SMTPAuthenticationError struct{ SMTPResponseException }

// SMTPSenderRefused is a refused MAIL.
type SMTPSenderRefused struct {
	SMTPResponseException
	Sender string
}

// SMTPRecipientRefused is a refused RCPT (aiosmtplib's SMTPRecipientRefused).
type SMTPRecipientRefused struct {
	SMTPResponseException
	Recipient string
}

// SMTPRecipientsRefused is several refused RCPT (SMTPRecipientsRefused, and
// what sendmail returns when some were accepted).
type SMTPRecipientsRefused struct {
	*Error
	Recipients []*Error
}

// SMTPDataError is a refused DATA or message.
type SMTPDataError struct{ SMTPResponseException }

// SMTPServerDisconnected is a lost connection.
type SMTPServerDisconnected struct{ *Error }

// SMTPNotSupportedError is a missing extension.
type SMTPNotSupportedError struct{ *Error }

func (e *Error) response() SMTPResponseException {
	v := SMTPResponseException{Error: e}
	if e.Reply != nil {
		v.Code, v.Enhanced, v.Message = e.Reply.Code, e.Reply.Enhanced, e.Reply.Text()
	}
	return v
}

// As fills a pointer to one of the struct types above if the error is of that
// kind. The types are taken as pointers: var refused *smtperr.SMTPSenderRefused.
func (e *Error) As(target any) bool {
	switch t := target.(type) {
	case **SMTPResponseException:
		return view(e, ErrResponse, t, func() SMTPResponseException { return e.response() })
	case **SMTPConnectError:
		return view(e, ErrConnect, t, func() SMTPConnectError { return SMTPConnectError{e} })
	case **GAIError:
		return view(e, ErrDNS, t, func() GAIError { return GAIError{e} })
	case **SSLError:
		return view(e, ErrTLS, t, func() SSLError { return SSLError{e, e.Details} })
	case **SMTPTimeoutError:
		return view(e, ErrTimeout, t, func() SMTPTimeoutError { return SMTPTimeoutError{e} })
	case **SMTPHeloError:
		return view(e, ErrHelo, t, func() SMTPHeloError { return SMTPHeloError{e.response()} })
	case **SMTPAuthenticationError:
		return view(e, ErrAuth, t, func() SMTPAuthenticationError { return SMTPAuthenticationError{e.response()} })
	case **SMTPSenderRefused:
		return view(e, ErrSenderRefused, t, func() SMTPSenderRefused { return SMTPSenderRefused{e.response(), e.Sender} })
	case **SMTPRecipientRefused:
		return view(e, ErrRecipientRefused, t, func() SMTPRecipientRefused { return SMTPRecipientRefused{e.response(), e.Recipient} })
	case **SMTPRecipientsRefused:
		if !e.is(ErrRecipientRefused) && !e.is(ErrRecipientsRefused) {
			return false
		}
		*t = &SMTPRecipientsRefused{e, e.Recipients}
		return true
	case **SMTPDataError:
		return view(e, ErrData, t, func() SMTPDataError { return SMTPDataError{e.response()} })
	case **SMTPServerDisconnected:
		return view(e, ErrDisconnected, t, func() SMTPServerDisconnected { return SMTPServerDisconnected{e} })
	case **SMTPNotSupportedError:
		return view(e, ErrNotSupported, t, func() SMTPNotSupportedError { return SMTPNotSupportedError{e} })
	}
	return false
}

func view[T any](e *Error, k *Kind, target **T, of func() T) bool {
	if !e.is(k) {
		return false
	}
	v := of()
	*target = &v
	return true
}
