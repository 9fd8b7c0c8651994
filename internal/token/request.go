package token

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// credentials are the credentials of one request.
type credentials struct{ id, secret, refresh string }

// rotation is a refresh token that the endpoint has replaced (RFC 6749 §6).
type rotation struct{ configured, current string }

// latest returns the refresh token to use. If the configuration has changed, the
// configured token is newer than the replacement.
func (r rotation) latest(configured string) string {
	if r.current != "" && r.configured == configured {
		return r.current
	}
	return configured
}

// request requests an access token.
func (s *Source) request(ctx context.Context) (*oauth2.Token, *smtperr.Error) {
	c, err := s.resolve()
	if err != nil {
		return nil, err
	}
	configured := c.refresh
	c.refresh = s.refresh.latest(configured)

	token, failure := s.exchange(ctx, c)
	if refused := new(oauth2.RetrieveError); errors.As(failure, &refused) && refused.ErrorCode == "invalid_grant" {
		s.refresh = rotation{} // next time, try the configured token
	}
	if failure != nil {
		return nil, s.failure(failure, c)
	}
	if strings.ContainsFunc(token.AccessToken, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return nil, unreachable(fmt.Errorf("the token endpoint %s returned an invalid bearer token (RFC 6750, 2.1)", s.endpoint()))
	}
	if token.RefreshToken != "" && token.RefreshToken != c.refresh && c.refresh != "" {
		s.refresh = rotation{configured: configured, current: token.RefreshToken}
	}
	return token, nil
}

// exchange sends the client's credentials as form parameters, as large providers
// expect, or with HTTP Basic authentication, which RFC 6749 §2.3.1 requires all
// endpoints to support. It tries the other style only if the endpoint does not
// recognize the client. The library's automatic detection would send a refused
// grant twice.
func (s *Source) exchange(ctx context.Context, c credentials) (*oauth2.Token, error) {
	style := oauth2.AuthStyleInParams
	if s.basicAuth && c.secret != "" {
		style = oauth2.AuthStyleInHeader
	}
	token, err := s.grant(ctx, c, style)
	if c.secret == "" || !unrecognized(err) {
		return token, err
	}
	other := oauth2.AuthStyleInParams + oauth2.AuthStyleInHeader - style
	token, err = s.grant(ctx, c, other)
	if err == nil {
		s.basicAuth = other == oauth2.AuthStyleInHeader
	}
	return token, err
}

// unrecognized reports whether err means that client authentication failed (RFC
// 6749 §5.2).
func unrecognized(err error) bool {
	var refused *oauth2.RetrieveError
	if !errors.As(err, &refused) {
		return false
	}
	return refused.ErrorCode == "invalid_client" || refused.ErrorCode == "" && refused.Response.StatusCode == http.StatusUnauthorized
}

func (s *Source) grant(ctx context.Context, c credentials, style oauth2.AuthStyle) (*oauth2.Token, error) {
	if c.refresh == "" {
		flow := clientcredentials.Config{
			ClientID: c.id, ClientSecret: c.secret, TokenURL: s.config.TokenURL, Scopes: s.config.Scopes, AuthStyle: style,
		}
		return flow.Token(ctx)
	}
	flow := oauth2.Config{
		ClientID: c.id, ClientSecret: c.secret, Endpoint: oauth2.Endpoint{TokenURL: s.config.TokenURL, AuthStyle: style},
	}
	return flow.TokenSource(ctx, &oauth2.Token{RefreshToken: c.refresh}).Token()
}

func (s *Source) resolve() (credentials, *smtperr.Error) {
	var c credentials
	for _, secret := range []struct {
		setting string
		from    Secret
		to      *string
	}{
		{"client_id", s.config.ClientID, &c.id},
		{"client_secret", s.config.ClientSecret, &c.secret},
		{"refresh_token", s.config.RefreshToken, &c.refresh},
	} {
		if secret.from == nil {
			continue
		}
		value, err := resolve(secret.setting, secret.from)
		if err != nil {
			return c, err
		}
		*secret.to = value
	}
	return c, nil
}
