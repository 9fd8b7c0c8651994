package smtperr

import (
	"crypto/tls"
	"crypto/x509"
	"math"
	"strings"
	"sync"
)

// aboutTLS takes what crypto/tls and crypto/x509 have types for.
func (f *findings) aboutTLS(err error) bool {
	switch e := err.(type) { //nolint:errorlint // this is part of the walk through the chain
	case *tls.CertificateVerificationError:
		if f.unverified == nil {
			f.unverified = e
		}
		f.walk(e.Err)
	case tls.RecordHeaderError:
		if f.record == nil {
			f.record = &e
		}
	case tls.AlertError:
		f.alert, f.alerted = e, true
	case x509.CertificateInvalidError, x509.HostnameError, x509.UnknownAuthorityError, x509.SystemRootsError,
		x509.UnhandledCriticalExtension, x509.ConstraintViolationError, x509.InsecureAlgorithmError:
		f.checks = append(f.checks, err)
	default:
		return false
	}
	return true
}

// recordReason tells another protocol from other nonsense by the first bytes
// of what should be a TLS record.
func recordReason(header [5]byte) Reason {
	digit := func(c byte) bool { return '0' <= c && c <= '9' }
	switch h := string(header[:]); {
	case h[0] >= '2' && h[0] <= '5' && digit(h[1]) && digit(h[2]) && strings.ContainsRune(" -\r\n", rune(h[3])):
		return ReasonPlaintextSMTP
	case strings.HasPrefix(h, "HTTP"):
		return ReasonNotSMTPHTTP
	case strings.HasPrefix(h, "SSH-"):
		return ReasonNotSMTPSSH
	}
	return ReasonNotSMTP
}

// The alerts of RFC 8446 §6 that say more than that the handshake failed.
const (
	alertNoCertificate         = 41 // SSL 3
	alertBadCertificate        = 42
	alertUnsupportedCert       = 43
	alertCertificateRevoked    = 44
	alertCertificateExpired    = 45
	alertCertificateUnknown    = 46
	alertUnknownCA             = 48
	alertProtocolVersion       = 70
	alertInappropriateFallback = 86
	alertCertificateRequired   = 116
)

// alertReason is what a server means by an alert. Where it speaks of a
// certificate, that is ours: one is missing, or is not good enough. Before TLS
// 1.3 a missing one is a bad one (RFC 5246 §7.4.6).
func alertReason(alert tls.AlertError) Reason {
	switch alert {
	case alertProtocolVersion, alertInappropriateFallback:
		return ReasonProtocolVersion
	case alertNoCertificate, alertBadCertificate, alertUnsupportedCert, alertCertificateRevoked,
		alertCertificateExpired, alertCertificateUnknown, alertUnknownCA, alertCertificateRequired:
		return ReasonClientCertRequired
	}
	return ReasonHandshakeFailure
}

// handshakeReason reads the text of crypto/tls's errors without a type. The
// version's matters, because that is permanent.
func handshakeReason(text string) Reason {
	if strings.Contains(text, "protocol version") {
		return ReasonProtocolVersion
	}
	return ReasonHandshakeFailure
}

// alertOf knows crypto/tls's own type of alert, which it does not export, by
// its text: that is tls.AlertError's.
func alertOf(err error) (tls.AlertError, bool) {
	if alert, ok := err.(tls.AlertError); ok { //nolint:errorlint // never wrapped
		return alert, true
	}
	alert, known := alertTexts()[textOf(err)]
	return alert, known
}

var alertTexts = sync.OnceValue(func() map[string]tls.AlertError {
	texts := make(map[string]tls.AlertError, math.MaxUint8+1)
	for n := range math.MaxUint8 + 1 {
		texts[tls.AlertError(n).Error()] = tls.AlertError(n)
	}
	return texts
})
