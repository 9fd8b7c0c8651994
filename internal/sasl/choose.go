package sasl

import (
	"crypto/tls"
	"fmt"
	"slices"
	"strings"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/escape"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// Credentials are what a user logs in with. They contain secrets: do not print
// them.
type Credentials struct {
	Username string
	Password string
	Token    string // an OAuth2 access token
	// HasCertificate is set if the TLS session has a client certificate.
	HasCertificate bool
	// Host and Port are the relay's, which OAUTHBEARER repeats (RFC 7628 §3.1);
	// both may be zero.
	Host string
	Port int
}

// Builtin makes clients for the mechanisms of this package.
type Builtin struct{}

// Client is Choose.
func (Builtin) Client(offered []string, mechanism string, c Credentials, state *tls.ConnectionState) (Client, error) {
	return Choose(offered, mechanism, c, state)
}

// Choose makes the client for the strongest mechanism that the server offers and
// the credentials serve, or for the one that is asked for by name. tlsState is
// the session's, nil without TLS.
//
// Its errors are *smtperr.Error: config_error for an unknown name, credentials
// that are missing or cannot be sent; not_supported/auth_not_offered if offered
// is empty; not_supported/auth_no_mechanism if nothing is in common.
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
	with := choice{Credentials: c, binding: channelBinding(tlsState)}
	for _, name := range offered {
		with.plusOffered = with.plusOffered || strings.HasSuffix(strings.ToUpper(name), "-PLUS")
	}
	for _, m := range usable {
		possible := !m.plus || with.binding.IsSupported()
		if m.needs == certificate {
			possible = tlsState != nil // where the certificate was shown
		}
		if possible && slices.ContainsFunc(offered, func(name string) bool { return strings.EqualFold(name, m.name) }) {
			return m.start(m, &with)
		}
	}
	cause := fmt.Errorf("no common mechanism: server %s, client %s", list(offered), list(names(usable)))
	if tlsState == nil && slices.ContainsFunc(usable, func(m *mechanism) bool { return m.plus || m.needs == certificate }) {
		cause = fmt.Errorf("%w (-PLUS and EXTERNAL need TLS)", cause)
	}
	return nil, smtperr.New(smtperr.ClassNotSupported, smtperr.ReasonAuthNoMechanism, smtperr.PhaseAuth, cause)
}

// usable lists the mechanisms that the credentials serve, the strongest first.
func usable(want string, c *Credentials) ([]*mechanism, error) {
	var found []*mechanism
	for i := range mechanisms {
		m := &mechanisms[i]
		if want == "" {
			if m.lacks(c) == "" && m.automatic(c) {
				found = append(found, m)
			}
			continue
		}
		if !strings.EqualFold(want, m.name) {
			continue
		}
		if lack := m.lacks(c); lack != "" {
			return nil, misconfigured("the authentication mechanism %s needs %s", m.name, lack)
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

// check refuses what would break out of its place in a mechanism's message, and
// what no mechanism could send. It names the credential, never its value.
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

// list shows names, some of them a stranger's, bounded and escaped.
func list(names []string) string {
	const most = 120
	return escape.Text(strings.Join(names, " "), most)
}
