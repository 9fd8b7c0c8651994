package token

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"
)

// Secret yields a secret when it is needed, so that it need not lie in memory
// in between. nil is a secret that is not set.
type Secret func() (string, error)

// Config is where tokens come from: Token alone, or a token endpoint with
// either a refresh token or a client's own credentials. A refresh token goes
// first.
type Config struct {
	Token Secret // an access token from elsewhere

	TokenURL     string // https, or http on this machine
	ClientID     Secret
	ClientSecret Secret
	RefreshToken Secret
	Scopes       []string // of client credentials; a refresh token has its own

	TLS     *tls.Config   // of the way to the endpoint, nil for Go's defaults
	Timeout time.Duration // of one fetch, default 10 s; callers may wait for less
}

const (
	defaultTimeout = 10 * time.Second
	maxHeader      = 64 << 10 // bytes; the library bounds the body to 1 MiB
)

// New checks a configuration. Its errors name the setting, without a class and
// without a secret.
func New(c Config) (*Source, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	if c.Timeout <= 0 {
		c.Timeout = defaultTimeout
	}
	return &Source{config: c, client: c.client(), now: time.Now}, nil
}

func (c *Config) check() error {
	switch {
	case c.Token != nil && c.TokenURL != "":
		return errors.New("token and token_url exclude each other")
	case c.Token != nil:
		return nil
	case c.TokenURL == "":
		return errors.New("token_url (or token) is needed")
	case c.ClientID == nil:
		return errors.New("token_url needs client_id")
	case c.RefreshToken == nil && c.ClientSecret == nil:
		return errors.New("token_url needs refresh_token or client_secret")
	}
	u, err := url.Parse(c.TokenURL)
	switch {
	case err != nil || u.Hostname() == "":
		return errors.New("token_url is not a URL") // whose error would repeat it
	case u.User != nil:
		return errors.New("token_url holds credentials; use client_id and client_secret")
	case u.Fragment != "":
		return errors.New("token_url has a fragment (RFC 6749 §3.2)")
	case u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Hostname())):
		return fmt.Errorf("token_url must be https, since secrets go there (RFC 6749 §3.2), not %q", u.Scheme)
	}
	return nil
}

func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback() || strings.EqualFold(host, "localhost")
}

// client makes requests, so far apart that a connection is not worth keeping.
// It does not carry secrets on to where an answer points.
func (c *Config) client() *http.Client {
	return &http.Client{
		Transport: &http.Transport{
			Proxy:                  http.ProxyFromEnvironment,
			DialContext:            (&net.Dialer{}).DialContext,
			TLSClientConfig:        c.TLS.Clone(),
			ForceAttemptHTTP2:      true,
			DisableKeepAlives:      true,
			MaxResponseHeaderBytes: maxHeader,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}
