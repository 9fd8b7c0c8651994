package smtpprobe

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/influxdata/telegraf/config"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/sasl"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/token"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

const external = "EXTERNAL"

func isBearer(mechanism string) bool { return mechanism == "XOAUTH2" || mechanism == "OAUTHBEARER" }

func (s *Settings) parseMechanism(p *draft) error {
	p.mechanism = strings.ToUpper(s.AuthMechanism)
	if p.mechanism == "" || slices.Contains(sasl.Mechanisms(), p.mechanism) {
		return nil
	}
	return fmt.Errorf("invalid auth_mechanism %q: must be one of %s", s.AuthMechanism, strings.Join(sasl.Mechanisms(), ", "))
}

func (c *Credentials) checkScopes() error {
	for _, scope := range c.Scopes {
		if scope == "" {
			return errors.New("invalid scopes: must not contain an empty value")
		}
		if err := oneLine("scopes", scope); err != nil {
			return err
		}
	}
	return nil
}

// present reports whether any credentials are set.
func (c *Credentials) present() bool {
	return !isEmpty(c.Username) || !isEmpty(c.Password) || c.hasToken() || strings.EqualFold(c.AuthMechanism, external)
}

func (c *Credentials) hasToken() bool { return !isEmpty(c.Token) || c.fetchesToken() }

// fetchesToken reports whether any setting of the token endpoint is set.
func (c *Credentials) fetchesToken() bool {
	return c.TokenURL != "" || !isEmpty(c.ClientID) || !isEmpty(c.ClientSecret) || !isEmpty(c.RefreshToken) || len(c.Scopes) > 0
}

// check refuses credentials that are incomplete or contradictory.
func (c *Credentials) check(mechanism string) error {
	switch {
	case mechanism == external:
		if !isEmpty(c.Password) || c.hasToken() {
			return errors.New(`auth_mechanism "EXTERNAL" uses the client certificate: password and token must not be set`)
		}
	case c.hasToken():
		if err := c.checkToken(); err != nil {
			return err
		}
		if mechanism != "" && !isBearer(mechanism) && isEmpty(c.Password) {
			return fmt.Errorf("auth_mechanism %q needs a password, but only a token is set", mechanism)
		}
	case isBearer(mechanism):
		return fmt.Errorf("auth_mechanism %q needs a token: set token, or token_url and its settings", mechanism)
	case !isEmpty(c.Username) && isEmpty(c.Password):
		return errors.New("username needs a password or a token")
	case isEmpty(c.Username) && !isEmpty(c.Password):
		return errors.New("password needs username")
	case mechanism != "" && isEmpty(c.Username):
		return fmt.Errorf("auth_mechanism %q needs username and password", mechanism)
	}
	return nil
}

// checkToken requires a token or all settings that are needed to fetch one, but
// not both.
func (c *Credentials) checkToken() error {
	switch {
	case isEmpty(c.Username):
		return errors.New("a token needs username: the mailbox that it opens")
	case !isEmpty(c.Token) && c.fetchesToken():
		return errors.New("token cannot be used with token_url, client_id, client_secret, refresh_token and scopes, which fetch one")
	case !isEmpty(c.Token):
		return nil
	case c.TokenURL == "":
		return errors.New("client_id, client_secret, refresh_token and scopes need token_url")
	case isEmpty(c.ClientID):
		return errors.New("token_url needs client_id")
	case isEmpty(c.RefreshToken) && isEmpty(c.ClientSecret):
		return errors.New("token_url needs refresh_token or client_secret")
	}
	return nil
}

// login reads the secrets for each probe, because they may change.
type login struct {
	username, password *config.Secret
	mechanism          string
	cleartext          bool
	tokens             *token.Source // nil: no token
	unset              error         // an unset variable in a token setting; fails every probe
}

func newLogin(s *Settings, mechanism string, tokens tokenSources) (*login, error) {
	source, err := tokens.source(&s.Credentials)
	if err != nil {
		return nil, err
	}
	l := &login{username: s.Username, password: s.Password, mechanism: mechanism, cleartext: s.AuthCleartext, tokens: source}
	for setting, secret := range map[string]*config.Secret{
		"token": s.Token, "client_id": s.ClientID, "client_secret": s.ClientSecret, "refresh_token": s.RefreshToken,
	} {
		_, err := open(setting, secret)
		if unset := (*unsetVariableError)(nil); errors.As(err, &unset) {
			l.unset = unset
		}
	}
	return l, nil
}

// auth returns the credentials of one probe.
func (l *login) auth() (*smtpprobe.Auth, error) {
	if l.unset != nil {
		return nil, l.unset
	}
	a := &smtpprobe.Auth{Mechanism: l.mechanism, Cleartext: l.cleartext}
	var err error
	if a.Username, err = open("username", l.username); err != nil {
		return nil, err
	}
	if a.Password, err = open("password", l.password); err != nil {
		return nil, err
	}
	if l.tokens != nil {
		a.Token = &sentToken{source: l.tokens}
	}
	return a, nil
}

// sentToken is a smtpprobe.Token that records the token sent. A token that the
// server rejects is fetched again for the next probe, even if it has not expired.
type sentToken struct {
	source *token.Source

	mu   sync.Mutex
	sent string
}

// Token returns the token of the source.
func (t *sentToken) Token(ctx context.Context) (string, error) {
	value, err := t.source.Token(ctx)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.sent = value
	return value, err
}

// Secrets returns the texts that must not appear in any output.
func (t *sentToken) Secrets() []string { return t.source.Secrets() }

// observe invalidates the token if the relay rejected it.
func (t *sentToken) observe(r *smtpprobe.Result) {
	if isBearer(r.AuthMechanism) && r.Err != nil && detail(r.Err).Class == smtperr.ClassAuthFailed {
		t.reject()
	}
}

// reject invalidates the token sent.
func (t *sentToken) reject() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.sent != "" {
		t.source.Invalidate(t.sent)
	}
}

// tokenSources holds the token sources by their settings. Relays with the same
// settings share a source and its token.
type tokenSources map[tokenSettings]*token.Source

type tokenSettings struct {
	token, clientID, clientSecret, refreshToken *config.Secret
	url, scopes                                 string
}

func (sources tokenSources) source(c *Credentials) (*token.Source, error) {
	if !c.hasToken() {
		return nil, nil
	}
	key := tokenSettings{c.Token, c.ClientID, c.ClientSecret, c.RefreshToken, c.TokenURL, fmt.Sprintf("%q", c.Scopes)}
	if s, ok := sources[key]; ok {
		return s, nil
	}
	s, err := token.New(token.Config{
		Token:        lazily("token", c.Token),
		TokenURL:     c.TokenURL,
		ClientID:     lazily("client_id", c.ClientID),
		ClientSecret: lazily("client_secret", c.ClientSecret),
		RefreshToken: lazily("refresh_token", c.RefreshToken),
		Scopes:       c.Scopes,
	})
	if err != nil {
		return nil, err
	}
	sources[key] = s
	return s, nil
}
