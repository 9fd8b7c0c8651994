package smtpprobe

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCapabilities(t *testing.T) {
	c := parseCapabilities(strings.Split("relay.example Hello\nPIPELINING\nsize 1000\nAUTH=LOGIN\nAUTH PLAIN login CRAM-MD5\nSTARTTLS \n-X\nX Y Z\n<html>\n", "\n"))
	require.Equal(t, []string{"AUTH", "PIPELINING", "SIZE", "STARTTLS", "X"}, c.Keywords())
	require.Equal(t, []string{"CRAM-MD5", "LOGIN", "PLAIN"}, c.Auth)
	require.Equal(t, int64(1000), c.Size)
	require.False(t, (*Capabilities)(nil).Has("SIZE"))
}

// RFC 1870 §4: zero means that there is no limit.
func TestCapabilities_Size(t *testing.T) {
	for line, want := range map[string]*Capabilities{
		"SIZE 0":                    {HasSize: true},
		"SIZE 99999999999999999999": {HasSize: true, Size: math.MaxInt64},
		"SIZE":                      {},
		"SIZE -5":                   {},
		"SIZE +5":                   {},
		"SIZE many":                 {},
	} {
		c := parseCapabilities([]string{"relay.example", line})
		require.True(t, c.Has("SIZE"), line)
		require.Equal(t, want.HasSize, c.HasSize, line)
		require.Equal(t, want.Size, c.Size, line)
	}
}

func TestCapabilities_AuthWithEqualsSign(t *testing.T) {
	c := parseCapabilities([]string{"relay.example", "AUTH=LOGIN PLAIN"})
	require.Equal(t, []string{"LOGIN", "PLAIN"}, c.Auth)
	require.Equal(t, []string{"AUTH"}, c.Keywords())
}

func TestCapabilities_Limits(t *testing.T) {
	for params, want := range map[string]Limits{
		"MAILMAX=5 RCPTMAX=20 RCPTDOMAINMAX=1": {Mail: 5, Rcpt: 20, RcptDomain: 1},
		"rcptmax=20":                           {Rcpt: 20},
		"RCPTMAX=-1 MAILMAX=99999999999 X=1":   {},
		"":                                     {},
	} {
		require.Equal(t, want, parseCapabilities([]string{"relay.example", "LIMITS " + params}).Limits, params)
	}
}

func TestCapabilities_Bounds(t *testing.T) {
	lines := []string{"relay.example"}
	for i := range 2 * maxOffered {
		lines = append(lines, fmt.Sprintf("X%d", i), fmt.Sprintf("AUTH M%d", i))
	}
	c := parseCapabilities(lines)
	require.Len(t, c.Extensions, maxOffered)
	require.Len(t, c.Auth, maxOffered)
}

func TestCapabilities_LastLine(t *testing.T) {
	lines, auth := []string{"relay.example"}, "AUTH"
	for i := range 997 {
		lines, auth = append(lines, fmt.Sprintf("X%d", i)), auth+fmt.Sprintf(" M%d", i)
	}
	lines = append(lines, auth+" PLAIN")
	c := parseCapabilities(append(lines, "STARTTLS"))
	require.True(t, c.Has("STARTTLS"))
	require.Contains(t, c.Auth, "PLAIN")
}
