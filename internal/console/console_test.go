package console

import (
	"context"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestPalette(t *testing.T) {
	require.Equal(t, "x", Palette{}.Bad("x"))
	require.Equal(t, "\x1b[31mx\x1b[0m", Palette{on: true}.Bad("x"))
	require.Equal(t, Palette{}, PaletteFor(&strings.Builder{}), "not a terminal")
}

func TestUTF8Locale(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		env  map[string]string
		want bool
	}{
		{name: "no locale", want: true},
		{name: "UTF-8", env: map[string]string{"LANG": "en_US.UTF-8"}, want: true},
		{name: "C.utf8", env: map[string]string{"LANG": "C.utf8"}, want: true},
		{name: "C", env: map[string]string{"LANG": "C"}},
		{name: "LC_ALL over LANG", env: map[string]string{"LANG": "en_US.UTF-8", "LC_ALL": "C"}},
		{name: "LC_CTYPE over LANG", env: map[string]string{"LANG": "C", "LC_CTYPE": "en_US.UTF-8"}, want: true},
		{name: "Latin-1", env: map[string]string{"LANG": "de_DE.ISO-8859-1"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tt.want, utf8Locale(func(name string) string { return tt.env[name] }))
		})
	}
}

func TestRedact(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"open smtp://u:hunter2@h: no such file":          "open smtp://xxxxx@h: no such file",
		`Get "http://u:hu@nter2@h/x": refused`:           `Get "http://xxxxx@h/x": refused`,
		"http://u:hunter2@127.0.0.1:%zz/":                "http://xxxxx@127.0.0.1:%zz/",
		"smtp://mx.example.org: RCPT <a@example.org> no": "smtp://mx.example.org: RCPT <a@example.org> no",
		"a@example.org": "a@example.org",
	} {
		require.Equal(t, want, Redact(text))
	}
}

func TestOneLine(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"plain":              "plain",
		" trimmed\n":         "trimmed",
		"a\nb\r\nc\rd":       `a\nb\nc\rd`,
		"\x1b[31mred\x07":    `\x1b[31mred\a`,
		"\u202ereversed":     `\u202ereversed`,
		"line\u2028end":      `line\u2028end`,
		"café \"quoted\"\tx": "café \"quoted\"\tx",
	} {
		require.Equal(t, want, OneLine(text))
	}
}

func TestWithContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	all, err := io.ReadAll(WithContext(ctx, strings.NewReader(strings.Repeat("x", 200_000))))
	require.NoError(t, err)
	require.Len(t, all, 200_000)

	r, w := io.Pipe()
	defer w.Close()
	time.AfterFunc(time.Millisecond, cancel)
	_, err = WithContext(ctx, r).Read(make([]byte, 1))
	require.ErrorIs(t, err, context.Canceled)
}
