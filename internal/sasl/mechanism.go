package sasl

import (
	"crypto/tls"

	"github.com/xdg-go/scram"
)

// mechanism is a supported SASL mechanism.
type mechanism struct {
	name  string
	needs credential
	plus  bool // uses channel binding to the TLS session (RFC 5056)
	start func(*mechanism, *params) (Client, error)
}

// params are the parameters of a client.
type params struct {
	Credentials
	binding     scram.ChannelBinding // unsupported without TLS
	plusOffered bool                 // the server offers a mechanism with channel binding
}

// credential is the kind of credential that a mechanism needs.
type credential int

const (
	password    credential = iota
	bearerToken            // identifies the user by itself
	userToken              // needs the user name, too
	certificate
)

// mechanisms are the supported mechanisms, the strongest first:
//
//   - SCRAM does not send the password and also authenticates the server. SHA-256
//     precedes SHA-1 (RFC 7677 §4). For each hash, the variant with channel
//     binding precedes the other one, because it prevents a man in the middle from
//     relaying the exchange (RFC 5802 §6).
//   - CRAM-MD5 does not send the password, but an eavesdropper can guess it
//     offline, and the server is not authenticated.
//   - OAUTHBEARER (RFC 7628) is the standard that replaces XOAUTH2.
//   - EXTERNAL relies on the TLS client certificate (RFC 4422 appendix A).
//   - PLAIN (RFC 4616) and LOGIN send the password to the server. LOGIN needs two
//     more round trips and is not a standard.
//
// The order matters only among mechanisms that need the same credential; see
// automatic for the rest.
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

// Mechanisms returns the names of the supported mechanisms, the strongest first.
func Mechanisms() []string {
	names := make([]string, len(mechanisms))
	for i := range mechanisms {
		names[i] = mechanisms[i].name
	}
	return names
}

// missing returns the credential that the mechanism needs and c does not have, or
// an empty string.
func (m *mechanism) missing(c *Credentials) string {
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

// automatic reports whether Choose may select the mechanism by itself. A token
// takes precedence over a password, and a password over a client certificate,
// which is then used for TLS only.
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

// channelBinding returns the channel binding of a TLS session: tls-exporter for
// TLS 1.3 (RFC 9266), else tls-unique, which is mandatory (RFC 5802 §6.1). If the
// session has no tls-unique value, as after a resumption without the extended
// master secret, it is tls-server-end-point (RFC 5929 §4).
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
