package check

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestFlagAdvice(t *testing.T) {
	t.Parallel()
	for advice, want := range map[string]string{
		`if they are right, set auth_mechanism = "PLAIN": the relay may not`:   `if they are right, set --auth-mechanism PLAIN: the relay may not`,
		"Set tls_ca, or have the relay send its intermediate certificates.":    "Set --tls-ca, or have the relay send its intermediate certificates.",
		"Set tls_cert and tls_key to a certificate that the relay trusts.":     "Set --tls-cert and --tls-key to a certificate that the relay trusts.",
		"Check the host and port in servers.":                                  "Check the host and port in the URL.",
		"Log in to the account in a web browser once, or use an app password.": "Log in to the account in a web browser once, or use an app password.",
		"Lower message_size, or raise the relay's size limit.":                 "Lower message_size, or raise the relay's size limit.",
	} {
		require.Equal(t, want, flagAdvice(advice))
	}
}

func TestFlagError(t *testing.T) {
	t.Parallel()
	for setting, want := range map[string]string{
		`servers: invalid url "ftp://x": invalid scheme "ftp"`:                                       `invalid url "ftp://x": invalid scheme "ftp"`,
		`invalid probe "deep": must be one of connect, ehlo`:                                         `--probe: invalid value "deep": must be one of connect, ehlo`,
		`invalid read_timeout "-1s": must not be negative`:                                           `--read-timeout: invalid value "-1s": must not be negative`,
		`relay "smtp://a_b_c": invalid username: must not contain CR, LF or NUL`:                     `--username: must not contain CR, LF or NUL`,
		`servers: invalid expect "auth_faild": unknown class "auth_faild"`:                           `--expect: invalid value "auth_faild": unknown class "auth_faild"`,
		`servers: tls_cert "my_cert.pem" needs tls_key`:                                              `--tls-cert "my_cert.pem" needs --tls-key`,
		`servers: probe "rcpt" needs a recipient: to is empty`:                                       `--probe "rcpt" needs a recipient: --to is missing`,
		`servers: probe "auth" needs credentials: set username and password, or a token`:             `--probe "auth" needs credentials: use --username`,
		`source_address "192.0.2.1" contradicts ip_version "ipv6"`:                                   `--source-address "192.0.2.1" contradicts --ip-version "ipv6"`,
		`starttls "required" applies to smtp:// only, not to "smtps://x"`:                            `--starttls "required" applies to smtp:// only, not to "smtps://x"`,
		`invalid url: must not contain credentials (it has an @): set username and password instead`: `invalid url: must not contain credentials (it has an @): use --username instead`,
		`duplicate recipient "a@b" in to`:                                                            `duplicate recipient "a@b" in --to`,
	} {
		require.EqualError(t, flagError(errors.New(setting)), want)
	}
}
