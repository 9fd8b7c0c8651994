package policy

import (
	"crypto/x509"
	"errors"
	"slices"
	"time"
)

// verify checks that the leaf of a chain is valid now, that it is issued for one
// of the names, and that the chain leads to one of the roots (RFC 5280 §6); nil
// roots are the system's. It returns the first failure in that order.
func verify(chain []*x509.Certificate, roots *x509.CertPool, hasName func(leaf *x509.Certificate) bool, now time.Time) Result {
	leaf := chain[0]
	if now.After(leaf.NotAfter) {
		return CertificateExpired
	}
	if !hasName(leaf) {
		return CertificateHostMismatch
	}
	intermediates := x509.NewCertPool()
	for _, c := range chain[1:] {
		intermediates.AddCert(c)
	}
	_, err := leaf.Verify(x509.VerifyOptions{Roots: roots, Intermediates: intermediates, CurrentTime: now})
	invalid, ok := errors.AsType[x509.CertificateInvalidError](err)
	switch {
	case err == nil:
		return Successful
	case ok && invalid.Reason == x509.Expired && invalid.Cert != nil && now.After(invalid.Cert.NotAfter):
		return CertificateExpired
	}
	return CertificateNotTrusted
}

// hasDNSName reports whether one of the names is among the certificate's
// subject alternative names.
func hasDNSName(c *x509.Certificate, names []string) bool {
	return slices.ContainsFunc(names, func(name string) bool { return c.VerifyHostname(name) == nil })
}

// hasDNSNameOrCN is like hasDNSName, but uses the common name of a certificate
// without subject alternative names of type dNSName, as DANE does (RFC 7672
// §3.2.2).
func hasDNSNameOrCN(c *x509.Certificate, names []string) bool {
	if len(c.DNSNames) > 0 {
		return hasDNSName(c, names)
	}
	return hasDNSName(&x509.Certificate{DNSNames: []string{c.Subject.CommonName}}, names)
}
