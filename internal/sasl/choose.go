package sasl

import (
	"crypto/tls"
	"fmt"
	"slices"
	"strings"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/escape"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// Credentials are the credentials of a user. They contain secrets and must not be
// printed.
type Credentials struct {
	Username string
	Password string
	Token    string // an OAuth2 access token
	// HasCertificate reports whether the TLS session has a client certificate.
	HasCertificate bool
	// Host and Port are those of the server. OAUTHBEARER sends them (RFC 7628
	// §3.1); both are optional.
	Host string
	Port int
}

// Builtin is a source of clients for the mechanisms of this package.
type Builtin struct{}

// Client calls Choose.
func (Builtin) Client(offered []string, mechanism string, c Credentials, state *tls.ConnectionState) (Client, error) {
	return Choose(offered, mechanism, c, state)
}

// Choose returns a client for the strongest mechanism that the server offers and
// the credentials allow, or for the mechanism want if want is not empty. tlsState
// is the state of the TLS session, nil without TLS.
//
// Errors are *smtperr.Error: config_error if want is unknown, or if credentials
// are missing or contain characters that cannot be sent;
// not_supported/auth_not_offered if offered is empty;
// not_supported/auth_no_mechanism if the server offers no usable mechanism.
func Choose(offered []string, want string, c Credentials, tlsState *tls.ConnectionState) (Client, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	usable, err := usable(want, &c)
	if err != nil {
		return nil, err
	}
	if len(offered) == 0 {
		return nil, smtperr.New(smtperr.ClassNotSupported, smtperr.ReasonAuthNotOffered, smtperr.PhaseAuth, nil)
	}
	p := params{Credentials: c, binding: channelBinding(tlsState)}
	for _, name := range offered {
		p.plusOffered = p.plusOffered || strings.HasSuffix(strings.ToUpper(name), "-PLUS")
	}
	for _, m := range usable {
		possible := !m.plus || p.binding.IsSupported()
		if m.needs == certificate {
			possible = tlsState != nil // the certificate is sent in the TLS handshake
		}
		if possible && slices.ContainsFunc(offered, func(name string) bool { return strings.EqualFold(name, m.name) }) {
			return m.start(m, &p)
		}
	}
	cause := fmt.Errorf("no common mechanism: server %s, client %s", list(offered), list(names(usable)))
	if tlsState == nil && slices.ContainsFunc(usable, func(m *mechanism) bool { return m.plus || m.needs == certificate }) {
		cause = fmt.Errorf("%w (-PLUS and EXTERNAL need TLS)", cause)
	}
	return nil, smtperr.New(smtperr.ClassNotSupported, smtperr.ReasonAuthNoMechanism, smtperr.PhaseAuth, cause)
}

// usable returns the mechanisms that the credentials allow, the strongest first,
// or only the mechanism want.
func usable(want string, c *Credentials) ([]*mechanism, error) {
	var found []*mechanism
	for i := range mechanisms {
		m := &mechanisms[i]
		if want == "" {
			if m.missing(c) == "" && m.automatic(c) {
				found = append(found, m)
			}
			continue
		}
		if !strings.EqualFold(want, m.name) {
			continue
		}
		if missing := m.missing(c); missing != "" {
			return nil, misconfigured("the authentication mechanism %s needs %s", m.name, missing)
		}
		return []*mechanism{m}, nil
	}
	switch {
	case want != "":
		return nil, misconfigured("invalid authentication mechanism %q: must be one of %s", want, strings.Join(Mechanisms(), ", "))
	case len(found) == 0:
		return nil, misconfigured("authentication needs a username with a password, a token, or a client certificate")
	}
	return found, nil
}

// check returns an error if a credential contains a character that separates
// fields in a mechanism's message, or that no mechanism can send. The error
// contains the name of the credential, not its value.
func (c *Credentials) check() error {
	isControl := func(r rune) bool { return r < ' ' || r == 0x7f }
	switch {
	case strings.ContainsFunc(c.Username, isControl):
		return misconfigured("the username contains a control character")
	case strings.ContainsAny(c.Password, "\x00\r\n"):
		return misconfigured("the password contains NUL, CR or LF")
	case strings.ContainsFunc(c.Token, func(r rune) bool { return r <= ' ' || r > '~' }):
		return misconfigured("the token contains a character that is not allowed (RFC 6750, 2.1)")
	}
	return nil
}

func names(list []*mechanism) []string {
	all := make([]string, len(list))
	for i, m := range list {
		all[i] = m.name
	}
	return all
}

// list returns names as one escaped text of limited length, since some of them
// are from the server.
func list(names []string) string {
	const limit = 120 // bytes
	return escape.Text(strings.Join(names, " "), limit)
}
