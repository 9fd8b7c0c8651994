package certs

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"net"
	"time"
)

// Leaf describes a certificate of a relay or a client. By default it is valid from
// an hour ago, for 90 days.
type Leaf struct {
	CommonName string
	Hosts      []string // DNS names and IP addresses
	Emails     []string
	NotBefore  time.Time
	NotAfter   time.Time
	// Change, if not nil, is applied to the template before it is signed.
	Change func(*x509.Certificate)
}

// lifetime is the usual lifetime of public authorities' certificates.
const lifetime = 90 * 24 * time.Hour

// For returns a valid leaf for DNS names and IP addresses.
func For(hosts ...string) Leaf { return Leaf{Hosts: hosts} }

// Client returns a valid leaf for a client with a common name.
func Client(name string) Leaf { return Leaf{CommonName: name} }

// Expired returns the leaf as it is a day after its expiry.
func Expired(leaf Leaf) Leaf {
	leaf.NotAfter = time.Now().AddDate(0, 0, -1)
	leaf.NotBefore = leaf.NotAfter.Add(-lifetime)
	return leaf
}

// NotYetValid returns the leaf as it is a day before it becomes valid.
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
