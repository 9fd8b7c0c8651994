package smtperr

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"math"
	"net"
	"strings"
	"sync"
)

// tlsFailure is what crypto/tls and crypto/x509 say.
func tlsFailure(phase Phase, err error) *Error {
	if e := certificateFailure(phase, err); e != nil {
		return e
	}
	var record tls.RecordHeaderError
	if errors.As(err, &record) {
		return New(TLSError, strangeRecord(record), phase, err)
	}
	if alert, ok := RemoteAlert(err); ok {
		return New(TLSError, alertReason(alert), phase, err)
	}
	// The other errors of crypto/tls are strings; the versions' one matters
	// because it is permanent, and each begins with the package's name.
	text := err.Error()
	if !strings.Contains(text, "tls: ") {
		return nil
	}
	if strings.Contains(text, "protocol version") {
		return New(TLSError, ReasonProtocolVersion, phase, err)
	}
	return New(TLSError, ReasonHandshakeFailure, phase, err)
}

// strangeRecord tells a plaintext server from other nonsense by the first
// bytes of what should be a record header: a reply code.
func strangeRecord(e tls.RecordHeaderError) Reason {
	h := e.RecordHeader
	digit := func(c byte) bool { return '0' <= c && c <= '9' }
	if h[0] >= '2' && h[0] <= '5' && digit(h[1]) && digit(h[2]) && (h[3] == ' ' || h[3] == '-' || h[3] == '\r') {
		return ReasonPlaintextSMTP
	}
	return ReasonHandshakeFailure
}

// The alerts of RFC 8446 §6 that say more than "handshake failure".
const (
	alertProtocolVersion       tls.AlertError = 70
	alertInappropriateFallback tls.AlertError = 86
	alertCertificateRequired   tls.AlertError = 116
)

func alertReason(alert tls.AlertError) Reason {
	switch alert {
	case alertProtocolVersion, alertInappropriateFallback:
		return ReasonProtocolVersion
	case alertCertificateRequired:
		return ReasonClientCertRequired
	}
	return ReasonHandshakeFailure
}

// RemoteAlert finds the alert that the peer sent. crypto/tls wraps a type of
// its own, whose text is that of tls.AlertError.
func RemoteAlert(err error) (tls.AlertError, bool) {
	var op *net.OpError
	if !errors.As(err, &op) || op.Op != "remote error" {
		return 0, false
	}
	alert, known := alertTexts()[op.Err.Error()]
	return alert, known
}

var alertTexts = sync.OnceValue(func() map[string]tls.AlertError {
	texts := make(map[string]tls.AlertError, math.MaxUint8+1)
	for n := range math.MaxUint8 + 1 {
		texts[tls.AlertError(n).Error()] = tls.AlertError(n)
	}
	return texts
})

// certificateFailure finds every failing check of a certificate, the first of
// which gives the reason.
func certificateFailure(phase Phase, err error) *Error {
	checks := failingChecks(err, nil)
	if len(checks) == 0 {
		var unverified *tls.CertificateVerificationError
		if !errors.As(err, &unverified) {
			return nil
		}
		return New(TLSVerifyError, ReasonUnknownAuthority, phase, err)
	}
	e := New(TLSVerifyError, checkReason(checks[0]), phase, err)
	for _, check := range checks {
		e.Details = append(e.Details, check.Error())
	}
	return e
}

// failingChecks collects x509's errors, also out of joined ones.
func failingChecks(err error, found []error) []error {
	if checkReason(err) != "" {
		return append(found, err)
	}
	switch wrapper := err.(type) { //nolint:errorlint // this walks the chain itself
	case interface{ Unwrap() []error }:
		for _, e := range wrapper.Unwrap() {
			found = failingChecks(e, found)
		}
	case interface{ Unwrap() error }:
		if inner := wrapper.Unwrap(); inner != nil {
			found = failingChecks(inner, found)
		}
	}
	return found
}

// checkReason is the reason of one of x509's errors itself, not of its causes.
func checkReason(err error) Reason {
	switch e := err.(type) { //nolint:errorlint // the chain is walked by failingChecks
	case x509.CertificateInvalidError:
		return invalidReason(e)
	case x509.HostnameError, *x509.HostnameError:
		return ReasonHostMismatch
	case x509.UnknownAuthorityError:
		if e.Cert != nil && bytes.Equal(e.Cert.RawIssuer, e.Cert.RawSubject) {
			return ReasonSelfSigned
		}
		return ReasonUnknownAuthority
	case x509.SystemRootsError, x509.UnhandledCriticalExtension, x509.ConstraintViolationError, x509.InsecureAlgorithmError:
		return ReasonUnknownAuthority
	}
	return ""
}

func invalidReason(e x509.CertificateInvalidError) Reason {
	switch {
	case e.Reason == x509.Expired && e.Cert != nil && strings.Contains(e.Detail, "is before"):
		return ReasonNotYetValid
	case e.Reason == x509.Expired:
		return ReasonExpired
	case e.Reason == x509.NameMismatch, e.Reason == x509.CANotAuthorizedForThisName:
		return ReasonHostMismatch
	}
	return ReasonUnknownAuthority
}
