package check

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestWithScheme(t *testing.T) {
	t.Parallel()
	for host, want := range map[string]string{
		"mx.example.org":      "smtp://mx.example.org",
		"mx.example.org:2525": "smtp://mx.example.org:2525",
		"192.0.2.1":           "smtp://192.0.2.1",
		"2001:db8::1":         "smtp://[2001:db8::1]",
		"[2001:db8::1]:25":    "smtp://[2001:db8::1]:25",
		"smtps://mx":          "smtps://mx",
		"lmtp:///run/lmtp":    "lmtp:///run/lmtp",
		"user:secret@host":    "user:secret@host",
		"user:a://b@host":     "user:a://b@host",
	} {
		require.Equal(t, want, withScheme(host))
	}
}
