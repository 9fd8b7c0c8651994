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

// openSecrets bounds how many secrets are open at a time. Each open one takes
// two or three pages of locked memory, and memguard, which Telegraf uses for
// secrets, deadlocks where the limit of locked memory is reached.
var openSecrets = make(chan struct{}, 8)

func isEmpty(s *config.Secret) bool { return s == nil || s.Empty() }

// open returns the value of a secret, which may change from probe to probe.
// Errors name the setting, never the value.
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
	// Telegraf's loader leaves a variable that is not set as it is. Without this
	// check its name would be sent as the password.
	if found := variable.FindStringSubmatch(value); found != nil {
		return "", &unsetVariableError{setting, found[1] + found[2]}
	}
	return value, nil
}

// unavailableError is the error of a secret that the next probe may be able to
// read.
type unavailableError struct{ error }

func (e *unavailableError) Unwrap() error { return e.error }

type unsetVariableError struct{ setting, variable string }

func (e *unsetVariableError) Error() string {
	return fmt.Sprintf("%s: environment variable %s is not set", e.setting, e.variable)
}

// variable matches ${NAME} anywhere in a value, and a value that is $NAME and
// nothing else. A password may begin with a dollar sign, so that only upper case
// is taken for the name of a variable there.
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

// checkSecrets refuses secrets that can be read already and are wrong. Inherited
// secrets are checked once. Secrets that cannot be read yet, because a store is
// not available or a variable not set, fail the probes instead.
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

// openIfAvailable is open without the errors that fail probes, not Init.
func openIfAvailable(setting string, s *config.Secret) (string, error) {
	value, err := open(setting, s)
	unavailable, unset := (*unavailableError)(nil), (*unsetVariableError)(nil)
	if errors.As(err, &unavailable) || errors.As(err, &unset) {
		return "", nil
	}
	return value, err
}

// checkProxy refuses the URL of a proxy without repeating it.
func checkProxy(raw string) error {
	if raw == "" {
		return nil
	}
	if _, err := dial.ParseProxy(raw); err != nil {
		return fmt.Errorf("invalid proxy_url: it %w", err)
	}
	return nil
}

// lazily returns a function that opens a secret when it is needed, or nil where
// the secret is not set.
func lazily(setting string, s *config.Secret) token.Secret {
	if isEmpty(s) {
		return nil
	}
	return func() (string, error) { return open(setting, s) }
}
