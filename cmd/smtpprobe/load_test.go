package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestExecd_WrongConfig(t *testing.T) {
	t.Parallel()
	const server = `  servers = ["smtp://127.0.0.1"]` + "\n"
	for name, test := range map[string]struct{ content, names string }{
		"unknown key":                {content: "[[inputs.smtpprobe]]\n" + server + "  timeuot = \"1s\"\n", names: "timeuot"},
		"wrong type":                 {content: "[[inputs.smtpprobe]]\n" + server + "  max_concurrent = \"many\"\n", names: "max_concurrent"},
		"value out of range":         {content: "[[inputs.smtpprobe]]\n" + server + "  timeout = \"-1s\"\n", names: "timeout"},
		"proxy":                      {content: "[[inputs.smtpprobe]]\n" + server + "  proxy_url = \"socks5://p\"\n", names: "socks5://host:port or http://host:port, with user:password@ in front"},
		"unknown scheme":             {content: "[[inputs.smtpprobe]]\n  servers = [\"ftp://127.0.0.1\"]\n", names: "ftp"},
		"no relay":                   {content: "[[inputs.smtpprobe]]\n", names: "servers"},
		"timeout above the interval": {content: "[[inputs.smtpprobe]]\n" + server + "  interval = \"5s\"\n", names: "timeout"},
		"other input":                {content: "[[inputs.execd]]\n  command = [\"x\"]\n", names: "execd: this file is for [[inputs.smtpprobe]]"},
		"output":                     {content: "[[inputs.smtpprobe]]\n" + server + "[[outputs.file]]\n", names: "file: this file is for"},
		"processor":                  {content: "[[inputs.smtpprobe]]\n" + server + "[[processors.rename]]\n", names: "rename: this file is for"},
		"agent settings":             {content: "[agent]\n  interval = \"1s\"\n[[inputs.smtpprobe]]\n" + server, names: "[agent]"},
		"collection_jitter":          {content: "[[inputs.smtpprobe]]\n" + server + "  collection_jitter = \"1s\"\n", names: "collection_jitter"},
		"collection_offset":          {content: "[[inputs.smtpprobe]]\n" + server + "  collection_offset = \"1s\"\n", names: "collection_offset"},
		"precision":                  {content: "[[inputs.smtpprobe]]\n" + server + "  precision = \"-1s\"\n", names: "precision"},
		"negative interval":          {content: "[[inputs.smtpprobe]]\n" + server + "  interval = \"-1s\"\n", names: "interval"},
		"log_level":                  {content: "[[inputs.smtpprobe]]\n" + server + "  log_level = \"loud\"\n", names: "log_level"},
		"startup_error_behavior":     {content: "[[inputs.smtpprobe]]\n" + server + "  startup_error_behavior = \"hope\"\n", names: "startup_error_behavior"},
		"unknown secret store":       {content: "[[inputs.smtpprobe]]\n" + server + "  password = \"@{vault:mail}\"\n", names: "vault"},
		"empty file":                 {content: "# empty\n", names: "[[inputs.smtpprobe]]"},
		"not TOML":                   {content: "[[inputs.smtpprobe]\n", names: "line 1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := process(t, nil, "--config", configFile(t, test.content))
			require.Equal(t, statusFailed, got.status)
			require.Empty(t, got.stdout)
			require.Regexp(t, `^E! .*\n$`, got.stderr)
			require.Equal(t, 1, strings.Count(got.stderr, "\n"), got.stderr)
			require.Contains(t, got.stderr, test.names)
		})
	}
}

func TestExecd_PollFasterThanTimeout(t *testing.T) {
	path := configFile(t, "[[inputs.smtpprobe]]\n  servers = [\"smtp://127.0.0.1\"]\n")
	got := program("--config", path, "--poll_interval", "9s")
	require.Zero(t, got.status)
	require.Regexp(t, `^W! .*timeout "9s": must be below the interval "9s"\n$`, got.stderr)
}

func TestCommandLine_WrongUsage(t *testing.T) {
	for name, test := range map[string]struct {
		args  []string
		names string
	}{
		"no arguments":                   {names: "--config"},
		"unknown flag":                   {args: []string{"--confg", "x"}, names: "confg"},
		"unknown command":                {args: []string{"prob"}, names: "prob"},
		"negative poll_interval":         {args: []string{"--config", "x", "--poll_interval", "-1s"}, names: "poll_interval"},
		"once and polling":               {args: []string{"--config", "x", "--once", "--poll_interval", "1s"}, names: "--once"},
		"relays with arguments":          {args: []string{"relays", "all"}, names: "all"},
		"relays above port 65535":        {args: []string{"relays", "--base", "65530"}, names: "65530"},
		"relays with a negative time":    {args: []string{"relays", "--for", "-1s"}, names: "--for"},
		"classes in two formats":         {args: []string{"classes", "--json", "--markdown"}, names: "--json"},
		"sample-config with an argument": {args: []string{"sample-config", "me"}, names: "me"},
		"version with an argument":       {args: []string{"version", "me"}, names: "me"},
	} {
		t.Run(name, func(t *testing.T) {
			got := program(test.args...)
			require.Equal(t, statusUsage, got.status)
			require.Empty(t, got.stdout)
			require.Regexp(t, `^smtpprobe: .*\n$`, got.stderr)
			require.Contains(t, got.stderr, test.names)
		})
	}
}

func TestCommandLine_Errors(t *testing.T) {
	for _, tt := range []struct {
		args []string
		want string
	}{
		{args: []string{"chek", "--json", "x"}, want: `unknown command "chek"; did you mean check?; see smtpprobe --help`},
		{args: []string{"xyz"}, want: `unknown command "xyz"; see smtpprobe --help`},
		{args: []string{"smtp://u:hunter2@h"}, want: "a URL is not a command: smtpprobe check URL"},
		{args: []string{"completion", "tcsh"}, want: `unknown shell "tcsh": must be bash, zsh, fish or pwsh`},
		{args: []string{"completion"}, want: "completion needs a shell: bash, zsh, fish or pwsh"},
		{args: []string{"relays", "smtp://u:hunter2@h"}, want: `unexpected argument "smtp://xxxxx@h"`},
		{args: []string{"check", "--tiemout", "1s", "x"}, want: "unknown flag --tiemout; did you mean --timeout?; see smtpprobe check --help"},
		{args: []string{"check", "--password", "hunter2", "x"}, want: "unknown flag --password; did you mean --password-file?; see smtpprobe check --help"},
		{args: []string{"check", "-5", "x"}, want: "unknown flag -5; see smtpprobe check --help"},
		{args: []string{"check", "-x", "x"}, want: "unknown flag -x; see smtpprobe check --help"},
		{args: []string{"check", "x", "--timeout", "5"}, want: `--timeout: invalid duration "5": use 5s`},
		{args: []string{"check", "x", "-timeout", "long"}, want: `--timeout: invalid duration "long": use a number with a unit, such as 500ms or 5s`},
		{args: []string{"check", "x", "--timeout"}, want: "--timeout needs a value"},
		{args: []string{"check", "x", "--cert-warning", "soon"}, want: `--cert-warning: invalid value "soon"`},
		{args: []string{"check", "x", "--tls-cert", "cert.pem"}, want: `--tls-cert "cert.pem" needs --tls-key`},
	} {
		got := program(tt.args...)
		require.Equal(t, statusUsage, got.status)
		require.Equal(t, "smtpprobe: "+tt.want+"\n", got.stderr)
	}
}

func TestCommandLine_ShimFlags(t *testing.T) {
	for _, args := range [][]string{{"-once", "-config"}, {"--once", "--config"}, {"-once", "-poll_interval", "1s", "-poll_interval_disabled", "-config"}} {
		got := program(append(args, configFile(t, "[[inputs.smtpprobe]]\n  servers = [\"smtp://127.0.0.1:1\"]\n"))...)
		require.Equal(t, statusOK, got.status, got.stderr)
		require.Contains(t, got.stdout, "error_class=connect_error")
	}
}

func TestCompletion(t *testing.T) {
	for _, shell := range []string{"bash", "zsh", "fish", "pwsh"} {
		got := program("completion", shell)
		require.Equal(t, statusOK, got.status, got.stderr)
		require.NotEmpty(t, got.stdout)
	}
	require.Contains(t, process(t, nil, "--generate-shell-completion").stdout, "check") // completion reads os.Args
	require.Contains(t, program("check", "--tls", "--generate-shell-completion").stdout, "--tls-ca")
}

func TestExecd_MissingFile(t *testing.T) {
	got := program("--config", "/nonexistent/smtpprobe.conf")
	require.Equal(t, statusFailed, got.status)
	require.Contains(t, got.stderr, "/nonexistent/smtpprobe.conf")
}
