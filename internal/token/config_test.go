package token_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/token"
)

func given(value string) token.Secret { return func() (string, error) { return value, nil } }

func TestNew_Refuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		c    token.Config
		want string
	}{
		{"nothing", token.Config{}, "token_url (or token) is needed"},
		{"two ways at once", token.Config{Token: given("t"), TokenURL: "https://login.example.com"}, "exclude each other"},
		{"no client", token.Config{TokenURL: "https://login.example.com", RefreshToken: given("r")}, "client_id"},
		{"no proof", token.Config{TokenURL: "https://login.example.com", ClientID: given("c")}, "refresh_token or client_secret"},
		{"no URL", full("login.example.com"), "not a URL"},
		{"a URL that cannot be read", full("https://s3cr3t:x\x7f@h"), "not a URL"},
		{"cleartext", full("http://login.example.com/token"), "must be https"},
		{"cleartext to a name that only begins like this machine", full("http://localhost.example.com/token"), "must be https"},
		{"another scheme", full("file:///etc/token"), "not a URL"},
		{"credentials in the URL", full("https://client:s3cr3t@login.example.com"), "client_id and client_secret"},
		{"a fragment", full("https://login.example.com/#a"), "fragment"},
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

func TestNew_Cleartext(t *testing.T) {
	t.Parallel()
	for _, u := range []string{"http://127.0.0.1:8080/token", "http://[::1]/token", "http://localhost/token", "https://login.example.com/token?a=b"} {
		_, err := token.New(full(u))
		require.NoError(t, err, u)
	}
}

func full(tokenURL string) token.Config {
	return token.Config{TokenURL: tokenURL, ClientID: given("client"), ClientSecret: given("s3cr3t"), RefreshToken: given("r3fr3sh")}
}
