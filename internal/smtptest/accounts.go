package smtptest

import (
	"crypto/tls"
	"slices"
	"strings"
)

// Accounts are the users of a relay that authenticates clients, with all SASL
// mechanisms that the product supports.
type Accounts struct {
	Passwords map[string]string // by user
	Tokens    map[string]string // OAuth2 access tokens by user

	// Mechanisms are offered in this order. Nil offers all that are available:
	// EXTERNAL requires a client certificate, the PLUS variants require TLS.
	Mechanisms []string
	// OnlyTLS disables AUTH while TLS is inactive.
	OnlyTLS bool
}

// connInfo is the information about the connection that mechanisms use.
type connInfo struct {
	hostname string
	tls      *tls.ConnectionState // nil without TLS
	// certificate is the relay's, in DER.
	certificate []byte
	// plusOffered reports whether a PLUS mechanism was offered, for the detection of
	// downgrades (RFC 5802 §6).
	plusOffered bool
}

func (c *connInfo) clientCertificate() bool {
	return c.tls != nil && len(c.tls.PeerCertificates) > 0
}

// offered returns the mechanisms in the EHLO reply.
func (a *Accounts) offered(c *connInfo) []string {
	if a.OnlyTLS && c.tls == nil {
		return nil
	}
	if a.Mechanisms != nil {
		return a.Mechanisms
	}
	var names []string
	for _, m := range mechanisms {
		if m.available(a, c) {
			names = append(names, m.name)
		}
	}
	return names
}

// open starts an exchange. It returns nil if the mechanism is not offered.
func (a *Accounts) open(name string, c *connInfo) exchange {
	names := a.offered(c)
	c.plusOffered = slices.ContainsFunc(names, func(n string) bool { return strings.HasSuffix(n, "-PLUS") })
	for _, m := range mechanisms {
		if m.name == name && slices.Contains(names, name) && m.available(a, c) {
			return m.open(a, c)
		}
	}
	return nil
}
