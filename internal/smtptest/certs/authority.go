// Package certs makes certificates for scripted relays and their clients, good
// ones and every kind of bad one:
//
//	ca := certs.NewAuthority("demo")
//	good := ca.Issue(certs.For("relay.test", "127.0.0.1"))
//	bad := ca.Issue(certs.Expired(certs.For("other.test")))
//	self := certs.SelfSigned(certs.For("relay.test"))
//	relay.Script{TLS: certs.Server(good)}
//	&tls.Config{RootCAs: ca.Pool()}
//
// An unknown authority is a second NewAuthority that nobody trusts. The
// functions panic when something cannot be a certificate at all, such as a
// name that is not ASCII: that is a mistake of the script.
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

// serialBits is within the 20 bytes of RFC 5280 §4.1.2.2.
const serialBits = 120

// Authority signs certificates.
type Authority struct {
	certificate tls.Certificate
	chain       [][]byte // of an intermediate: what it sends along, itself first
}

// NewAuthority makes a root of its own, valid for ten years past and to come, so
// that it outlives every leaf.
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

// Intermediate returns an authority below this one. Its leaves come with the
// chain up to the root. The changes are made to its template before it is signed.
func (a *Authority) Intermediate(name string, changes ...func(*x509.Certificate)) *Authority {
	key, template := newKey(), authorityTemplate(name)
	for _, change := range changes {
		change(template)
	}
	issued := sign(template, a.certificate.Leaf, key, a.certificate.PrivateKey)
	return &Authority{certificate: issued, chain: append([][]byte{issued.Certificate[0]}, a.chain...)}
}

// SelfSigned is a leaf that vouches for itself.
func SelfSigned(leaf Leaf) tls.Certificate {
	key, template := newKey(), leaf.template()
	return sign(template, template, key, key)
}

// Certificate is the authority's own.
func (a *Authority) Certificate() *x509.Certificate { return a.certificate.Leaf }

// Pool trusts this authority and no other.
func (a *Authority) Pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.certificate.Leaf)
	return pool
}

// PEM is the CA certificate in the form of a CA file.
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
