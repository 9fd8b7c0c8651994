package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/check"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/dnstest"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest/certs"
)

func TestCheck_Report(t *testing.T) {
	healthy, busy := smtptest.Start(t, smtptest.Script{}), smtptest.Start(t, smtptest.Script{Greeting: smtptest.Say("421 4.3.2 busy")})
	require.Equal(t, statusOK, program("check", urlOf(healthy)).status)
	got := program("check", urlOf(healthy), urlOf(busy))
	require.Equal(t, statusFailed, got.status)
	require.Empty(t, got.stderr)
	require.True(t, strings.HasPrefix(got.stdout, "OK  "+urlOf(healthy)+": the relay accepts a session\n"), "the verdict comes first, in the order of the command line")
	require.Contains(t, got.stdout, "\n\nFAILED  "+urlOf(busy)+": service_unavailable/congested: greeting: 421 4.3.2 busy\n"+
		"  means        the relay closed the session with 421\n"+
		"  who acts     the relay's operators\n"+
		"  what to do   Check the load, memory and queue of the relay.\n"+
		"  retry        yes (temporary)\n\n")
	require.True(t, strings.HasSuffix(got.stdout, "\n\n2 probes: 1 OK, 1 FAILED: "+urlOf(busy)+"\n"))
}

func TestCheck_FlagsAfterURL(t *testing.T) {
	srv := smtptest.Start(t, smtptest.Script{})
	got := program("check", urlOf(srv), "--probe", "rcpt", `-to="a,b"@example.org`, "--transcript", "--helo", "probe.example.org")
	require.Equal(t, statusOK, got.status, got.stderr)
	require.Contains(t, got.stdout, "C EHLO probe.example.org")
	require.Equal(t, []string{"EHLO probe.example.org", "MAIL FROM:<>", `RCPT TO:<"a,b"@example.org>`, "RSET", "QUIT"}, srv.Session(t).Commands())
}

func TestCheck_PasswordSources(t *testing.T) {
	srv := smtptest.Start(t, smtptest.Script{Accounts: &smtptest.Accounts{Passwords: map[string]string{"user": "s3cret word"}}})
	file := filepath.Join(t.TempDir(), "password")
	require.NoError(t, os.WriteFile(file, []byte("s3cret word\nsecond line\n"), 0o600))
	line := []string{"check", "--probe", "auth", "--username", "user", "--auth-cleartext", "--auth-mechanism", "PLAIN", "--transcript", urlOf(srv)}

	fromStdin := programWith("s3cret word\n", append(line, "--password-file", "-")...)
	fromFile := program(append(line, "--password-file", file)...)
	t.Setenv(passwordVariable, "s3cret word")
	fromEnvironment := program(line...)
	for _, got := range []result{fromStdin, fromFile, fromEnvironment} {
		require.Equal(t, statusOK, got.status, got.stdout+got.stderr)
		require.NotContains(t, got.stdout+got.stderr, "s3cret")
		require.NotContains(t, got.stdout, "AHVzZXIAczNjcmV0IHdvcmQ=")
	}
}

func TestCheck_Config(t *testing.T) {
	healthy, refusing := smtptest.Start(t, smtptest.Script{}), smtptest.Start(t, smtptest.Script{Rcpt: smtptest.Say("550 5.7.1 no")})
	path := configFile(t, fmt.Sprintf(`
[[inputs.smtpprobe]]
  probe = "rcpt"
  to = ["a@example.org"]
  [[inputs.smtpprobe.relay]]
    name = "one"
    url = %q
  [[inputs.smtpprobe.relay]]
    name = "two"
    url = %q
    expect = ["recipients_refused/not_authorized"]
`, urlOf(healthy), urlOf(refusing)))
	all := program("check", "--config", path)
	require.Equal(t, statusOK, all.status, all.stderr)
	require.Contains(t, all.stdout, "OK  two: as expected: recipients_refused/not_authorized: RCPT <a@example.org>: 550 5.7.1 no")
	require.NotContains(t, all.stdout, "what to do")
	require.NotContains(t, program("check", "--config", path, "--relay", "one").stdout, "two")
}

// check neither locks nor writes the state file, which a running Telegraf uses.
func TestCheck_StateFile(t *testing.T) {
	srv := smtptest.Start(t, smtptest.Script{})
	state := filepath.Join(t.TempDir(), "state")
	config := filepath.Join(t.TempDir(), "smtpprobe.conf")
	require.NoError(t, os.WriteFile(config, fmt.Appendf(nil, `
		[[inputs.smtpprobe]]
		servers = ["smtp://%s"]
		state_file = %q`, srv.Addr(), state), 0o600))
	files := func() []string {
		found, err := filepath.Glob(state + "*")
		require.NoError(t, err)
		return found
	}
	require.Equal(t, statusOK, program("check", "--config", config).status)
	require.Empty(t, files())
	require.Equal(t, 0, program("--config", config, "--once").status)
	require.Equal(t, []string{state}, files())
	before, err := os.Stat(state)
	require.NoError(t, err)
	require.Equal(t, statusOK, program("check", "--config", config).status)
	after, err := os.Stat(state)
	require.NoError(t, err)
	require.True(t, os.SameFile(before, after))
	require.Equal(t, []string{state}, files())
}

func TestCheck_STARTTLSRefused(t *testing.T) {
	srv := smtptest.Start(t, smtptest.Script{
		TLS:      certs.Server(certs.SelfSigned(certs.For("127.0.0.1"))),
		StartTLS: smtptest.Say("454 4.7.0 TLS not available"),
	})
	got := program("check", urlOf(srv))
	require.Equal(t, statusOK, got.status)
	require.Regexp(t, `(?m)^  tls          refused: 454 4\.7\.0 TLS not available$`, got.stdout)
	require.True(t, strings.HasPrefix(got.stdout, "OK  "+urlOf(srv)+": the relay accepts a session\n"+
		"  warning      STARTTLS was refused: mail goes in the clear (454 4.7.0 TLS not available)\n"))
	nagios := program("check", "--nagios", urlOf(srv))
	require.Equal(t, int(check.Warning), nagios.status)
	require.Contains(t, nagios.stdout, "SMTP WARNING - "+urlOf(srv)+": STARTTLS refused: 454")
}

func TestCheck_HostWithoutScheme(t *testing.T) {
	srv := smtptest.Start(t, smtptest.Script{})
	got := program("check", srv.Addr().String())
	require.Equal(t, statusOK, got.status, got.stderr)
	require.Contains(t, got.stdout, "OK  "+urlOf(srv)+": ")
}

func TestCheck_JSON(t *testing.T) {
	srv := smtptest.Start(t, smtptest.Script{Mail: smtptest.Say("550 5.1.8 <b>who</b>?")})
	got := program("check", "--json", "--probe", "rcpt", "--from", "a@example.org", "--to", "b@example.org", urlOf(srv))
	require.Equal(t, statusFailed, got.status)
	var all []map[string]any
	require.NoError(t, json.Unmarshal([]byte(got.stdout), &all))
	require.Len(t, all, 1)
	for key, want := range map[string]any{
		"schema": 1., "relay": urlOf(srv), "probe": "rcpt", "success": false, "error_class": "sender_refused", "reason": "sender_domain_invalid", "phase": "mail",
		"fault": "message", "reply_code": 550., "enhanced_code": "5.1.8", "temporary": false,
	} {
		require.Equal(t, want, all[0][key], key)
	}
	require.Contains(t, all[0]["error"], "550 5.1.8 <b>who</b>?")
	require.NotContains(t, all[0], "transcript")
}

func TestCheck_CleartextMechanisms(t *testing.T) {
	srv := smtptest.Start(t, smtptest.Script{
		TLS:        certs.Server(certs.SelfSigned(certs.For("127.0.0.1"))),
		Extensions: []string{"AUTH LOGIN PLAIN"}, ExtensionsTLS: []string{"AUTH PLAIN"},
	})
	got := program("check", urlOf(srv))
	require.Regexp(t, `(?m)^  auth         PLAIN\n {15}before TLS, readable on the wire: LOGIN PLAIN$`, got.stdout)
	require.Contains(t, got.stdout, "certificate NOT verified")
	var all []map[string]any
	require.NoError(t, json.Unmarshal([]byte(program("check", "--json", urlOf(srv)).stdout), &all))
	require.Equal(t, []any{"PLAIN"}, all[0]["auth_mechanisms"])
	require.Equal(t, []any{"LOGIN", "PLAIN"}, all[0]["auth_mechanisms_cleartext"])
}

const concurrency = 20 // of package check

func TestCheck_DomainWithManyHosts(t *testing.T) {
	var sessions, peak atomic.Int64
	srv := smtptest.Start(t, smtptest.Script{
		Greeting: smtptest.Then(func(*smtptest.Conn) error {
			peak.Store(max(peak.Load(), sessions.Add(1)))
			return nil
		}, smtptest.Pause(20*time.Millisecond), smtptest.Healthy()),
		Quit: smtptest.Then(func(*smtptest.Conn) error {
			sessions.Add(-1)
			return nil
		}, smtptest.Healthy()),
	})
	const hosts = 2 * concurrency
	zone, records := dnstest.Zone{}, make([]string, hosts)
	for i := range hosts {
		host := fmt.Sprintf("mx%d.test", i)
		zone[host] = dnstest.Records("A 127.0.0.1")
		records[i] = fmt.Sprintf("MX %d %s.", i, host)
	}
	zone["domain.test"] = dnstest.Truncated(dnstest.Records(records...)) // too large for a UDP response
	url := fmt.Sprintf("mx://domain.test:%d", srv.Port())
	got := program("check", "--addresses", "all", "--allow-private-mx", "--dns-server", dnstest.Start(t, zone).Addr(), url, "mx://gone.test")
	require.Equal(t, statusFailed, got.status)
	require.Contains(t, got.stdout, "\nOK  "+url+" mx7.test 127.0.0.1: ")
	require.Equal(t, hosts, strings.Count(got.stdout, ": the relay accepts a session"))
	require.Contains(t, got.stdout, "FAILED  mx://gone.test: dns_not_found/not_found: dns: lookup gone.test.: no such name")
	require.LessOrEqual(t, peak.Load(), int64(concurrency))
}

func TestCheck_Help_Defaults(t *testing.T) {
	help, sample := program("check", "--help").stdout, program("sample-config").stdout
	for _, setting := range []string{"timeout", "connect-timeout"} {
		found := regexp.MustCompile("(?m)^  # " + strings.ReplaceAll(setting, "-", "_") + ` = "(.*)"$`).FindStringSubmatch(sample)
		require.NotNil(t, found)
		require.Regexp(t, `(?m)--`+setting+` DURATION .*\(default: `+found[1]+`\)$`, help)
	}
	for _, setting := range []string{"probe", "starttls", "addresses", "ip_version"} {
		found := regexp.MustCompile("(?m)^  # " + setting + ` = "(.*)"$`).FindStringSubmatch(sample)
		require.NotNil(t, found)
		require.Regexp(t, `(?m)--`+strings.ReplaceAll(setting, "_", "-")+` \S+ .*\(default: "`+found[1]+`"\)$`, help)
	}
}

func TestCheck_WrongUsage(t *testing.T) {
	srv := smtptest.Start(t, smtptest.Script{})
	path := configFile(t, fmt.Sprintf("[[inputs.smtpprobe]]\n  servers = [%q]\n", urlOf(srv)))
	for name, test := range map[string]struct {
		args  []string
		names string
	}{
		"no arguments":                {names: "URL"},
		"unknown scheme":              {args: []string{"ftp://127.0.0.1"}, names: "ftp"},
		"URL with a password":         {args: []string{"smtp://user:hunter2@127.0.0.1"}, names: "credentials"},
		"missing file":                {args: []string{"--config", "/nonexistent"}, names: "/nonexistent"},
		"unknown relay":               {args: []string{"--config", path, "--relay", "nobody"}, names: "nobody"},
		"relay without --config":      {args: []string{"--relay", "one", urlOf(srv)}, names: "--config"},
		"URL and --config":            {args: []string{"--config", path, urlOf(srv)}, names: "--config"},
		"setting and --config":        {args: []string{"--config", path, "--helo", "x.example"}, names: "--helo"},
		"--json and --nagios":         {args: []string{"--json", "--nagios=false", "--nagios", urlOf(srv)}, names: "--json"},
		"thresholds without --nagios": {args: []string{"--warning", "1s", urlOf(srv)}, names: "--nagios"},
		"unknown depth":               {args: []string{"--probe", "deep", urlOf(srv)}, names: "probe"},
		"recipients missing":          {args: []string{"--probe", "rcpt", urlOf(srv)}, names: "to"},
		"username without password":   {args: []string{"--probe", "auth", "--username", "u", urlOf(srv)}, names: passwordVariable},
		"password without username":   {args: []string{"--password-file", "x", urlOf(srv)}, names: "--username"},
		"missing password file":       {args: []string{"--username", "u", "--password-file", "/nonexistent", urlOf(srv)}, names: "/nonexistent"},
		"password flag":               {args: []string{"--password", "hunter2", urlOf(srv)}, names: "password"},
		"unknown class in expect":     {args: []string{"--expect", "unheard", urlOf(srv)}, names: "expect"},
		"CR and LF in helo":           {args: []string{"--helo", "a\r\nQUIT", urlOf(srv)}, names: "helo"},
		"missing CA":                  {args: []string{"--tls-ca", "/nonexistent.pem", urlOf(srv)}, names: "--tls-ca: open /nonexistent.pem"},
		"duplicate relay":             {args: []string{urlOf(srv), urlOf(srv)}, names: "duplicate relay name"},
	} {
		t.Run(name, func(t *testing.T) {
			got := program(append([]string{"check"}, test.args...)...)
			if name == "--json and --nagios" { // a monitoring system reads stdout
				require.Equal(t, int(check.Unknown), got.status)
				require.Contains(t, got.stdout, test.names)
				return
			}
			want := statusUsage
			if name == "missing file" { // the configuration is wrong, as with --once
				want = statusFailed
			}
			require.Equal(t, want, got.status, got.stdout+got.stderr)
			require.Empty(t, got.stdout)
			require.Regexp(t, `^smtpprobe: .*\n$`, got.stderr)
			require.Contains(t, got.stderr, test.names)
			require.NotContains(t, got.stderr, "hunter2")
		})
	}
	require.Empty(t, srv.Sessions())
}
