package certs

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"net"
	"time"
)

// Leaf describes a certificate of a relay or of a client. The zero times are
// an hour ago and in 90 days.
type Leaf struct {
	CommonName string
	Hosts      []string // DNS names and IP addresses
	Emails     []string
	NotBefore  time.Time
	NotAfter   time.Time
	// Change is made to the template before it is signed.
	Change func(*x509.Certificate)
}

// lifetime is what public authorities give at present.
const lifetime = 90 * 24 * time.Hour

// For is a good leaf for names and IP addresses.
func For(hosts ...string) Leaf { return Leaf{Hosts: hosts} }

// Client is a good leaf for a client, which goes by a name.
func Client(name string) Leaf { return Leaf{CommonName: name} }

// Expired is the leaf a day after its end.
func Expired(leaf Leaf) Leaf {
	leaf.NotAfter = time.Now().AddDate(0, 0, -1)
	leaf.NotBefore = leaf.NotAfter.Add(-lifetime)
	return leaf
}

// NotYetValid is the leaf a day before its beginning.
func NotYetValid(leaf Leaf) Leaf {
	leaf.NotBefore = time.Now().AddDate(0, 0, 1)
	leaf.NotAfter = leaf.NotBefore.Add(lifetime)
	return leaf
}

func (l Leaf) template() *x509.Certificate {
	t := &x509.Certificate{
		SerialNumber:          serial(),
		Subject:               pkix.Name{CommonName: l.CommonName},
		EmailAddresses:        l.Emails,
		NotBefore:             l.NotBefore,
		NotAfter:              l.NotAfter,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageDigitalSignature,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	if t.NotBefore.IsZero() {
		t.NotBefore = time.Now().Add(-time.Hour)
	}
	if t.NotAfter.IsZero() {
		t.NotAfter = time.Now().Add(lifetime)
	}
	for _, host := range l.Hosts {
		if ip := net.ParseIP(host); ip != nil {
			t.IPAddresses = append(t.IPAddresses, ip)
		} else {
			t.DNSNames = append(t.DNSNames, host)
		}
	}
	if t.Subject.CommonName == "" && len(l.Hosts) > 0 {
		t.Subject.CommonName = l.Hosts[0]
	}
	if l.Change != nil {
		l.Change(t)
	}
	return t
}
