package smtpprobe

import (
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
		found = append(found, withoutRoots(err, v.roots))
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

// withoutRoots replaces the error of an unknown authority on a machine that
// trusts none: x509 does so only where it cannot read the roots at all.
func withoutRoots(err error, roots *x509.CertPool) error {
	if _, unknown := errors.AsType[x509.UnknownAuthorityError](err); !unknown || roots != nil {
		return err
	}
	if pool, loadErr := x509.SystemCertPool(); loadErr != nil || pool.Equal(x509.NewCertPool()) {
		return x509.SystemRootsError{Err: loadErr}
	}
	return err
}
