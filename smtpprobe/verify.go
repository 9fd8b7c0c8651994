package smtpprobe

import (
	"crypto/x509"
	"errors"
	"time"
)

// verification performs all checks of a server's certificate (RFC 5280 §6, RFC
// 9525). x509.Certificate.Verify stops at the first that fails.
type verification struct {
	name  string
	roots *x509.CertPool // nil means the system's
	now   func() time.Time
}

// problems returns the error of each failing check: validity, host name, chain.
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
	// The chain is verified as if the leaf were valid now, whose validity was
	// checked above. Its signature covers the raw bytes, not these fields.
	valid := *leaf
	valid.NotBefore, valid.NotAfter = now, now
	_, err := valid.Verify(x509.VerifyOptions{Roots: v.roots, Intermediates: intermediates, CurrentTime: now})
	if err != nil {
		found = append(found, missingRoots(err, v.roots))
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

// missingRoots replaces an UnknownAuthorityError by a SystemRootsError on a machine
// without root certificates. Package x509 only does so if it cannot read them.
func missingRoots(err error, roots *x509.CertPool) error {
	if _, unknown := errors.AsType[x509.UnknownAuthorityError](err); !unknown || roots != nil {
		return err
	}
	if pool, loadErr := x509.SystemCertPool(); loadErr != nil || pool.Equal(x509.NewCertPool()) {
		return x509.SystemRootsError{Err: loadErr}
	}
	return err
}
