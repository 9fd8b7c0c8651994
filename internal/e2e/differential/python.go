//go:build e2e

package differential

import (
	"errors"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

const responseException = "SMTPResponseException"

// equal names the exceptions of smtplib and aiosmtplib for one class, "-" if
// there is none.
type equal struct{ smtplib, aiosmtplib string }

var equals = map[smtperr.Class]equal{
	smtperr.ClassConfigError:       {"ValueError, UnicodeError", "ValueError, SMTPException"},
	smtperr.ClassLocalError:        {"OSError", "SMTPConnectError"},
	smtperr.ClassCanceled:          {"-", "CancelledError"},
	smtperr.ClassDNSNotFound:       {"gaierror, herror", "SMTPConnectError"},
	smtperr.ClassDNSTimeout:        {"gaierror", "SMTPConnectError, SMTPConnectTimeoutError"},
	smtperr.ClassDNSError:          {"gaierror", "SMTPConnectError"},
	smtperr.ClassConnectError:      {"ConnectionRefusedError, OSError", "SMTPConnectError"},
	smtperr.ClassConnectTimeout:    {"TimeoutError", "SMTPConnectTimeoutError"},
	smtperr.ClassTLSVerifyError:    {"SSLCertVerificationError", "SMTPConnectError, SSLError"},
	smtperr.ClassTLSError:          {"SSLError", "SMTPConnectError, SSLError"},
	smtperr.ClassTLSTimeout:        {"TimeoutError", "SMTPTimeoutError"},
	smtperr.ClassStartTLSRefused:   {responseException, responseException},
	smtperr.ClassNotSupported:      {"SMTPNotSupportedError", "SMTPNotSupported"},
	smtperr.ClassGreetingRefused:   {"SMTPConnectError", "SMTPConnectResponseError"},
	smtperr.ClassHeloRefused:       {"SMTPHeloError", "SMTPHeloError"},
	smtperr.ClassAuthFailed:        {"SMTPAuthenticationError", "SMTPAuthenticationError"},
	smtperr.ClassSenderRefused:     {"SMTPSenderRefused", "SMTPSenderRefused"},
	smtperr.ClassRecipientRefused:  {"the dict that sendmail returns", "SMTPRecipientRefused"},
	smtperr.ClassRecipientsRefused: {"SMTPRecipientsRefused", "SMTPRecipientsRefused"},
	smtperr.ClassDataRefused:       {"SMTPDataError", "SMTPDataError"},
	smtperr.ClassDisconnected:      {"SMTPServerDisconnected", "SMTPServerDisconnected"},
	smtperr.ClassReadTimeout:       {"SMTPServerDisconnected", "SMTPReadTimeoutError"},
	smtperr.ClassWriteTimeout:      {"SMTPServerDisconnected", "SMTPTimeoutError"},
	smtperr.ClassResponseError:     {responseException, responseException},
	smtperr.ClassUnknown:           {"SMTPException", "SMTPException"},
}

// equalOf returns the exceptions that the two libraries raise for a failure.
func equalOf(e *smtperr.Error) equal {
	python, known := equals[e.Class]
	switch {
	case e.Class == smtperr.ClassServiceUnavailable:
		return refusalIn(e.Phase)
	case e.Class == smtperr.ClassProtocolError && e.Reason == smtperr.ReasonLineTooLong:
		return equal{responseException, responseException}
	case e.Class == smtperr.ClassProtocolError:
		return equal{refusalIn(e.Phase).smtplib, responseException}
	case e.Class == smtperr.ClassDisconnected && e.Phase == smtperr.PhaseGreeting:
		python.aiosmtplib = "SMTPConnectError"
	case e.Class == smtperr.ClassReadTimeout && e.Phase == smtperr.PhaseGreeting:
		python.aiosmtplib = "SMTPConnectTimeoutError"
	case !known:
		return equal{"-", "-"}
	}
	return python
}

// refusalIn returns the exceptions that both libraries raise for a refusal in
// the phase that ends the transaction, also after an accepted recipient.
func refusalIn(phase smtperr.Phase) equal {
	e, _ := errors.AsType[*smtperr.Error](smtperr.ClassifyReply(phase, smtperr.Reply{Code: 550}, smtperr.Session{}))
	if e.Class == smtperr.ClassRecipientRefused {
		return equals[smtperr.ClassRecipientsRefused]
	}
	return equals[e.Class]
}
