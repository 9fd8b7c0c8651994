package smtperr

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"reflect"
	"strings"
	"time"
)

// tlsFacts is what the errors of a chain report about TLS.
type tlsFacts struct {
	unverified bool                // the server's certificate
	chain      []*x509.Certificate // of the server, the leaf first, if known
	checks     []error             // that failed
	record     *tls.RecordHeaderError
	alert      alert
	alertBy    string // "remote error" or "local error", "" without an alert
	text       string // of an error of crypto/tls without a type
}

// alert is the number of a TLS alert (RFC 8446 §6).
type alert uint8

// The alerts that say more than that the handshake failed.
const (
	alertBadRecordMAC          alert = 20
	alertRecordOverflow        alert = 22
	alertHandshakeFailure      alert = 40
	alertNoCertificate         alert = 41 // SSL 3
	alertBadCertificate        alert = 42
	alertUnsupportedCert       alert = 43
	alertCertificateRevoked    alert = 44
	alertCertificateExpired    alert = 45
	alertCertificateUnknown    alert = 46
	alertUnknownCA             alert = 48
	alertAccessDenied          alert = 49 // to the owner of a certificate
	alertProtocolVersion       alert = 70
	alertInappropriateFallback alert = 86
	alertCertificateRequired   alert = 116
)

// collect takes the types of crypto/tls and crypto/x509 and returns the error
// that they wrap.
func (t *tlsFacts) collect(err error) (ok bool, inner error) {
	switch e := err.(type) { //nolint:errorlint // called for each error of a chain
	case *tls.CertificateVerificationError:
		if !t.unverified {
			t.unverified, t.chain = true, e.UnverifiedCertificates
		}
		return true, e.Err
	case tls.RecordHeaderError:
		if t.record == nil {
			t.record = &e
		}
	case tls.AlertError: // of QUIC; other connections have a net.OpError
		if t.alertBy == "" {
			t.alert, t.alertBy = alert(e), "remote error"
		}
	case x509.CertificateInvalidError, x509.HostnameError, x509.UnknownAuthorityError, x509.SystemRootsError,
		x509.UnhandledCriticalExtension, x509.ConstraintViolationError, x509.InsecureAlgorithmError:
		t.checks = append(t.checks, err)
	default:
		return false, nil
	}
	return true, nil
}

// collectAlert takes the alert that either side sent. The type that crypto/tls
// has for it is not exported, but a number.
func (t *tlsFacts) collectAlert(e *net.OpError) {
	if t.alertBy != "" || e.Op != "remote error" && e.Op != "local error" {
		return
	}
	if v := reflect.ValueOf(e.Err); v.Kind() == reflect.Uint8 {
		t.alert, t.alertBy = alert(v.Uint()), e.Op
	}
}

// collectText takes an error that has no type of its own, if it is one of
// crypto/tls or crypto/x509.
func (t *tlsFacts) collectText(err error, text string) bool {
	switch {
	case strings.HasPrefix(text, "x509: "), strings.HasPrefix(text, "tls: failed to verify certificate"),
		strings.HasPrefix(text, "tls: ") && weakSignature(text):
		t.checks = append(t.checks, err)
	case strings.HasPrefix(text, "tls: "):
		if t.text == "" && t.alertBy == "" {
			t.text = text
		}
	default:
		return false
	}
	return true
}

func (t *tlsFacts) found() bool {
	return t.unverified || len(t.checks) > 0 || t.record != nil || t.alertBy != "" || t.text != ""
}

// inHandshake reports whether the failure can only have happened in a handshake.
func (t *tlsFacts) inHandshake() bool {
	return t.unverified || len(t.checks) > 0 || t.record != nil && !t.brokenRecord()
}

func (t *tlsFacts) meaning() meaning {
	switch {
	case t.unverified, len(t.checks) > 0:
		return meaning{ClassTLSVerifyError, t.checkReason()}
	case t.record != nil:
		return meaning{ClassTLSError, t.recordReason()}
	case t.alertBy != "":
		return meaning{ClassTLSError, t.alertReason()}
	case strings.Contains(t.text, "protocol version"):
		return meaning{ClassTLSError, ReasonProtocolVersion}
	case strings.Contains(t.text, "bad record MAC"), strings.Contains(t.text, "bad MAC"):
		return meaning{ClassTLSError, ReasonRecordBroken}
	}
	return meaning{ClassTLSError, ""}
}

// brokenRecord reports whether the record came after both sides had agreed on a
// version. Before that, it means that the other side does not speak TLS.
func (t *tlsFacts) brokenRecord() bool {
	return strings.HasPrefix(t.record.Msg, "received record with version") || strings.HasPrefix(t.record.Msg, "oversized record")
}

// recordReason identifies another protocol by the first bytes of what should be
// a TLS record.
func (t *tlsFacts) recordReason() Reason {
	if t.brokenRecord() {
		return ReasonRecordBroken
	}
	digit := func(c byte) bool { return '0' <= c && c <= '9' }
	switch h := string(t.record.RecordHeader[:]); {
	case h[0] >= '2' && h[0] <= '5' && digit(h[1]) && digit(h[2]) && strings.ContainsRune(" -\r\n", rune(h[3])):
		return ReasonPlaintextSMTP
	case strings.HasPrefix(h, "HTTP"):
		return ReasonNotSMTPHTTP
	case strings.HasPrefix(h, "SSH-"):
		return ReasonNotSMTPSSH
	}
	return ReasonNotSMTP
}

// alertReason returns what an alert means. An alert of the server about a
// certificate is about the client's: it is missing or not accepted. Before TLS
// 1.3 a missing one is a bad one (RFC 5246 §7.4.6).
func (t *tlsFacts) alertReason() Reason {
	switch t.alert {
	case alertBadRecordMAC, alertRecordOverflow:
		return ReasonRecordBroken
	case alertProtocolVersion, alertInappropriateFallback:
		return ReasonProtocolVersion
	}
	if t.alertBy == "local error" { // its text is more than the alert
		return ""
	}
	switch t.alert {
	case alertNoCertificate, alertBadCertificate, alertUnsupportedCert, alertCertificateRevoked,
		alertCertificateExpired, alertCertificateUnknown, alertUnknownCA, alertAccessDenied, alertCertificateRequired:
		return ReasonClientCertRequired
	case alertHandshakeFailure:
		return ReasonHandshakeFailure
	}
	return ReasonTLSAlert
}

// checkReason is the reason of the first failed check.
func (t *tlsFacts) checkReason() Reason {
	if len(t.checks) == 0 {
		return ReasonUnknownAuthority
	}
	switch e := t.checks[0].(type) { //nolint:errorlint // the checks are collected by type
	case x509.HostnameError:
		if c := e.Certificate; c != nil && len(c.DNSNames)+len(c.IPAddresses) == 0 {
			return ReasonCertNoNames
		}
		return ReasonHostMismatch
	case x509.CertificateInvalidError:
		return t.invalidReason(e)
	case x509.UnknownAuthorityError:
		if t.selfSigned(e) {
			return ReasonSelfSigned
		}
	case x509.ConstraintViolationError, x509.UnhandledCriticalExtension:
		return ReasonCertConstraints
	case x509.InsecureAlgorithmError:
		return ReasonCertSignature
	case x509.SystemRootsError:
		return ReasonNoRoots
	}
	return hintReason(textOf(t.checks[0]))
}

// invalidReason returns the reason of an error about one certificate, which may
// be one of the chain.
func (t *tlsFacts) invalidReason(e x509.CertificateInvalidError) Reason {
	switch e.Reason {
	case x509.Expired:
		switch {
		case notYetValid(e): // x509 has one reason for both ends of the validity
			return ReasonNotYetValid
		case t.isCA(e.Cert):
			return ReasonChainExpired
		}
		return ReasonExpired
	case x509.IncompatibleUsage, x509.CANotAuthorizedForExtKeyUsage:
		return ReasonCertUsage
	case x509.NotAuthorizedToSign, x509.CANotAuthorizedForThisName, x509.TooManyIntermediates, x509.UnconstrainedName, x509.TooManyConstraints:
		return ReasonCertConstraints
	case x509.NameConstraintsWithoutSANs:
		return ReasonCertNoNames
	case x509.NoValidChains:
		if strings.Contains(e.Detail, "key usage") {
			return ReasonCertUsage
		}
		return ReasonCertConstraints
	}
	return ReasonUnknownAuthority
}

func notYetValid(e x509.CertificateInvalidError) bool { return strings.Contains(e.Detail, "is before") }

// hintReason reads why x509 did not accept a candidate for an authority: it
// keeps that error as a text in that of the unknown authority.
func hintReason(text string) Reason {
	switch {
	case weakSignature(text):
		return ReasonCertSignature
	case strings.Contains(text, "parent certificate cannot sign"):
		return ReasonCertConstraints
	case strings.Contains(text, "has expired or is not yet valid") && strings.Contains(text, "is after"):
		return ReasonChainExpired
	}
	return ReasonUnknownAuthority
}

// weakSignature recognizes signatures that Go does not verify: SHA-1, MD5,
// algorithms that it does not know, RSA keys of less than 1024 or more than 8192
// bits.
func weakSignature(text string) bool {
	for _, sign := range []string{
		"insecure algorithm", "algorithm unimplemented", "-bit keys are insecure", "RSA key larger than", "unsupported type of public key",
	} {
		if strings.Contains(text, sign) {
			return true
		}
	}
	return false
}

// isCA reports whether a certificate is another one of the chain than the
// server's own. Without the chain, it is one that is marked as such.
func (t *tlsFacts) isCA(c *x509.Certificate) bool {
	switch {
	case c == nil:
		return false
	case len(t.chain) > 0:
		return !bytes.Equal(c.Raw, t.chain[0].Raw)
	}
	return c.IsCA && len(c.DNSNames)+len(c.IPAddresses) == 0
}

// selfSigned reports whether the server's certificate signed itself. The
// certificate in the error is the last one of the chain, which is an unknown
// authority's own if the server sent that along.
func (t *tlsFacts) selfSigned(e x509.UnknownAuthorityError) bool {
	leaf := e.Cert
	if len(t.chain) > 0 {
		leaf = t.chain[0]
	} else if t.isCA(leaf) {
		return false
	}
	return leaf != nil && bytes.Equal(leaf.RawIssuer, leaf.RawSubject) &&
		leaf.CheckSignature(leaf.SignatureAlgorithm, leaf.RawTBSCertificate, leaf.Signature) == nil
}

// details describes the failed checks, each in one line that stays the same from
// day to day.
func (t *tlsFacts) details() []string {
	texts := make([]string, 0, len(t.checks))
	for _, check := range t.checks {
		texts = append(texts, t.describe(check))
	}
	return texts
}

func (t *tlsFacts) describe(check error) string {
	text := strings.TrimPrefix(stableText(textOf(check)), "x509: ")
	switch e := check.(type) { //nolint:errorlint // the checks are collected by type
	case x509.UnknownAuthorityError:
		if t.selfSigned(e) {
			return "certificate is self-signed"
		}
	case x509.CertificateInvalidError:
		if e.Cert == nil {
			return text
		}
		name := "certificate"
		if t.isCA(e.Cert) {
			name = fmt.Sprintf("CA certificate %q", e.Cert.Subject)
		}
		switch {
		case e.Reason == x509.Expired && notYetValid(e):
			return name + " is not valid before " + e.Cert.NotBefore.UTC().Format(time.RFC3339)
		case e.Reason == x509.Expired:
			return name + " expired at " + e.Cert.NotAfter.UTC().Format(time.RFC3339)
		case t.isCA(e.Cert):
			return name + ": " + text
		}
	}
	return text
}
