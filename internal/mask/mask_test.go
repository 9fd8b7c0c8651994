package mask

import (
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSecrets_Forms(t *testing.T) {
	t.Parallel()
	const password = "Correct/horse battery"
	s := new(Secrets)
	s.Add(password)
	// The part of a response's base64 that depends on nothing but the password.
	within := func(prefix string) string {
		whole := base64.StdEncoding.EncodeToString([]byte(prefix + password + "\x00tail"))
		return whole[(len(prefix)*8+5)/6 : (len(prefix)+len(password))*8/6]
	}
	for name, text := range map[string]string{
		"raw":                       password,
		"in upper case":             strings.ToUpper(password),
		"in lower case":             strings.ToLower(password),
		"hex":                       hex.EncodeToString([]byte(password)),
		"hex in upper case":         strings.ToUpper(hex.EncodeToString([]byte(password))),
		"URL-encoded":               url.QueryEscape(password),
		"URL path":                  url.PathEscape(password),
		"base64":                    base64.StdEncoding.EncodeToString([]byte(password)),
		"base64 within a response":  within("\x00user\x00"),
		"base64 at another offset":  within("\x00userx\x00"),
		"base64 at the last offset": within("\x00useryx\x00"),
		"base64url":                 base64.URLEncoding.EncodeToString([]byte(password)),
	} {
		shown := s.Text("the password " + text + " is wrong")
		require.Contains(t, shown, "***", name)
		for i := 0; i+5 <= len(text); i++ {
			require.NotContains(t, shown, text[i:i+5], name)
		}
		require.True(t, strings.HasPrefix(shown, "the password "), shown)
		require.True(t, strings.HasSuffix(shown, " is wrong"), shown)
	}
}

func TestSecrets_Lines(t *testing.T) {
	t.Parallel()
	s := new(Secrets)
	s.Add("correct horse")
	require.Equal(t, []string{"it is ***", "***, no", "else"}, s.Mask([]string{"it is correct ", "horse, no", "else"}, false))
	lines := []string{"nothing", "secret"}
	require.Equal(t, lines, s.Mask(lines, false))
	require.Equal(t, lines, (*Secrets)(nil).Mask(lines, true))
}

func TestSecrets_Short(t *testing.T) {
	t.Parallel()
	s := new(Secrets)
	s.Add("", "a", "pw1")
	require.Equal(t, "such *** thing, *** or pw12 and xpw1", s.Text("such a thing, PW1 or pw12 and xpw1"))
}

func TestSecrets_User(t *testing.T) {
	t.Parallel()
	s := new(Secrets)
	s.AddUser("relay")
	const text = "535 relay: relaying denied for relay, cmVsYXk= from relay.test"
	require.Equal(t, text, s.Text(text), "outside of AUTH the name is a word like others")
	require.Equal(t, []string{"535 ***: relaying denied for ***, *** from ***.test"}, s.Mask([]string{text}, true))
}

func FuzzSecrets(f *testing.F) {
	f.Add("secret", "the secret is secret", "and SECRET")
	f.Add("\xff\x00", "a\xffb", "")
	f.Fuzz(func(t *testing.T, secret, first, second string) {
		s := new(Secrets)
		s.Add(secret)
		masked := s.Mask([]string{first, second}, true)
		require.Len(t, masked, 2)
		if len(secret) >= shortest && !strings.Contains(hidden, secret) {
			require.NotContains(t, masked[0], secret)
			require.NotContains(t, masked[1], secret)
		}
	})
}
