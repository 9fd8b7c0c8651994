package smtpprobe

import (
	"cmp"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"fmt"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/escape"
)

// maxIssuer is the maximum length of the name of an issuer, in bytes.
const maxIssuer = 100

// issuerOf returns the organization of a certificate's issuer, or else its common
// name. The text comes from the relay and is escaped.
func issuerOf(c *x509.Certificate) string {
	name := c.Issuer.CommonName
	if len(c.Issuer.Organization) > 0 {
		name = cmp.Or(c.Issuer.Organization[0], name)
	}
	return escape.Text(name, maxIssuer)
}

// keyType returns the type and size of a certificate's key, such as "ECDSA-256".
func keyType(c *x509.Certificate) string {
	switch key := c.PublicKey.(type) {
	case *rsa.PublicKey:
		return fmt.Sprintf("RSA-%d", key.N.BitLen())
	case *ecdsa.PublicKey:
		return fmt.Sprintf("ECDSA-%d", key.Curve.Params().BitSize)
	case ed25519.PublicKey:
		return "Ed25519"
	}
	return ""
}
