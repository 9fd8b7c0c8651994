package smtpprobe

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/influxdata/telegraf/config"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/dial"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/token"
)

// openSecrets limits the number of secrets that are open at a time. Each takes two
// or three pages of locked memory, and memguard, which Telegraf uses for secrets,
// deadlocks when the limit of locked memory is reached.
var openSecrets = make(chan struct{}, 8)

func isEmpty(s *config.Secret) bool { return s == nil || s.Empty() }

// open returns the current value of a secret, empty if it is not set. Errors
// contain the name of the setting, never the value.
func open(setting string, s *config.Secret) (string, error) {
	if isEmpty(s) {
		return "", nil
	}
	value, err := get(s)
	if err != nil {
		return "", &unavailableError{fmt.Errorf("cannot read secret %s: %w", setting, err)}
	}
	if strings.ContainsAny(value, "\r\n\x00") {
		return "", fmt.Errorf("invalid %s: must not contain CR, LF or NUL", setting)
	}
	// Telegraf's loader does not replace variables that are not set. Without this
	// check the name of the variable would be sent as the password.
	if found := variable.FindStringSubmatch(value); found != nil {
		return "", &unsetVariableError{setting, found[1] + found[2]}
	}
	return value, nil
}

// unavailableError is the error of a secret that cannot be read now, but perhaps
// later.
type unavailableError struct{ error }

func (e *unavailableError) Unwrap() error { return e.error }

type unsetVariableError struct{ setting, variable string }

func (e *unsetVariableError) Error() string {
	return fmt.Sprintf("%s: environment variable %s is not set", e.setting, e.variable)
}

// variable matches ${NAME} anywhere in a value, and a value that consists of $NAME.
// In the latter only an upper-case NAME is a variable, because a password may
// begin with a dollar sign.
var variable = regexp.MustCompile(`\$\{([A-Za-z_][A-Za-z0-9_]*)\}|^\$([A-Z_][A-Z0-9_]*)$`)

func get(s *config.Secret) (string, error) {
	openSecrets <- struct{}{}
	defer func() { <-openSecrets }()
	buffer, err := s.Get()
	if err != nil {
		return "", err
	}
	defer buffer.Destroy()
	return buffer.String(), nil
}

// checkSecrets refuses invalid secrets. A secret that cannot be read yet, because a
// store is not available or a variable is not set, fails the probes instead.
// Inherited secrets are checked once.
func (s *Settings) checkSecrets(checked map[*config.Secret]bool) error {
	for _, secret := range []struct {
		setting string
		value   *config.Secret
	}{
		{"username", s.Username},
		{"password", s.Password},
		{"token", s.Token},
		{"client_id", s.ClientID},
		{"client_secret", s.ClientSecret},
		{"refresh_token", s.RefreshToken},
		{"tls_key_pwd", s.TLSKeyPwd},
		{"proxy_url", s.ProxyURL},
	} {
		if isEmpty(secret.value) || checked[secret.value] {
			continue
		}
		checked[secret.value] = true
		value, err := openIfAvailable(secret.setting, secret.value)
		if err == nil && secret.setting == "proxy_url" {
			err = checkProxy(value)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// openIfAvailable is like open, but returns an empty value instead of the errors
// that fail probes and not Init.
func openIfAvailable(setting string, s *config.Secret) (string, error) {
	value, err := open(setting, s)
	unavailable, unset := (*unavailableError)(nil), (*unsetVariableError)(nil)
	if errors.As(err, &unavailable) || errors.As(err, &unset) {
		return "", nil
	}
	return value, err
}

// checkProxy refuses an invalid URL of a proxy. Its error does not contain the URL.
func checkProxy(raw string) error {
	if raw == "" {
		return nil
	}
	if _, err := dial.ParseProxy(raw); err != nil {
		return fmt.Errorf("invalid proxy_url: it %w", err)
	}
	return nil
}

// lazily returns a function that opens a secret, nil if the secret is not set.
func lazily(setting string, s *config.Secret) token.Secret {
	if isEmpty(s) {
		return nil
	}
	return func() (string, error) { return open(setting, s) }
}
