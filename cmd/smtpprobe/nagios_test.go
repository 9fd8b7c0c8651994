package main

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/check"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest/certs"
)

func TestCheck_Nagios(t *testing.T) {
	healthy := smtptest.Start(t, smtptest.Script{})
	refusing := smtptest.Start(t, smtptest.Script{Greeting: smtptest.Say("550 5.7.1 go | away")})
	later := smtptest.Start(t, smtptest.Script{Greeting: smtptest.Say("450 4.7.1 later")})
	for name, test := range map[string]struct {
		args   []string
		status check.State
		line   string
	}{
		"well":                     {[]string{at(healthy)}, check.OK, "SMTP OK - " + at(healthy) + ": the relay accepts a session | '" + at(healthy) + " total'="},
		"refused":                  {[]string{at(refusing)}, check.Critical, "SMTP CRITICAL - " + at(refusing) + ": greeting_refused/refused: greeting: 550 5.7.1 go / away | "},
		"later":                    {[]string{at(later)}, check.Warning, "SMTP WARNING - " + at(later)},
		"the worst is the title":   {[]string{at(healthy), at(later), at(refusing)}, check.Critical, "SMTP CRITICAL - " + at(refusing)},
		"too slow for a warning":   {[]string{"--warning", "1ns", at(healthy)}, check.Warning, "SMTP WARNING - " + at(healthy) + ": took "},
		"too slow altogether":      {[]string{"--warning", "1ns", "--critical", "2ns", at(healthy)}, check.Critical, "SMTP CRITICAL - " + at(healthy) + ": took "},
		"a wrong flag":             {[]string{"--wrong", at(healthy)}, check.Unknown, "SMTP UNKNOWN - unknown flag --wrong"},
		"a wrong setting":          {[]string{"--probe", "deep", at(healthy)}, check.Unknown, "SMTP UNKNOWN - --probe: invalid value \"deep\": must be one of "},
		"nothing to check":         {nil, check.Unknown, "SMTP UNKNOWN - a URL or --config is needed"},
		"limits below zero":        {[]string{"--warning", "-1s", at(healthy)}, check.Unknown, "SMTP UNKNOWN - "},
		"an address that is wrong": {[]string{"--source-address", "192.0.2.77", at(healthy)}, check.Unknown, "SMTP UNKNOWN - " + at(healthy) + ": local_error/no_source_address: connect: "},
	} {
		t.Run(name, func(t *testing.T) {
			got := program(append([]string{"check", "--nagios"}, test.args...)...)
			require.Equal(t, int(test.status), got.status, got.stdout)
			require.True(t, strings.HasPrefix(got.stdout, test.line), got.stdout)
			require.Empty(t, got.stderr)
		})
	}
}

func TestCheck_NagiosCertificate(t *testing.T) {
	const day = 24 * time.Hour
	ca := certs.NewAuthority("test")
	pem := filepath.Join(t.TempDir(), "ca.pem")
	require.NoError(t, ca.WriteFile(pem))
	for name, test := range map[string]struct {
		left   time.Duration
		args   []string
		status check.State
		says   string
	}{
		"three weeks":                   {21*day + time.Hour, nil, check.OK, "the relay accepts a session"},
		"five days":                     {5*day + time.Hour, nil, check.Warning, "the certificate expires in 5 days ("},
		"one day":                       {day + time.Hour, nil, check.Critical, "the certificate expires in 1 day ("},
		"five days are enough":          {5*day + time.Hour, []string{"--cert-warning", "5"}, check.OK, "the relay accepts a session"},
		"five days are critical":        {5*day + time.Hour, []string{"--cert-critical", "7"}, check.Critical, "the certificate expires in 5 days ("},
		"no limits":                     {day, []string{"--cert-warning", "0", "--cert-critical", "0"}, check.OK, "the relay accepts a session"},
		"over, where that is no matter": {-day, []string{"--starttls", "opportunistic"}, check.Critical, "the certificate expired 1 day ago ("},
		"over":                          {-day, []string{"--starttls", "required"}, check.Critical, "tls_verify_error/expired: TLS handshake: certificate expired at "},
	} {
		t.Run(name, func(t *testing.T) {
			leaf := certs.For("127.0.0.1")
			leaf.NotBefore, leaf.NotAfter = time.Now().Add(-30*day), time.Now().Add(test.left)
			srv := smtptest.Start(t, smtptest.Script{TLS: certs.Server(ca.Issue(leaf))})
			got := program(append([]string{"check", "--nagios", "--tls-ca", pem, at(srv)}, test.args...)...)
			require.Equal(t, int(test.status), got.status, got.stdout)
			require.True(t, strings.HasPrefix(got.stdout, "SMTP "+test.status.String()+" - "+at(srv)+": "+test.says), got.stdout)
			require.Regexp(t, `'`+at(srv)+` cert'=-?\d+s`, got.stdout)
		})
	}
}
