// Package smtperr classifies failures of SMTP sessions. It turns replies, and the
// errors of packages net, crypto/tls and net/smtp and of common SMTP clients, into
// an [*Error] with a class, a reason, a phase and advice.
//
// Pass the error of any SMTP client to [Classify]:
//
//	err := smtp.SendMail(addr, auth, from, to, msg)
//	err = smtperr.Classify("", err) // nil stays nil
//
// Test for a group of failures with errors.Is:
//
//	switch {
//	case errors.Is(err, smtperr.ErrAuth):
//		// check the password
//	case errors.Is(err, smtperr.ErrTimeout):
//		// try again
//	}
//
// Get the details with errors.AsType:
//
//	if e, ok := errors.AsType[*smtperr.Error](err); ok {
//		log.Print(e.Class, e.Reason, e.Code(), e.Temporary(), e.Advice())
//	}
//
// A client that reads replies itself passes each one to [ClassifyReply], which
// returns nil if the reply accepts the command, and combines the refusals of
// several recipients with [Refusals].
//
// # Classes and reasons
//
// A [Class] names what failed, such as "auth_failed". A [Reason] refines it, such
// as "auth_credentials_invalid". The class of a refusal, and whether it is
// temporary, depend only on the phase and the reply code (RFC 5321 §4.2, §4.3.2).
// The reason also depends on the enhanced code and the text, which relays often use
// loosely: where they are ambiguous the reason is general, such as "refused" or
// "policy". An error that the package does not recognize has ClassUnknown.
//
// # Coming from Python
//
// errors.Is with a sentinel matches the errors that an except clause with these
// classes catches:
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
//	ErrRecipient          dict from sendmail       SMTPRecipientRefused
//	ErrRecipients         SMTPRecipientsRefused    SMTPRecipientsRefused
//	ErrData               SMTPDataError            SMTPDataError
//	ErrUnavailable        class of the phase       class of the phase
//	ErrNotSupported       SMTPNotSupportedError    SMTPNotSupported
//	ErrProtocol           class of the phase       SMTPResponseException
//	ErrUnexpectedSuccess  -                        -
//	ErrUnknown            SMTPException            SMTPException
package smtperr
