package mask

import (
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSecrets_Text(t *testing.T) {
	t.Parallel()
	const password = "Correct/horse battery"
	s := new(Secrets)
	s.Add(password)
	// within returns the base64 digits of a response that encode only the password.
	within := func(prefix string) string {
		response := base64.StdEncoding.EncodeToString([]byte(prefix + password + "\x00tail"))
		return response[(len(prefix)*8+5)/6 : (len(prefix)+len(password))*8/6]
	}
	for name, text := range map[string]string{
		"plain text":                password,
		"upper case":                strings.ToUpper(password),
		"lower case":                strings.ToLower(password),
		"hex":                       hex.EncodeToString([]byte(password)),
		"upper-case hex":            strings.ToUpper(hex.EncodeToString([]byte(password))),
		"URL-encoded":               url.QueryEscape(password),
		"URL path":                  url.PathEscape(password),
		"base64":                    base64.StdEncoding.EncodeToString([]byte(password)),
		"base64 in a response":      within("\x00user\x00"),
		"base64 at another offset":  within("\x00userx\x00"),
		"base64 at the last offset": within("\x00useryx\x00"),
		"base64url":                 base64.URLEncoding.EncodeToString([]byte(password)),
	} {
		masked := s.Text("the password " + text + " is wrong")
		require.Contains(t, masked, "***", name)
		for i := 0; i+5 <= len(text); i++ {
			require.NotContains(t, masked, text[i:i+5], name)
		}
		require.True(t, strings.HasPrefix(masked, "the password "), masked)
		require.True(t, strings.HasSuffix(masked, " is wrong"), masked)
	}
}

func TestSecrets_Mask(t *testing.T) {
	t.Parallel()
	s := new(Secrets)
	s.Add("correct horse")
	require.Equal(t, []string{"it is ***", "***, no", "else"}, s.Mask([]string{"it is correct ", "horse, no", "else"}, false))
	lines := []string{"nothing", "secret"}
	require.Equal(t, lines, s.Mask(lines, false))
	require.Equal(t, lines, (*Secrets)(nil).Mask(lines, true))
}

func TestSecrets_Text_ShortSecret(t *testing.T) {
	t.Parallel()
	s := new(Secrets)
	s.Add("", "a", "pw1")
	require.Equal(t, "such *** thing, *** or pw12 and xpw1", s.Text("such a thing, PW1 or pw12 and xpw1"))
}

func TestSecrets_AddUser(t *testing.T) {
	t.Parallel()
	s := new(Secrets)
	s.AddUser("relay")
	const text = "535 relay: relaying denied for relay, cmVsYXk= from relay.test"
	require.Equal(t, text, s.Text(text), "not an AUTH exchange")
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
		if len(secret) >= minLength && !strings.Contains(replacement, secret) {
			require.NotContains(t, masked[0], secret)
			require.NotContains(t, masked[1], secret)
		}
	})
}
