// Package token provides OAuth 2.0 access tokens (RFC 6749) for the SASL mechanisms
// XOAUTH2 and OAUTHBEARER.
package token

import (
	"context"
	"net/http"
	"sync"
	"time"

	"golang.org/x/oauth2"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

const (
	// leeway is the time before the expiry of a token from which on it is not
	// returned, so that it does not expire during a probe. For a token with a
	// lifetime of less than 2 minutes it is a quarter of the lifetime.
	leeway = 30 * time.Second
	// minPause is the minimum time between two requests because of refused tokens.
	// Without it, a relay that refuses every token would cause a request for each
	// probe.
	minPause = time.Minute
)

// Source returns access tokens. It keeps the last token until shortly before it
// expires. It is safe for concurrent use; concurrent callers share one request.
type Source struct {
	config Config
	client *http.Client
	now    func() time.Time

	mu      sync.Mutex
	current *oauth2.Token
	fetched time.Time // when current was received
	dropped time.Time // when a token was invalidated last
	pending *fetch    // at most one at a time

	// The following are used by the pending fetch only.
	refresh   rotation
	basicAuth bool // the client uses HTTP Basic authentication
}

// fetch is a request for a token. Its result is valid when done is closed.
type fetch struct {
	done  chan struct{}
	token string
	err   *smtperr.Error
}

// Token returns a token that is valid for the duration of a probe. Its errors are
// *smtperr.Error: auth_failed/token_refused if the endpoint refuses the
// credentials; auth_failed/token_unreachable, which is temporary, if it does not
// return a token before ctx ends; canceled if ctx is canceled; local_error if a
// secret cannot be read; config_error if a secret is empty.
//
// When ctx ends, Token returns but the request continues, for other callers and so
// that a new refresh token is not lost.
func (s *Source) Token(ctx context.Context) (string, error) {
	if s.config.Token != nil {
		token, err := resolve("token", s.config.Token)
		if err != nil {
			return "", err
		}
		return token, nil
	}
	if ctx.Err() != nil {
		return "", s.interrupted(ctx)
	}
	token, f := s.cached()
	if f == nil {
		return token, nil
	}
	select {
	case <-f.done:
	case <-ctx.Done():
		return "", s.interrupted(ctx)
	}
	if f.err != nil {
		own := *f.err // callers may modify their errors
		return "", &own
	}
	return f.token, nil
}

// cached returns the current token, or the pending fetch if there is none.
func (s *Source) cached() (string, *fetch) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fresh() {
		return s.current.AccessToken, nil
	}
	if s.pending == nil {
		s.pending = &fetch{done: make(chan struct{})}
		go s.run(s.pending)
	}
	return "", s.pending
}

func (s *Source) fresh() bool {
	if s.current == nil {
		return false
	}
	end := s.current.Expiry
	if end.IsZero() {
		return true // valid until a relay refuses it
	}
	return s.now().Before(end.Add(-min(leeway, end.Sub(s.fetched)/4)))
}

// run sends the request of a fetch, independently of the contexts of callers.
func (s *Source) run(f *fetch) {
	ctx, cancel := context.WithTimeout(context.Background(), s.config.Timeout)
	defer cancel()
	token, err := s.request(context.WithValue(ctx, oauth2.HTTPClient, s.client))

	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		f.err = err
	} else {
		f.token = token.AccessToken
		s.current, s.fetched = token, s.now()
	}
	s.pending = nil
	close(f.done)
}

// Invalidate drops a token that a relay has refused, so that the next call to Token
// requests a new one. It has no effect on a newer token, within a minute after
// another token was dropped, and on a static token.
func (s *Source) Invalidate(token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	if s.current != nil && s.current.AccessToken == token && now.Sub(s.dropped) >= minPause {
		s.current, s.dropped = nil, now
	}
}

// Secrets returns the current token, the client secret and the refresh token, for
// masking. It sends no request and leaves out secrets that cannot be read.
func (s *Source) Secrets() []string {
	var secrets []string
	for _, from := range []Secret{s.config.Token, s.config.ClientSecret, s.config.RefreshToken} {
		if from == nil {
			continue
		}
		if value, err := from(); err == nil && value != "" {
			secrets = append(secrets, value)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.current != nil {
		secrets = append(secrets, s.current.AccessToken)
	}
	return secrets
}
