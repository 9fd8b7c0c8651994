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

// Secret returns the value of a secret. It is called for each use, so that the
// value is not kept in memory. A nil Secret is not set.
type Secret func() (string, error)

// Config is the configuration of a source. It has either an access token, or a
// token endpoint with a refresh token or client credentials. If both are set, the
// refresh token is used.
type Config struct {
	Token Secret // a static access token

	TokenURL     string // https, or http on a loopback address
	ClientID     Secret
	ClientSecret Secret
	RefreshToken Secret
	Scopes       []string // for client credentials; those of a refresh token are fixed

	TLS     *tls.Config   // for the token endpoint; nil: Go's defaults
	Timeout time.Duration // of one request; 0: 10 s
}

const (
	defaultTimeout = 10 * time.Second
	maxHeader      = 64 << 10 // bytes; the library limits the body to 1 MiB
)

// New returns a source. Its errors contain the name of the setting and no secret;
// they are not classified.
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
		return errors.New("token_url is not a URL") // the error of url.Parse contains the URL
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

// client returns the HTTP client for the token endpoint. It keeps no connections,
// because requests are rare, and follows no redirects, because requests contain
// secrets.
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
