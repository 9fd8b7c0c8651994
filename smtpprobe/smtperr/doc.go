// Package smtperr classifies failures of SMTP sessions. It turns replies, and the
// errors of Go's net, crypto/tls and net/smtp and of common SMTP clients, into an
// [*Error] with a class, a reason, the phase and advice.
//
// Whatever client sends the mail, pass its error to [Classify]:
//
//	err := smtp.SendMail(addr, auth, from, to, msg)
//	err = smtperr.Classify("", err) // nil stays nil
//
// Ask for a family of failures with errors.Is:
//
//	switch {
//	case errors.Is(err, smtperr.ErrAuth):
//		// fix the password
//	case errors.Is(err, smtperr.ErrTimeout):
//		// try again
//	}
//
// Find the details with errors.AsType:
//
//	if e, ok := errors.AsType[*smtperr.Error](err); ok {
//		log.Print(e.Class, e.Reason, e.Code(), e.Temporary(), e.Advice())
//	}
//
// A client that reads replies itself passes each to [ClassifyReply], which
// returns nil for the reply that is due, and the refusals of several recipients
// to [Refusals].
//
// [Class] is the kind of failure and [Reason] refines it: "auth_failed" and
// "auth_credentials_invalid". Class and permanence depend on the phase and the
// reply code only (RFC 5321 §4.2, §4.3.2), never on a reply's text; the text may
// refine the reason. What the package does not know is ClassUnknown.
//
// # Coming from Python
//
// errors.Is with a sentinel matches what an except clause matches:
//
//	sentinel              smtplib                  aiosmtplib
//	ErrConfig             ValueError               ValueError
//	ErrLocal              OSError                  SMTPConnectError
//	ErrCanceled           -                        CancelledError
//	ErrDNS                gaierror                 SMTPConnectError
//	ErrConnect            SMTPConnectError         SMTPConnectError
//	ErrTLS                SSLError                 SSLError
//	ErrTimeout            TimeoutError             SMTPTimeoutError
//	ErrDisconnected       SMTPServerDisconnected   SMTPServerDisconnected
//	ErrRefused            SMTPResponseException    SMTPResponseException
//	ErrGreeting           SMTPConnectError         SMTPConnectResponseError
//	ErrHelo               SMTPHeloError            SMTPHeloError
//	ErrStartTLS           SMTPResponseException    SMTPResponseException
//	ErrAuth               SMTPAuthenticationError  SMTPAuthenticationError
//	ErrSender             SMTPSenderRefused        SMTPSenderRefused
//	ErrRecipient          the dict of sendmail     SMTPRecipientRefused
//	ErrRecipients         SMTPRecipientsRefused    SMTPRecipientsRefused
//	ErrData               SMTPDataError            SMTPDataError
//	ErrUnavailable        that of the phase        that of the phase
//	ErrNotSupported       SMTPNotSupportedError    SMTPNotSupported
//	ErrProtocol           that of the phase        SMTPResponseException
//	ErrUnexpectedSuccess  -                        -
//	ErrUnknown            SMTPException            SMTPException
package smtperr
