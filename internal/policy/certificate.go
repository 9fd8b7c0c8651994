package policy

import (
	"crypto/x509"
	"errors"
	"slices"
	"time"
)

// verify checks a chain as RFC 5280 §6 and RFC 9525 ask for: valid now, with one
// of the names, and leading to one of the roots (nil: the system's). Of several
// failures it returns the first in that order.
func verify(chain []*x509.Certificate, roots *x509.CertPool, names []string, now time.Time) Result {
	leaf := chain[0]
	if now.After(leaf.NotAfter) {
		return CertificateExpired
	}
	if !slices.ContainsFunc(names, func(name string) bool { return leaf.VerifyHostname(name) == nil }) {
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
