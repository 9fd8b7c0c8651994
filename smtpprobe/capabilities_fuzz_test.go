package smtpprobe

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// FuzzCapabilities checks that only valid keywords and mechanisms are included, each
// once, in a stable order.
func FuzzCapabilities(f *testing.F) {
	for _, seed := range []string{
		"relay", "relay\nSIZE 1000\nAUTH PLAIN LOGIN\nAUTH=LOGIN\n8BITMIME", "relay\nsize\nSIZE -1\nSIZE 99999999999999999999",
		"relay\n AUTH\tPLAIN\n-X\nX-A,B\nAUTH plain PLAIN \x00", "relay\nAUTH=\nAUTH==\nAUTH= LOGIN", "\n\n",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, reply string) {
		lines := strings.Split(reply, "\n")
		c := parseCapabilities(lines)
		require.LessOrEqual(t, len(c.Extensions), len(lines)-1, "the first line is the relay's name")
		keywords := c.Keywords()
		require.Len(t, keywords, len(c.Extensions))
		require.True(t, slices.IsSorted(keywords))
		for _, keyword := range keywords {
			require.Regexp(t, `^[A-Z0-9][A-Z0-9-]*$`, keyword)
			require.True(t, c.Has(keyword))
		}
		require.True(t, slices.IsSorted(c.Auth))
		require.Len(t, slices.Compact(slices.Clone(c.Auth)), len(c.Auth))
		for _, mechanism := range c.Auth {
			require.Regexp(t, `^[A-Z0-9_-]{1,20}$`, mechanism)
		}
		require.True(t, len(c.Auth) == 0 || c.Has("AUTH"))
		require.GreaterOrEqual(t, c.Size, int64(0))
		require.True(t, c.Size == 0 || c.HasSize)
		require.True(t, !c.HasSize || c.Has("SIZE"))
		require.Equal(t, c, parseCapabilities(lines))
	})
}
