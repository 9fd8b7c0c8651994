package token_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/token"
)

func TestSource_Secrets(t *testing.T) {
	t.Parallel()
	s, err := token.New(token.Config{
		TokenURL: "https://login.example/token", ClientID: secret("id"), ClientSecret: secret("client-secret"),
		RefreshToken: func() (string, error) { return "", errors.New("unreadable") },
	})
	require.NoError(t, err)
	require.Equal(t, []string{"client-secret"}, s.Secrets())

	s, err = token.New(token.Config{Token: secret("access-token")})
	require.NoError(t, err)
	require.Equal(t, []string{"access-token"}, s.Secrets())
}
