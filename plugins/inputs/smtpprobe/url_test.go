package smtpprobe

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe"
)

func TestURLsNameTheirTargets(t *testing.T) {
	t.Parallel()
	for url, expected := range map[string]smtpprobe.Target{
		"smtp://mail.example":               {Host: "mail.example", Port: 25},
		"SMTP://mail.example":               {Host: "mail.example", Port: 25},
		"smtp://mail.example.:2525":         {Host: "mail.example.", Port: 2525},
		"smtp://192.0.2.1":                  {Host: "192.0.2.1", Port: 25},
		"smtp://[2001:db8::1]":              {Host: "2001:db8::1", Port: 25},
		"smtp://[2001:DB8:0::1]:65535":      {Host: "2001:db8::1", Port: 65535},
		"smtp://[fe80::1%25eth0]:25":        {Host: "fe80::1%eth0", Port: 25},
		"smtp://mail_relay:25":              {Host: "mail_relay", Port: 25},
		"smtp://bücher.example":             {Host: "xn--bcher-kva.example", Port: 25},
		"submission://mail.example":         {Host: "mail.example", Port: 587, TLS: smtpprobe.TLSRequired},
		"smtps://mail.example":              {Host: "mail.example", Port: 465, TLS: smtpprobe.TLSImplicit},
		"lmtp://mail.example":               {Host: "mail.example", Port: 24, TLS: smtpprobe.TLSNever, LMTP: true},
		"lmtp:///run/dovecot/lmtp":          {Socket: "/run/dovecot/lmtp", TLS: smtpprobe.TLSNever, LMTP: true},
		"lmtp:///run/with%20space/l@tmp":    {Socket: "/run/with space/l@tmp", TLS: smtpprobe.TLSNever, LMTP: true},
		"mx://example.org":                  {Domain: "example.org", Port: 25, TLS: smtpprobe.TLSOpportunistic},
		"mx://example.org:2525":             {Domain: "example.org", Port: 2525, TLS: smtpprobe.TLSOpportunistic},
		"smtp://" + strings.Repeat("a", 63): {Host: strings.Repeat("a", 63), Port: 25},
	} {
		target, _, err := parseURL(url)
		require.NoError(t, err, url)
		require.Equal(t, expected, target, url)
	}
}

func TestWrongURLsAreRefusedWithTheReason(t *testing.T) {
	t.Parallel()
	for url, reason := range map[string]string{
		"":                             "has no scheme",
		"mail.example":                 "has no scheme",
		"mail.example:25":              "has no scheme",
		"http://mail.example":          `unknown scheme "http"`,
		"://mail.example":              `unknown scheme ""`,
		"smtp://":                      "the host is missing",
		"smtp://:25":                   "the host is missing",
		"smtp://mail.example:":         `the port ""`,
		"smtp://mail.example:0":        `the port "0"`,
		"smtp://mail.example:70000":    `the port "70000"`,
		"smtp://mail.example:-1":       `the port "-1"`,
		"smtp://mail.example:smtp":     `the port "smtp"`,
		"smtp://mail.example/":         `not "/"`,
		"smtp://mail.example/path":     `not "/path"`,
		"smtp://mail.example?a=b":      `not "?a=b"`,
		"smtp://mail.example:25#x":     `not "#x"`,
		"smtp://2001:db8::1":           "needs brackets",
		"smtp://[2001:db8::1":          "not an IPv6 address",
		"smtp://[192.0.2.1]":           "not an IPv6 address",
		"smtp://[2001:db8::1]25":       "follows the IPv6 address",
		"smtp://mail example":          "is not a host name",
		"smtp://mail..example":         "is not a host name",
		"smtp://-mail.example":         "is not a host name",
		"smtp://mail\r\nQUIT":          "is not a host name",
		"smtp://256.1.1.1":             "neither an IP address",
		"smtp://\u05d0a\u00fc.example": "internationalized",
		"smtps://":                     "the host is missing",
		"mx://192.0.2.1":               "an IP address has no MX",
		"mx://":                        "the host is missing",
		"lmtp:///":                     "the path of a socket is missing",
		"lmtp:///run/lmtp?x":           "nothing may follow",
		"lmtp:///run/%zz":              "not escaped",
		"lmtp:///run/%0d%0aQUIT":       "CR, LF or NUL",
		"lmtp:///" + long(107):         "longer than 107",
		"smtp://" + long(64):           "is not a host name",
		"smtp://" + long(254):          "longer than 253",
		"smtp:///run/socket":           "nothing may follow",
		"submission://mail.example/":   "nothing may follow",
	} {
		_, _, err := parseURL(url)
		require.ErrorContains(t, err, reason, url)
		require.NotContains(t, err.Error(), "\n", url)
	}
}

func long(n int) string { return strings.Repeat("a", n) }

func TestCredentialsInAURLAreNeverRepeated(t *testing.T) {
	t.Parallel()
	for _, url := range []string{
		"smtp://alice:s3cret@mail.example", "smtp://alice:s3/cret@mail.example", "smtp://alice:s3#cret@mail.example",
		"smtp://alice:s3?cret@mail.example:0", "alice:s3cret@mail.example", "http://alice:s3cret@mail.example",
		"lmtp://alice:s3cret@mail.example", "mx://alice:s3cret@example.org", "smtp://alice:s3%zzcret@mail.example",
	} {
		_, _, err := parseURL(url)
		require.ErrorContains(t, err, "credentials", url)
		require.NotContains(t, err.Error(), "cret", url)
		require.NotContains(t, err.Error(), "alice", url)
	}
}
