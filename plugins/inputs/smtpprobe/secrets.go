package smtpprobe

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strings"

	"github.com/influxdata/telegraf/config"
)

func emptySecret(s *config.Secret) bool { return s == nil || s.Empty() }

// reveal is a secret's value at this moment; a store may change it from probe
// to probe. Its errors name the setting, never the value.
func reveal(name string, s *config.Secret) (string, error) {
	if emptySecret(s) {
		return "", nil
	}
	buffer, err := s.Get()
	if err != nil {
		return "", fmt.Errorf("%s: the secret cannot be had: %w", name, err)
	}
	defer buffer.Destroy()
	value := buffer.String()
	if strings.ContainsAny(value, "\r\n\x00") {
		return "", fmt.Errorf("%s must not contain CR, LF or NUL", name)
	}
	return value, nil
}

// validateSecrets checks the secrets that can be had already. A store that
// cannot be asked now may be there when a probe asks again.
func (s *Settings) validateSecrets() error {
	for name, secret := range map[string]*config.Secret{
		"username": s.Username, "password": s.Password, "token": s.Token, "client_id": s.ClientID,
		"client_secret": s.ClientSecret, "refresh_token": s.RefreshToken, "tls_key_pwd": s.KeyPwd,
	} {
		if _, err := revealIfPossible(name, secret); err != nil {
			return err
		}
	}
	proxy, err := revealIfPossible("proxy_url", s.ProxyURL)
	if err != nil {
		return err
	}
	return validateProxy(proxy)
}

func revealIfPossible(name string, s *config.Secret) (string, error) {
	if emptySecret(s) {
		return "", nil
	}
	buffer, err := s.Get()
	if err != nil {
		return "", nil //nolint:nilerr // asked again at each probe
	}
	buffer.Destroy()
	return reveal(name, s)
}

var errProxy = errors.New("proxy_url is not of the form socks5://[user:password@]host:port or http://[user:password@]host:port")

// validateProxy checks a proxy's URL without ever repeating it.
func validateProxy(raw string) error {
	if raw == "" {
		return nil
	}
	u, err := url.Parse(raw)
	if err != nil || u.Scheme != "socks5" && u.Scheme != "http" || u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.Fragment != "" {
		return errProxy
	}
	host, port, err := net.SplitHostPort(u.Host)
	if err != nil || host == "" {
		return errProxy
	}
	if _, err := netip.ParseAddr(host); err != nil && checkHostName(host) != nil {
		return errProxy
	}
	if _, err := parsePort(port); err != nil {
		return errProxy
	}
	return nil
}
