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
		"success":                 {args: []string{urlOf(healthy)}, status: check.OK, line: "SMTP OK - " + urlOf(healthy) + ": the relay accepts a session, "},
		"refused":                 {args: []string{urlOf(refusing)}, status: check.Critical, line: "SMTP CRITICAL - " + urlOf(refusing) + ": greeting_refused/refused: greeting: 550 5.7.1 go / away | "},
		"temporary refusal":       {args: []string{urlOf(later)}, status: check.Warning, line: "SMTP WARNING - " + urlOf(later)},
		"several relays":          {args: []string{urlOf(healthy), urlOf(later), urlOf(refusing)}, status: check.Critical, line: "SMTP CRITICAL - " + urlOf(refusing)},
		"slower than --warning":   {args: []string{"--warning", "1ns", urlOf(healthy)}, status: check.Warning, line: "SMTP WARNING - " + urlOf(healthy) + ": took "},
		"slower than --critical":  {args: []string{"--warning", "1ns", "--critical", "2ns", urlOf(healthy)}, status: check.Critical, line: "SMTP CRITICAL - " + urlOf(healthy) + ": took "},
		"unknown flag":            {args: []string{"--wrong", urlOf(healthy)}, status: check.Unknown, line: "SMTP UNKNOWN - unknown flag --wrong"},
		"invalid setting":         {args: []string{"--probe", "deep", urlOf(healthy)}, status: check.Unknown, line: "SMTP UNKNOWN - --probe: invalid value \"deep\": must be one of "},
		"no URL":                  {status: check.Unknown, line: "SMTP UNKNOWN - a URL or --config is needed"},
		"negative threshold":      {args: []string{"--warning", "-1s", urlOf(healthy)}, status: check.Unknown, line: "SMTP UNKNOWN - "},
		"unusable source address": {args: []string{"--source-address", "192.0.2.77", urlOf(healthy)}, status: check.Unknown, line: "SMTP UNKNOWN - " + urlOf(healthy) + ": local_error/no_source_address: connect: "},
	} {
		t.Run(name, func(t *testing.T) {
			got := program(append([]string{"check", "--nagios"}, test.args...)...)
			require.Equal(t, int(test.status), got.status, got.stdout)
			require.True(t, strings.HasPrefix(got.stdout, test.line), got.stdout)
			require.Empty(t, got.stderr)
		})
	}
}

func TestCheck_NagiosOutput(t *testing.T) {
	healthy, refusing := smtptest.Start(t, smtptest.Script{}), smtptest.Start(t, smtptest.Script{Greeting: smtptest.Say("554 5.7.1 go away")})
	require.Regexp(t, `^SMTP OK - \S+: the relay accepts a session, \d+\.\d+ ms \| '\S+ total'=\d\.\d{6}s;;;0 .*\n$`, program("check", "--nagios", urlOf(healthy)).stdout)
	first, rest, _ := strings.Cut(program("check", "--nagios", urlOf(healthy), urlOf(refusing)).stdout, "\n")
	require.Contains(t, first, " | '"+urlOf(healthy)+" total'=")
	require.Regexp(t, `^who acts: the operators of this machine: its network, address and resources
what to do: Allow the prober's address in the relay's access rules and block lists\.
`+urlOf(healthy)+`: the relay accepts a session, \d+\.\d+ ms
$`, rest)
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
		reason string
	}{
		"three weeks":                {left: 21*day + time.Hour, status: check.OK, reason: "the relay accepts a session"},
		"five days":                  {left: 5*day + time.Hour, status: check.Warning, reason: "the certificate expires in 5 days ("},
		"one day":                    {left: day + time.Hour, status: check.Critical, reason: "the certificate expires in 1 day ("},
		"--cert-warning 5":           {left: 5*day + time.Hour, args: []string{"--cert-warning", "5"}, status: check.OK, reason: "the relay accepts a session"},
		"--cert-critical 7":          {left: 5*day + time.Hour, args: []string{"--cert-critical", "7"}, status: check.Critical, reason: "the certificate expires in 5 days ("},
		"thresholds off":             {left: day, args: []string{"--cert-warning", "0", "--cert-critical", "0"}, status: check.OK, reason: "the relay accepts a session"},
		"expired, opportunistic TLS": {left: -day, args: []string{"--starttls", "opportunistic"}, status: check.Critical, reason: "the certificate expired 1 day ago ("},
		"expired, TLS required":      {left: -day, args: []string{"--starttls", "required"}, status: check.Critical, reason: "tls_verify_error/expired: TLS handshake: certificate expired at "},
	} {
		t.Run(name, func(t *testing.T) {
			leaf := certs.For("127.0.0.1")
			leaf.NotBefore, leaf.NotAfter = time.Now().Add(-30*day), time.Now().Add(test.left)
			srv := smtptest.Start(t, smtptest.Script{TLS: certs.Server(ca.Issue(leaf))})
			got := program(append([]string{"check", "--nagios", "--tls-ca", pem, urlOf(srv)}, test.args...)...)
			require.Equal(t, int(test.status), got.status, got.stdout)
			require.True(t, strings.HasPrefix(got.stdout, "SMTP "+test.status.String()+" - "+urlOf(srv)+": "+test.reason), got.stdout)
			require.Regexp(t, `'`+urlOf(srv)+` cert'=-?\d+s`, got.stdout)
		})
	}
}
