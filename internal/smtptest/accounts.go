package smtptest

import (
	"crypto/tls"
	"slices"
	"strings"
)

// Accounts are the users of a relay that really authenticates, with every
// mechanism that the product knows.
type Accounts struct {
	Passwords map[string]string // by user
	Tokens    map[string]string // OAuth2 access tokens by user

	// Mechanisms are offered in this order. Nil offers all that can be served:
	// EXTERNAL needs a client certificate, the PLUS forms need TLS.
	Mechanisms []string
	// OnlyTLS offers and serves AUTH only once TLS is active.
	OnlyTLS bool
}

// circumstances is what the connection itself contributes to a mechanism.
type circumstances struct {
	hostname string
	tls      *tls.ConnectionState // nil without TLS
	// certificate is our own, DER.
	certificate []byte
	// plusOffered: a client that could bind to TLS and saw no PLUS was lied to.
	plusOffered bool
}

func (c *circumstances) clientCertificate() bool {
	return c.tls != nil && len(c.tls.PeerCertificates) > 0
}

// offered lists the mechanisms of an EHLO reply.
func (a *Accounts) offered(c *circumstances) []string {
	if a.OnlyTLS && c.tls == nil {
		return nil
	}
	if a.Mechanisms != nil {
		return a.Mechanisms
	}
	var names []string
	for _, m := range mechanisms {
		if m.served(a, c) {
			names = append(names, m.name)
		}
	}
	return names
}

// open starts an exchange; nil if the mechanism is not offered.
func (a *Accounts) open(name string, c *circumstances) exchange {
	names := a.offered(c)
	c.plusOffered = slices.ContainsFunc(names, func(n string) bool { return strings.HasSuffix(n, "-PLUS") })
	for _, m := range mechanisms {
		if m.name == name && slices.Contains(names, name) && m.served(a, c) {
			return m.open(a, c)
		}
	}
	return nil
}
