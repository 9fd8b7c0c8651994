package hostname

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestASCII(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"relay.test":        "relay.test",
		"Relay.TEST.":       "relay.test.",
		"_mail-.relay.test": "_mail-.relay.test",
		"bücher.test":       "xn--bcher-kva.test",
		"localhost":         "localhost",
	} {
		got, err := ASCII(name)
		require.NoError(t, err, name)
		require.Equal(t, want, got)
	}
	for _, name := range []string{
		"", ".", "a..b", "192.0.2.300", "a b", "a\r\nb", "ü\u200d.test", "a:b",
		strings.Repeat("a", 64) + ".test", strings.Repeat("a.", 127) + "test",
	} {
		_, err := ASCII(name)
		require.Error(t, err, name)
		require.NotContains(t, err.Error(), "\n")
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"relay.test", "3com.example", "a-b.c", "localhost"} {
		require.NoError(t, Check(name), name)
	}
	for _, name := range []string{"relay.test.", "-a.test", "a-.test", "a_b.test", "", "1.2.3.4", "a..b"} {
		require.Error(t, Check(name), name)
	}
}

func TestIsQualified(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"relay.example.org", "Relay.Example.ORG"} {
		require.True(t, IsQualified(name), name)
	}
	for _, name := range []string{"", "relay", "localhost", "localhost.localdomain", "relay.localdomain", "LOCALHOST.example", "a_b.example.org", "relay.", "a b.example"} {
		require.False(t, IsQualified(name), name)
	}
}

func TestQualified(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, canonical string
		err             error
		want            string
	}{
		{name: "relay.example.org", canonical: "other.example.org.", want: "relay.example.org"},
		{name: "relay", canonical: "relay.example.org.", want: "relay.example.org"},
		{name: "relay", canonical: "relay.localdomain."},
		{name: "relay", canonical: "relay."},
		{name: "relay", canonical: "relay.example.org.", err: errors.New("no such host")},
		{name: "relay.localdomain", canonical: "relay.localdomain."},
	} {
		got := qualified(tt.name, func(_ context.Context, name string) (string, error) {
			require.Equal(t, tt.name, name)
			return tt.canonical, tt.err
		})
		require.Equal(t, tt.want, got, "%+v", tt)
	}
}

func TestLocalAddr(t *testing.T) {
	t.Parallel()
	if ip := LocalAddr(); ip.IsValid() {
		require.False(t, ip.IsLoopback())
	}
}
