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

// tlsFacts is the information about TLS in a chain of errors.
type tlsFacts struct {
	unverified bool                // the server's certificate could not be verified
	chain      []*x509.Certificate // the server's certificates, leaf first, if known
	checks     []error             // the failed checks of the certificate
	record     *tls.RecordHeaderError
	alert      alert
	alertBy    string // "remote error" or "local error"; empty without an alert
	text       string // of an error of crypto/tls without a type of its own
}

// alert is the number of a TLS alert (RFC 8446 §6).
type alert uint8

// The alerts with a reason of their own.
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
	alertAccessDenied          alert = 49 // the certificate is valid, but not accepted
	alertProtocolVersion       alert = 70
	alertInappropriateFallback alert = 86
	alertCertificateRequired   alert = 116
)

// collect collects err if it has a type of crypto/tls or crypto/x509, and returns
// the error that it wraps, if any.
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
	case tls.AlertError: // only QUIC uses it; see collectAlert
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

// collectAlert collects the alert in e, sent by either side. Its type in crypto/tls
// is not exported; it is a uint8.
func (t *tlsFacts) collectAlert(e *net.OpError) {
	if t.alertBy != "" || e.Op != "remote error" && e.Op != "local error" {
		return
	}
	if v := reflect.ValueOf(e.Err); v.Kind() == reflect.Uint8 {
		t.alert, t.alertBy = alert(v.Uint()), e.Op
	}
}

// collectText collects err if it is an error of crypto/tls or crypto/x509 without a
// type of its own.
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

// inHandshake reports whether the failure must have occurred during a handshake.
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

// brokenRecord reports whether the malformed record arrived after the TLS version
// was negotiated. An earlier one means that the peer does not speak TLS.
func (t *tlsFacts) brokenRecord() bool {
	return strings.HasPrefix(t.record.Msg, "received record with version") || strings.HasPrefix(t.record.Msg, "oversized record")
}

// recordReason identifies the peer's protocol by the first bytes that it sent in
// place of a TLS record.
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

// alertReason returns the reason of an alert. A server's alert about a certificate
// concerns the client certificate: it is missing or not accepted. Before TLS 1.3,
// servers report a missing one as bad (RFC 5246 §7.4.6).
func (t *tlsFacts) alertReason() Reason {
	switch t.alert {
	case alertBadRecordMAC, alertRecordOverflow:
		return ReasonRecordBroken
	case alertProtocolVersion, alertInappropriateFallback:
		return ReasonProtocolVersion
	}
	if t.alertBy == "local error" { // the text of the error says more than the alert
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

// checkReason returns the reason of the first failed check.
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

// invalidReason returns the reason of an error about one certificate of the chain.
func (t *tlsFacts) invalidReason(e x509.CertificateInvalidError) Reason {
	switch e.Reason {
	case x509.Expired:
		switch {
		case notYetValid(e): // x509.Expired means both
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

// hintReason returns the reason why x509 did not accept a certificate as the issuer.
// The text of x509.UnknownAuthorityError includes it.
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

// weakSignature reports whether text is about a signature that Go does not verify:
// SHA-1, MD5, an unknown algorithm, or an RSA key below 1024 or above 8192 bits.
func weakSignature(text string) bool {
	for _, phrase := range []string{
		"insecure algorithm", "algorithm unimplemented", "-bit keys are insecure", "RSA key larger than", "unsupported type of public key",
	} {
		if strings.Contains(text, phrase) {
			return true
		}
	}
	return false
}

// isCA reports whether c is a CA certificate of the chain, and not the server's own.
func (t *tlsFacts) isCA(c *x509.Certificate) bool {
	switch {
	case c == nil:
		return false
	case len(t.chain) > 0:
		return !bytes.Equal(c.Raw, t.chain[0].Raw)
	}
	return c.IsCA && len(c.DNSNames)+len(c.IPAddresses) == 0
}

// selfSigned reports whether the server's certificate is self-signed. The certificate
// in e is the last one of the chain, which may be that of an unknown CA.
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

// details describes each failed check in one line. The lines contain no current time.
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
