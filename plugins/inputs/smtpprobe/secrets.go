package smtpprobe

import (
	"fmt"
	"strings"

	"github.com/influxdata/telegraf/config"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/route"
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

// validateProxy checks a proxy's URL without ever repeating it.
func validateProxy(raw string) error {
	if raw == "" {
		return nil
	}
	if _, err := route.ParseProxyURL(raw); err != nil {
		return fmt.Errorf("proxy_url %w", err)
	}
	return nil
}
