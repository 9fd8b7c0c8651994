package escape_test

import (
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/escape"
)

func TestText(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"":                "",
		"plain":           "plain",
		"a\r\nb":          `a\r\nb`,
		"\x1b[31m\x00":    `\x1b[31m\x00`,
		"caf\xc3\xa9":     `caf\u00e9`,
		"caf\xe9":         `caf\xe9`,
		"\xff":            `\xff`,
		`back\slash`:      `back\\slash`,
		"\u202e reversed": `\u202e reversed`,
		`"it's" \`:        `"it's" \\`,
		"\x7f":            `\x7f`,
	} {
		require.Equal(t, want, escape.Text(in, 100))
	}
	require.Equal(t, "abc...", escape.Text("abcdef", 3))
	require.Equal(t, "abc", escape.Text("abc", 3))
	require.Equal(t, `a\n...`, escape.Text("a\n\nb", 4), "an escape is not cut in the middle")
	require.Equal(t, "...", escape.Text("abc", -1))
}

func FuzzText(f *testing.F) {
	f.Add("a\r\n\xff\u202e\\", 20)
	f.Fuzz(func(t *testing.T, text string, limit int) {
		limit &= 0xfff
		out := escape.Text(text, limit)
		require.LessOrEqual(t, len(out), limit+len("..."))
		require.Regexp(t, "^[ -~]*$", out)
		require.True(t, utf8.ValidString(out))
	})
}
