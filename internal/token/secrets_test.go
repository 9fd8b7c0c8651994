package token_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/token"
)

func TestSecrets(t *testing.T) {
	t.Parallel()
	fixed := func(value string) token.Secret { return func() (string, error) { return value, nil } }
	s, err := token.New(token.Config{
		TokenURL: "https://login.example/token", ClientID: fixed("id"), ClientSecret: fixed("client-secret"),
		RefreshToken: func() (string, error) { return "", errors.New("sealed") },
	})
	require.NoError(t, err)
	require.Equal(t, []string{"client-secret"}, s.Secrets())

	s, err = token.New(token.Config{Token: fixed("access-token")})
	require.NoError(t, err)
	require.Equal(t, []string{"access-token"}, s.Secrets())
}
