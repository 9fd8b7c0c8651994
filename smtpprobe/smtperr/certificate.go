package smtperr

import (
	"bytes"
	"crypto/x509"
	"strings"
)

// checkReason is the reason of the first failing check.
func (f *findings) checkReason() Reason {
	if len(f.checks) == 0 {
		return ReasonUnknownAuthority
	}
	switch e := f.checks[0].(type) { //nolint:errorlint // the checks are collected by type
	case x509.HostnameError:
		return ReasonHostMismatch
	case x509.CertificateInvalidError:
		return invalidReason(e)
	case x509.UnknownAuthorityError:
		if f.selfSigned(e) {
			return ReasonSelfSigned
		}
	}
	return ReasonUnknownAuthority
}

// details lists the failing checks.
func (f *findings) details() []string {
	texts := make([]string, 0, len(f.checks))
	for _, check := range f.checks {
		texts = append(texts, textOf(check))
	}
	return texts
}

// invalidReason: x509 has one reason for both ends of the validity and tells
// which one in its detail.
func invalidReason(e x509.CertificateInvalidError) Reason {
	switch {
	case e.Reason != x509.Expired:
		return ReasonUnknownAuthority
	case strings.Contains(e.Detail, "is before"):
		return ReasonNotYetValid
	}
	return ReasonExpired
}

// selfSigned tells a server's certificate that signed itself from one of an
// authority that is not known: x509 names the last certificate of the chain,
// which is such an authority's own if the server sent that along.
func (f *findings) selfSigned(e x509.UnknownAuthorityError) bool {
	if f.unverified != nil && len(f.unverified.UnverifiedCertificates) > 0 {
		return signedItself(f.unverified.UnverifiedCertificates[0])
	}
	return e.Cert != nil && signedItself(e.Cert) && (!e.Cert.IsCA || len(e.Cert.DNSNames)+len(e.Cert.IPAddresses) > 0)
}

func signedItself(c *x509.Certificate) bool {
	return bytes.Equal(c.RawIssuer, c.RawSubject) && c.CheckSignature(c.SignatureAlgorithm, c.RawTBSCertificate, c.Signature) == nil
}
