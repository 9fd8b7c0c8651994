// Package certs creates valid and invalid certificates for scripted relays and their
// clients:
//
//	ca := certs.NewAuthority("demo")
//	good := ca.Issue(certs.For("relay.test", "127.0.0.1"))
//	bad := ca.Issue(certs.Expired(certs.For("other.test")))
//	self := certs.SelfSigned(certs.For("relay.test"))
//	smtptest.Script{TLS: certs.Server(good)}
//	&tls.Config{RootCAs: ca.Pool()}
//
// For an unknown authority, create a second one. The functions panic if x509 cannot
// create a certificate, for example because a name is not ASCII.
package certs

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"time"
)

// serialBits is less than the 20 bytes of RFC 5280 §4.1.2.2.
const serialBits = 120

// Authority signs certificates.
type Authority struct {
	certificate tls.Certificate
	chain       [][]byte // of an intermediate: itself and those above it
}

// NewAuthority creates a root authority that is valid for longer than every leaf:
// from ten years ago, for twenty years.
func NewAuthority(name string) *Authority {
	template, key := authorityTemplate(name), newKey()
	return &Authority{certificate: sign(template, template, key, key)}
}

func authorityTemplate(name string) *x509.Certificate {
	now := time.Now()
	return &x509.Certificate{
		SerialNumber:          serial(),
		Subject:               pkix.Name{CommonName: name},
		NotBefore:             now.AddDate(-10, 0, 0),
		NotAfter:              now.AddDate(10, 0, 0),
		IsCA:                  true,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign | x509.KeyUsageDigitalSignature,
	}
}

// Issue signs a leaf.
func (a *Authority) Issue(leaf Leaf) tls.Certificate {
	key := newKey()
	issued := sign(leaf.template(), a.certificate.Leaf, key, a.certificate.PrivateKey)
	issued.Certificate = append(issued.Certificate, a.chain...)
	return issued
}

// Intermediate returns an authority below this one. Its leaves include the chain up
// to the root. The changes are applied to its template before it is signed.
func (a *Authority) Intermediate(name string, changes ...func(*x509.Certificate)) *Authority {
	key, template := newKey(), authorityTemplate(name)
	for _, change := range changes {
		change(template)
	}
	issued := sign(template, a.certificate.Leaf, key, a.certificate.PrivateKey)
	return &Authority{certificate: issued, chain: append([][]byte{issued.Certificate[0]}, a.chain...)}
}

// SelfSigned returns a self-signed leaf.
func SelfSigned(leaf Leaf) tls.Certificate {
	key, template := newKey(), leaf.template()
	return sign(template, template, key, key)
}

// Certificate returns the authority's certificate.
func (a *Authority) Certificate() *x509.Certificate { return a.certificate.Leaf }

// Pool returns a pool with only this authority.
func (a *Authority) Pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.certificate.Leaf)
	return pool
}

// PEM returns the content of a CA file.
func (a *Authority) PEM() []byte { return certificatePEM(a.certificate) }

func certificatePEM(c tls.Certificate) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Certificate[0]})
}

func newKey() *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	return key
}

func serial() *big.Int {
	n, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), serialBits))
	if err != nil {
		panic(err)
	}
	return n.Add(n, big.NewInt(1))
}

func sign(template, parent *x509.Certificate, key *ecdsa.PrivateKey, parentKey any) tls.Certificate {
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), parentKey)
	if err != nil {
		panic(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		panic(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
}
