package smtpprobe

import (
	"bytes"
	"crypto/x509"
	"errors"
	"time"
)

// verification checks a server's certificate in every respect, where
// x509.Certificate.Verify stops at the first (RFC 5280 §6, RFC 9525).
type verification struct {
	name  string
	roots *x509.CertPool // nil for the system's
	now   func() time.Time
}

// problems lists every failing check, the most telling first: validity, name, chain.
func (v verification) problems(chain []*x509.Certificate) []error {
	leaf := chain[0]
	now := time.Now()
	if v.now != nil {
		now = v.now()
	}
	var found []error
	if err := validity(leaf, now); err != nil {
		found = append(found, err)
	}
	if err := leaf.VerifyHostname(v.name); err != nil {
		found = append(found, err)
	}
	intermediates := x509.NewCertPool()
	for _, c := range chain[1:] {
		intermediates.AddCert(c)
	}
	// The chain is judged as if the leaf were valid now: its signatures cover
	// the raw bytes, not these fields.
	valid := *leaf
	valid.NotBefore, valid.NotAfter = now, now
	_, err := valid.Verify(x509.VerifyOptions{Roots: v.roots, Intermediates: intermediates, CurrentTime: now})
	if err != nil {
		found = append(found, selfSigned(leaf, err))
	}
	return found
}

func validity(c *x509.Certificate, now time.Time) error {
	if now.After(c.NotAfter) || now.Before(c.NotBefore) {
		_, err := c.Verify(x509.VerifyOptions{CurrentTime: now, Roots: x509.NewCertPool()})
		return err
	}
	return nil
}

// SelfSignedError is an unknown authority that is the certificate itself.
type SelfSignedError struct{ x509.UnknownAuthorityError }

func (SelfSignedError) Error() string { return "x509: certificate is self-signed" }

// Unwrap keeps x509's own error reachable.
func (e SelfSignedError) Unwrap() error { return e.UnknownAuthorityError }

func selfSigned(leaf *x509.Certificate, err error) error {
	var unknown x509.UnknownAuthorityError
	if errors.As(err, &unknown) && bytes.Equal(leaf.RawIssuer, leaf.RawSubject) &&
		leaf.CheckSignature(leaf.SignatureAlgorithm, leaf.RawTBSCertificate, leaf.Signature) == nil {
		return SelfSignedError{unknown}
	}
	return err
}
