package sasl

import (
	"crypto/tls"

	"github.com/xdg-go/scram"
)

// mechanism is one row of what this client can do.
type mechanism struct {
	name  string
	needs credential
	plus  bool // binds the exchange to the TLS session (RFC 5056)
	start func(*mechanism, *choice) (Client, error)
}

// choice is what a mechanism's client is made of.
type choice struct {
	Credentials
	binding     scram.ChannelBinding // none without TLS
	plusOffered bool                 // the relay offered a mechanism that binds
}

// credential is what a mechanism proves.
type credential int

const (
	password    credential = iota
	bearerToken            // names the user within
	userToken              // needs the user's name beside it
	certificate
)

// mechanisms lists what this client can do, the strongest first:
//
//   - SCRAM never shows the password and authenticates the server too. SHA-256
//     goes before SHA-1 (RFC 7677 §4), and of the same hash the one bound to
//     the TLS session, which no man in the middle can relay (RFC 5802 §6).
//   - CRAM-MD5 keeps the password off the wire, but lets a listener guess at
//     it, and the server is anybody (RFC 6331 and RFC 4954 §9 on what is weak).
//   - OAUTHBEARER is the standard (RFC 7628), XOAUTH2 what came before it.
//   - EXTERNAL has the TLS certificate as its only proof (RFC 4422 App. A).
//   - PLAIN (RFC 4616) shows the password to the server; LOGIN does, too, takes
//     two round trips more and never became a standard.
//
// A row is only compared with rows of the same credential: a token or a
// certificate is used if it is configured.
var mechanisms = [...]mechanism{
	{name: "SCRAM-SHA-256-PLUS", needs: password, plus: true, start: startSCRAM(scram.SHA256)},
	{name: "SCRAM-SHA-256", needs: password, start: startSCRAM(scram.SHA256)},
	{name: "SCRAM-SHA-1-PLUS", needs: password, plus: true, start: startSCRAM(scram.SHA1)},
	{name: "SCRAM-SHA-1", needs: password, start: startSCRAM(scram.SHA1)},
	{name: "CRAM-MD5", needs: password, start: startCRAMMD5},
	{name: "OAUTHBEARER", needs: bearerToken, start: startOAuthBearer},
	{name: "XOAUTH2", needs: userToken, start: startXOAuth2},
	{name: "EXTERNAL", needs: certificate, start: startExternal},
	{name: "PLAIN", needs: password, start: startPlain},
	{name: "LOGIN", needs: password, start: startLogin},
}

// Mechanisms names every mechanism that can be asked for, the strongest first.
func Mechanisms() []string {
	names := make([]string, len(mechanisms))
	for i := range mechanisms {
		names[i] = mechanisms[i].name
	}
	return names
}

// lacks returns what the credentials miss for a mechanism, empty if nothing.
func (m *mechanism) lacks(c *Credentials) string {
	switch {
	case m.needs == certificate && !c.HasCertificate:
		return "a client certificate"
	case (m.needs == bearerToken || m.needs == userToken) && c.Token == "":
		return "a token"
	case (m.needs == password || m.needs == userToken) && c.Username == "":
		return "a username"
	case m.needs == password && c.Password == "":
		return "a password"
	}
	return ""
}

// automatic reports whether a mechanism may be chosen without being asked for. A
// token means that no password is sent, a password that the certificate is for
// TLS only.
func (m *mechanism) automatic(c *Credentials) bool {
	switch m.needs {
	case bearerToken, userToken:
		return true
	case certificate:
		return c.Token == "" && c.Password == ""
	default:
		return c.Token == ""
	}
}

// channelBinding is what a TLS session can be recognized by, by the type that
// servers of its version know: tls-exporter for TLS 1.3 (RFC 9266), before it
// tls-unique, which RFC 5802 §6.1 makes mandatory, and where the session has
// none (Go keeps it from resumptions without extended master secret) the
// server's certificate (RFC 5929 §4).
func channelBinding(state *tls.ConnectionState) scram.ChannelBinding {
	switch {
	case state == nil || !state.HandshakeComplete:
		return scram.ChannelBinding{}
	case state.Version >= tls.VersionTLS13:
		binding, err := scram.NewTLSExporterBinding(state)
		if err != nil {
			return scram.ChannelBinding{}
		}
		return binding
	case len(state.TLSUnique) > 0:
		return scram.NewTLSUniqueBinding(state.TLSUnique)
	}
	binding, err := scram.NewTLSServerEndpointBinding(state)
	if err != nil {
		return scram.ChannelBinding{}
	}
	return binding
}
