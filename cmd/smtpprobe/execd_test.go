package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/console"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest"
)

func TestExecd_Prompts(t *testing.T) {
	t.Parallel()
	srv := smtptest.Start(t, smtptest.Script{})
	s := serve(t, "-config", configFile(t, fmt.Sprintf("[[inputs.smtpprobe]]\n  servers = [%q]\n", urlOf(srv))))
	for n := 1; n <= 3; n++ {
		s.prompt(t)
		require.Contains(t, s.metric(t), "error_class=none")
		require.Len(t, srv.Wait(t, n), n, "one session for each line")
	}
	require.NoError(t, s.stdin.Close())
	require.Empty(t, s.wait(t))
	require.Empty(t, s.stderr.String())
}

// A pipeline such as echo | smtpprobe closes stdin right after the line.
func TestExecd_PromptBeforeEOF(t *testing.T) {
	t.Parallel()
	srv := smtptest.Start(t, smtptest.Script{})
	got := programWith("\n", "--config", configFile(t, fmt.Sprintf("[[inputs.smtpprobe]]\n  servers = [%q]\n", urlOf(srv))))
	require.Zero(t, got.status)
	require.Empty(t, got.stderr)
	require.Contains(t, got.stdout, "error_class=none")
	require.Contains(t, got.stdout, "canceled=0i")
}

func TestExecd_ClosedStdin(t *testing.T) {
	t.Parallel()
	healthy, silent := smtptest.Start(t, smtptest.Script{}), smtptest.Start(t, smtptest.Script{Greeting: smtptest.Silence()})
	s := serve(t, "--config", configFile(t, fmt.Sprintf("[[inputs.smtpprobe]]\n  timeout = \"10m\"\n  servers = [%q, %q]\n", urlOf(healthy), urlOf(silent))))
	s.prompt(t)
	require.Contains(t, s.metric(t), "error_class=none", "finished probes are written at once")
	require.NoError(t, s.stdin.Close())
	require.NotContains(t, s.wait(t), "error_class=read_timeout")
}

func TestExecd_Signal(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no signals; closing stdin ends the program")
	}
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		t.Run(signal.String(), func(t *testing.T) {
			t.Parallel()
			healthy, silent := smtptest.Start(t, smtptest.Script{}), smtptest.Start(t, smtptest.Script{Greeting: smtptest.Silence()})
			s := serve(t, "--config", configFile(t, fmt.Sprintf("[[inputs.smtpprobe]]\n  timeout = \"10m\"\n  servers = [%q, %q]\n", urlOf(healthy), urlOf(silent))))
			s.prompt(t)
			require.Contains(t, s.metric(t), "error_class=none")
			require.NoError(t, s.cmd.Process.Signal(signal))
			require.NotContains(t, s.wait(t), "error_class=read_timeout")
		})
	}
}

func TestExecd_Poll(t *testing.T) {
	t.Parallel()
	srv := smtptest.Start(t, smtptest.Script{})
	s := serve(t, "--poll_interval", "50ms", "--config", configFile(t, fmt.Sprintf("[[inputs.smtpprobe]]\n  timeout = \"40ms\"\n  servers = [%q]\n", urlOf(srv))))
	for range 2 {
		require.Contains(t, s.metric(t), "smtpprobe,error_class=")
	}
	require.NoError(t, s.stdin.Close())
	s.wait(t)
}

func TestExecd_PollDisabled(t *testing.T) {
	t.Parallel()
	srv := smtptest.Start(t, smtptest.Script{})
	s := serve(t, "--poll_interval=1ms", "--poll_interval_disabled", "--config", configFile(t, fmt.Sprintf("[[inputs.smtpprobe]]\n  servers = [%q]\n", urlOf(srv))))
	s.prompt(t)
	require.Contains(t, s.metric(t), "error_class=none")
	require.NoError(t, s.stdin.Close())
	require.Empty(t, s.wait(t))
	require.Len(t, srv.Sessions(), 1)
}

func TestExecd_SlowGather(t *testing.T) {
	t.Parallel()
	srv := smtptest.Start(t, smtptest.Script{Greeting: smtptest.Then(smtptest.Pause(time.Second), smtptest.Healthy())})
	s := serve(t, "--config", configFile(t, fmt.Sprintf("[[inputs.smtpprobe]]\n  servers = [%q]\n", urlOf(srv))))
	prompts := time.NewTicker(100 * time.Millisecond)
	defer prompts.Stop()
	for range 5 {
		<-prompts.C
		s.prompt(t)
	}
	for range 2 { // a gather, and another one for all prompts during it
		require.Contains(t, s.metric(t), "error_class=none")
	}
	require.NoError(t, s.stdin.Close())
	s.wait(t)
	require.Equal(t, 1, strings.Count(s.stderr.String(), "W! [inputs.smtpprobe] a gather took 1"), &s.stderr)
}

func TestExecd_BrokenStdout(t *testing.T) {
	t.Parallel()
	srv := smtptest.Start(t, smtptest.Script{})
	s := serve(t, "--poll_interval", "20ms", "--config", configFile(t, fmt.Sprintf("[[inputs.smtpprobe]]\n  timeout = \"10ms\"\n  servers = [%q]\n", urlOf(srv))))
	s.metric(t)
	require.NoError(t, s.pipe.Close())
	require.Error(t, s.cmd.Wait())
	require.Contains(t, s.stderr.String(), "E! writing metrics: ")
}

// broken is a writer that fails.
type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errors.New("no reader") }

func TestOnce_FailedWrite(t *testing.T) {
	srv := smtptest.Start(t, smtptest.Script{})
	var stderr bytes.Buffer
	status := run([]string{"smtpprobe", "--once", "--config", configFile(t, fmt.Sprintf("[[inputs.smtpprobe]]\n  servers = [%q]\n", urlOf(srv)))},
		console.Streams{In: strings.NewReader(""), Out: broken{}, Err: &stderr})
	require.Equal(t, statusFailed, status)
	require.Equal(t, "smtpprobe: writing metrics: no reader\n", stderr.String())
}

func TestOnce_CommonSettings(t *testing.T) {
	srv := smtptest.Start(t, smtptest.Script{})
	got := program("--once", "--config", configFile(t, fmt.Sprintf(`
[global_tags]
  dc = "north"
[[inputs.smtpprobe]]
  servers = [%[1]q]
  alias = "first"
  name_override = "mail"
  fieldinclude = ["success"]
  taginclude = ["error_class", "site", "dc"]
  [inputs.smtpprobe.tags]
    site = "a"
[[inputs.smtpprobe]]
  servers = [%[1]q]
  fieldinclude = ["result"]
  taginclude = ["error_class"]
`, urlOf(srv))))
	require.Equal(t, statusOK, got.status, got.stderr)
	require.Empty(t, got.stderr)
	require.Regexp(t, `(?m)^mail,dc=north,error_class=none,site=a success=1i \d{19}$`, got.stdout)
	require.Regexp(t, `(?m)^smtpprobe,error_class=none result="none" \d{19}$`, got.stdout)
	require.Equal(t, 2, strings.Count(got.stdout, "\n"))
}

func TestOnce_Sends(t *testing.T) {
	srv := smtptest.Start(t, smtptest.Script{})
	path := configFile(t, fmt.Sprintf("[[inputs.smtpprobe]]\n  servers = [%q]\n  probe = \"send\"\n  send_interval = \"24h\"\n  to = [\"a@example.org\"]\n", urlOf(srv)))
	for n := 1; n <= 2; n++ {
		got := program("--once", "--config", path)
		require.Equal(t, statusOK, got.status, got.stderr)
		require.Contains(t, got.stdout, "message_accepted=1i")
		require.Len(t, srv.Wait(t, n)[n-1].Messages, 1)
	}
}

func TestExecd_LogLevels(t *testing.T) {
	t.Parallel()
	srv := smtptest.Start(t, smtptest.Script{Greeting: smtptest.Say("554 5.7.1 go\taway")})
	s := serve(t, "--config", configFile(t, fmt.Sprintf("[[inputs.smtpprobe]]\n  alias = \"x\"\n  interval = \"1h\"\n  servers = [%q]\n", urlOf(srv))))
	s.prompt(t)
	require.Contains(t, s.metric(t), "error_class=greeting_refused")
	require.NoError(t, s.stdin.Close())
	s.wait(t)
	lines := strings.Split(strings.TrimSpace(s.stderr.String()), "\n")
	require.Equal(t, "I! [inputs.smtpprobe::x] interval 1h0m0s has no effect here: the interval of inputs.execd decides", lines[0])
	require.Contains(t, lines[1], "D! [inputs.smtpprobe::x] "+urlOf(srv)+": smtp: greeting: 554 ")
	for _, line := range lines[1:] {
		require.Regexp(t, `^D! `, line, "a failing relay is logged at debug level")
	}
}

func TestOnce_LogLevelOfInput(t *testing.T) {
	srv := smtptest.Start(t, smtptest.Script{Greeting: smtptest.Say("554 no")})
	content := fmt.Sprintf("[[inputs.smtpprobe]]\n  log_level = %%q\n  servers = [%q]\n", urlOf(srv))
	require.Contains(t, program("--once", "--config", configFile(t, fmt.Sprintf(content, "debug"))).stderr, "D! [inputs.smtpprobe] ")
	require.Empty(t, program("--once", "--debug", "--config", configFile(t, fmt.Sprintf(content, "warn"))).stderr)
	require.Contains(t, program("--once", "--debug", "--config", configFile(t, fmt.Sprintf(content, ""))).stderr, "D! [inputs.smtpprobe] ")
}

func TestOnce_LogEscapes(t *testing.T) {
	got := program("--once", "--debug", "--config", configFile(t, "[[inputs.smtpprobe]]\n  alias = \"a\\nE! b\"\n  servers = [\"smtp://127.0.0.1:1\"]\n"))
	require.Regexp(t, `^D! \[inputs\.smtpprobe::a\\nE! b\] .*\n$`, got.stderr)
}

func TestOnce_VariablesAndSecrets(t *testing.T) {
	t.Parallel()
	const password = `p$a"s\s`
	srv := smtptest.Start(t, smtptest.Script{Accounts: &smtptest.Accounts{Passwords: map[string]string{"user": password}}})
	secrets := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(secrets, "mail"), []byte(password), 0o600))
	for name, setting := range map[string]string{
		"environment":  `"${SMTP_TEST_PASSWORD}"`,
		"file":         `'p$a"s\s'`,
		"secret store": `"@{vault:mail}"`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := process(t, []string{"SMTP_TEST_PASSWORD=" + password}, "--once", "--config", configFile(t, fmt.Sprintf(`
[[secretstores.docker]]
  id = "vault"
  path = %q
[[inputs.smtpprobe]]
  servers = ["${SMTP_TEST_URL:-%s}"]
  probe = "auth"
  username = "${SMTP_TEST_UNSET:-user}"
  password = %s
  auth_mechanism = "PLAIN"
  auth_cleartext = true
`, secrets, urlOf(srv), setting)))
			require.Equal(t, statusOK, got.status, got.stderr)
			require.Contains(t, got.stdout, "reply_code=235")
			require.NotContains(t, got.stdout+got.stderr, password)
		})
	}
}

func TestOnce_NonStrictEnv(t *testing.T) {
	t.Parallel()
	srv := smtptest.Start(t, smtptest.Script{})
	path := configFile(t, fmt.Sprintf("[[inputs.smtpprobe]]\n  servers = [%q]\n  max_concurrent = ${SMTP_TEST_MAX:-3}\n", urlOf(srv)))
	require.Equal(t, statusFailed, process(t, nil, "--once", "--config", path).status)
	require.Equal(t, statusOK, process(t, nil, "--once", "--non-strict-env-handling", "--config", path).status)
	require.Equal(t, statusFailed, process(t, nil, "check", "--config", path).status)
	require.Equal(t, statusOK, process(t, nil, "check", "--config", path, "--non-strict-env-handling").status)
}

func TestOnce_StartupErrorBehaviorProbe(t *testing.T) {
	t.Parallel()
	healthy := smtptest.Start(t, smtptest.Script{})
	const closed = "smtp://127.0.0.1:1"
	got := process(t, nil, "--once", "--config", configFile(t, fmt.Sprintf(`
[[inputs.smtpprobe]]
  alias = "dead"
  startup_error_behavior = "probe"
  servers = [%q]
[[inputs.smtpprobe]]
  startup_error_behavior = "probe"
  servers = [%q, %q]
`, closed, closed, urlOf(healthy))))
	require.Equal(t, statusOK, got.status, got.stderr)
	require.Equal(t, 3, strings.Count(got.stdout, "\n"), got.stdout)
	require.Contains(t, got.stdout, "smtpprobe_gather,instance=2 ")
	require.Contains(t, got.stdout, "relay="+urlOf(healthy)+",")
	require.Contains(t, got.stdout, "relay="+closed+",")
	require.Equal(t, 1, strings.Count(got.stderr, "skipped"), got.stderr)
	require.Contains(t, got.stderr, "inputs.smtpprobe::dead")
	require.Contains(t, got.stderr, "smtp: connect: connection refused")
}
