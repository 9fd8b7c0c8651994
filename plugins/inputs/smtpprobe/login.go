package smtpprobe

import (
	"context"
	"fmt"
	"sync"

	"github.com/influxdata/telegraf/config"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/token"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// login makes the Auth of each probe, from the secrets as they are then.
type login struct {
	credentials *Credentials
	cleartext   bool
	tokens      *token.Source // nil without token settings
}

// auth is what a probe authenticates with.
func (l *login) auth() (*smtpprobe.Auth, error) {
	a := &smtpprobe.Auth{Mechanism: or(l.credentials.AuthMechanism), Cleartext: l.cleartext}
	var err error
	if a.Username, err = reveal("username", l.credentials.Username); err != nil {
		return nil, err
	}
	if a.Password, err = reveal("password", l.credentials.Password); err != nil {
		return nil, err
	}
	if l.tokens != nil {
		a.Token = &shownToken{source: l.tokens}
	}
	return a, nil
}

// shownToken remembers the token that one probe showed, lest one that the relay
// refuses is shown until it expires.
type shownToken struct {
	source *token.Source

	mu    sync.Mutex
	shown string
}

// Token passes a token on.
func (t *shownToken) Token(ctx context.Context) (string, error) {
	value, err := t.source.Token(ctx)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.shown = value
	return value, err
}

// learn drops a token that the relay has refused.
func (t *shownToken) learn(r *smtpprobe.Result) {
	t.mu.Lock()
	defer t.mu.Unlock()
	bearer := r.AuthMechanism == "XOAUTH2" || r.AuthMechanism == "OAUTHBEARER"
	if t.shown != "" && bearer && r.Err != nil && r.Err.Class == smtperr.ClassAuthFailed {
		t.source.Invalidate(t.shown)
	}
}

// tokenSources are shared by relays that share their token settings, so that
// one token serves all of them.
type tokenSources map[tokenSettings]*token.Source

type tokenSettings struct {
	token, clientID, clientSecret, refreshToken *config.Secret
	url, scopes                                 string
}

func (shared tokenSources) source(c *Credentials) (*token.Source, error) {
	if !c.hasToken() {
		return nil, nil
	}
	key := tokenSettings{c.Token, c.ClientID, c.ClientSecret, c.RefreshToken, or(c.TokenURL), fmt.Sprintf("%q", c.Scopes)}
	if s, ok := shared[key]; ok {
		return s, nil
	}
	s, err := token.New(token.Config{
		Token:        lazily("token", c.Token),
		TokenURL:     or(c.TokenURL),
		ClientID:     lazily("client_id", c.ClientID),
		ClientSecret: lazily("client_secret", c.ClientSecret),
		RefreshToken: lazily("refresh_token", c.RefreshToken),
		Scopes:       c.Scopes,
	})
	if err != nil {
		return nil, err
	}
	shared[key] = s
	return s, nil
}

// lazily is a secret for when it is needed; nil where there is none.
func lazily(name string, s *config.Secret) token.Secret {
	if emptySecret(s) {
		return nil
	}
	return func() (string, error) { return reveal(name, s) }
}
