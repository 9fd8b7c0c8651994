package smtpprobe

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe"
)

func TestParseURL(t *testing.T) {
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
		target, err := parseURL(url)
		require.NoError(t, err, url)
		require.Equal(t, expected, target, url)
	}
}

func TestParseURL_Invalid(t *testing.T) {
	t.Parallel()
	for url, reason := range map[string]string{
		"":                             "scheme is missing",
		"mail.example":                 "scheme is missing",
		"mail.example:25":              "scheme is missing",
		"http://mail.example":          `invalid scheme "http"`,
		"://mail.example":              `invalid scheme ""`,
		"smtp://":                      "host is missing",
		"smtp://:25":                   "host is missing",
		"smtp://mail.example:":         `invalid port ""`,
		"smtp://mail.example:0":        `invalid port "0"`,
		"smtp://mail.example:70000":    `invalid port "70000"`,
		"smtp://mail.example:-1":       "invalid port: must be a number",
		"smtp://mail.example:smtp":     "invalid port: must be a number",
		"smtp://mail.example/":         `unexpected "/"`,
		"smtp://mail.example/path":     `unexpected "/"`,
		"smtp://mail.example?a=b":      `unexpected "?"`,
		"smtp://mail.example:25#x":     `unexpected "#"`,
		"smtp://2001:db8::1":           "needs brackets",
		"smtp://[2001:db8::1":          "invalid IPv6 address",
		"smtp://[192.0.2.1]":           "invalid IPv6 address",
		"smtp://[2001:db8::1]25":       "after the IPv6 address",
		"smtp://mail example":          "neither a host name",
		"smtp://mail..example":         "neither a host name",
		"smtp://mail\r\nQUIT":          "neither a host name",
		"smtp://256.1.1.1":             "neither a host name",
		"smtp://\u05d0a\u00fc.example": "internationalized",
		"smtps://":                     "host is missing",
		"mx://192.0.2.1":               "an IP address has no MX record",
		"mx://":                        "host is missing",
		"lmtp:///":                     "path of the socket is missing",
		"lmtp:///run/lmtp?x":           "unexpected",
		"lmtp:///run/%zz":              "invalid escape",
		"lmtp:///run/%0d%0aQUIT":       "control characters",
		"lmtp:///" + long(107):         "longer than 107",
		"smtp://" + long(64):           "neither a host name",
		"smtp://" + long(254):          "more than 253",
		"smtp:///run/socket":           "unexpected",
		"submission://mail.example/":   "unexpected",
	} {
		_, err := parseURL(url)
		require.ErrorContains(t, err, reason, url)
		require.NotContains(t, err.Error(), "\n", url)
	}
}

func long(n int) string { return strings.Repeat("a", n) }

func TestParseURL_Credentials(t *testing.T) {
	t.Parallel()
	for _, url := range []string{
		"smtp://alice:s3cret@mail.example", "smtp://alice:s3/cret@mail.example", "smtp://alice:s3#cret@mail.example",
		"smtp://alice:s3?cret@mail.example:0", "alice:s3cret@mail.example", "http://alice:s3cret@mail.example",
		"lmtp://alice:s3cret@mail.example", "mx://alice:s3cret@example.org", "smtp://alice:s3%zzcret@mail.example",
	} {
		_, err := parseURL(url)
		require.ErrorContains(t, err, "credentials", url)
		require.NotContains(t, err.Error(), "cret", url)
		require.NotContains(t, err.Error(), "alice", url)
	}
}

func TestShownURL(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]string{
		"smtp://mail.example":             "smtp://mail.example",
		"smtp://mail.example:70000":       "smtp://mail.example:70000",
		"smtp://mail.example/":            "smtp://mail.example/",
		"smtp://[2001:db8::1]:25":         "smtp://[2001:db8::1]:25",
		"lmtp:///run/%zz":                 "lmtp:///run/%zz",
		"smtp://user:s3cret":              "smtp://user:...",
		"smtp://user:12s3cret":            "smtp://user:...",
		"smtp://mail.example:25/s3cret":   "smtp://mail.example:25/...",
		"smtp://mail.example?pass=s3cret": "smtp://mail.example...",
		"smtp://mail.example#s3cret":      "smtp://mail.example...",
		"smtp://[2001:db8::1]:25:s3cret":  "smtp://[2001:db8::1]:25...",
		"mail.example:s3cret":             "mail.example:...",
	} {
		require.Equal(t, want, shownURL(url))
	}
}
