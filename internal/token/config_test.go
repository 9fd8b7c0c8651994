package token_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/token"
)

func secret(value string) token.Secret { return func() (string, error) { return value, nil } }

func TestNew_Invalid(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		c    token.Config
		want string
	}{
		{name: "empty", c: token.Config{}, want: "token_url (or token) is needed"},
		{name: "token and token_url", c: token.Config{Token: secret("t"), TokenURL: "https://login.example.com"}, want: "exclude each other"},
		{name: "no client_id", c: token.Config{TokenURL: "https://login.example.com", RefreshToken: secret("r")}, want: "client_id"},
		{name: "no refresh_token or client_secret", c: token.Config{TokenURL: "https://login.example.com", ClientID: secret("c")}, want: "refresh_token or client_secret"},
		{name: "no scheme", c: fullConfig("login.example.com"), want: "not a URL"},
		{name: "malformed URL", c: fullConfig("https://s3cr3t:x\x7f@h"), want: "not a URL"},
		{name: "http", c: fullConfig("http://login.example.com/token"), want: "must be https"},
		{name: "http, name that begins with localhost", c: fullConfig("http://localhost.example.com/token"), want: "must be https"},
		{name: "another scheme", c: fullConfig("file:///etc/token"), want: "not a URL"},
		{name: "credentials in the URL", c: fullConfig("https://client:s3cr3t@login.example.com"), want: "client_id and client_secret"},
		{name: "fragment", c: fullConfig("https://login.example.com/#a"), want: "fragment"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := token.New(tt.c)
			require.ErrorContains(t, err, tt.want)
			require.NotContains(t, err.Error(), "s3cr3t")
		})
	}
}

func TestNew_TokenURL(t *testing.T) {
	t.Parallel()
	for _, u := range []string{"http://127.0.0.1:8080/token", "http://[::1]/token", "http://localhost/token", "https://login.example.com/token?a=b"} {
		_, err := token.New(fullConfig(u))
		require.NoError(t, err, u)
	}
}

func fullConfig(tokenURL string) token.Config {
	return token.Config{TokenURL: tokenURL, ClientID: secret("client"), ClientSecret: secret("s3cr3t"), RefreshToken: secret("r3fr3sh")}
}
