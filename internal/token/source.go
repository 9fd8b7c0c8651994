// Package token gets the OAuth2 access tokens (RFC 6749) that XOAUTH2 and
// OAUTHBEARER show to a relay.
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
	// leeway is how long before its expiry a token is no longer returned, so that
	// it does not expire during a probe. It is a quarter of a short life.
	leeway = 30 * time.Second
	// minPause is the least time between two fetches that a refused token causes.
	// A relay that refuses all tokens would cause one for each probe.
	minPause = time.Minute
)

// Source gets tokens and keeps the last one until shortly before it expires. It
// is safe for concurrent use; callers that need a token at the same time share
// one fetch.
type Source struct {
	config Config
	client *http.Client
	now    func() time.Time

	mu      sync.Mutex
	current *oauth2.Token
	fetched time.Time // when current came
	dropped time.Time // when one was last refused
	pending *fetch

	// Only the pending fetch touches these, and there is one at a time.
	refresh     rotation
	inAuthField bool // the client authenticates by HTTP Basic
}

// fetch is one request for a token, and what came of it once done is closed.
type fetch struct {
	done  chan struct{}
	token string
	err   *smtperr.Error
}

// Token returns a token that is good for the time of a probe. Its errors are
// *smtperr.Error of phase auth: auth_failed/token_refused where the endpoint
// refuses the credentials; auth_failed/token_unreachable, temporary, where
// it does not answer, or not before ctx's deadline; canceled with ctx;
// local_error where a secret cannot be read.
//
// The end of ctx ends the wait only. A fetch goes on for other callers, and so
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
	token, f := s.kept()
	if f == nil {
		return token, nil
	}
	select {
	case <-f.done:
	case <-ctx.Done():
		return "", s.interrupted(ctx)
	}
	if f.err != nil {
		own := *f.err // callers add to their errors
		return "", &own
	}
	return f.token, nil
}

// kept returns the token at hand, or the fetch that will bring one.
func (s *Source) kept() (string, *fetch) {
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
		return true // until a relay refuses it
	}
	return s.now().Before(end.Add(-min(leeway, end.Sub(s.fetched)/4)))
}

// run fetches on a time of its own.
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

// Invalidate drops a token that a relay has refused, so that the next one is
// fetched. It leaves a token that has taken its place meanwhile, one that has
// just taken the place of another that was refused, and one that was configured.
func (s *Source) Invalidate(token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	if s.current != nil && s.current.AccessToken == token && now.Sub(s.dropped) >= minPause {
		s.current, s.dropped = nil, now
	}
}

// Secrets returns the secrets that are known without a fetch, so that nothing
// shows them: the token at hand, the client's secret and the refresh token. What
// cannot be read is left out.
func (s *Source) Secrets() []string {
	var known []string
	for _, from := range []Secret{s.config.Token, s.config.ClientSecret, s.config.RefreshToken} {
		if from == nil {
			continue
		}
		if value, err := from(); err == nil && value != "" {
			known = append(known, value)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.current != nil {
		known = append(known, s.current.AccessToken)
	}
	return known
}
