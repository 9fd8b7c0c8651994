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
		"unknown key":                {"[[inputs.smtpprobe]]\n" + server + "  timeuot = \"1s\"\n", "timeuot"},
		"wrong type":                 {"[[inputs.smtpprobe]]\n" + server + "  max_concurrent = \"many\"\n", "max_concurrent"},
		"value out of range":         {"[[inputs.smtpprobe]]\n" + server + "  timeout = \"-1s\"\n", "timeout"},
		"unknown scheme":             {"[[inputs.smtpprobe]]\n  servers = [\"ftp://127.0.0.1\"]\n", "ftp"},
		"no relay":                   {"[[inputs.smtpprobe]]\n", "servers"},
		"timeout above the interval": {"[[inputs.smtpprobe]]\n" + server + "  interval = \"5s\"\n", "timeout"},
		"another input":              {"[[inputs.execd]]\n  command = [\"x\"]\n", "execd: this file is for [[inputs.smtpprobe]]"},
		"an output":                  {"[[inputs.smtpprobe]]\n" + server + "[[outputs.file]]\n", "file: this file is for"},
		"a processor":                {"[[inputs.smtpprobe]]\n" + server + "[[processors.rename]]\n", "rename: this file is for"},
		"agent settings":             {"[agent]\n  interval = \"1s\"\n[[inputs.smtpprobe]]\n" + server, "[agent]"},
		"collection_jitter":          {"[[inputs.smtpprobe]]\n" + server + "  collection_jitter = \"1s\"\n", "collection_jitter"},
		"collection_offset":          {"[[inputs.smtpprobe]]\n" + server + "  collection_offset = \"1s\"\n", "collection_offset"},
		"precision":                  {"[[inputs.smtpprobe]]\n" + server + "  precision = \"-1s\"\n", "precision"},
		"negative interval":          {"[[inputs.smtpprobe]]\n" + server + "  interval = \"-1s\"\n", "interval"},
		"log_level":                  {"[[inputs.smtpprobe]]\n" + server + "  log_level = \"loud\"\n", "log_level"},
		"startup_error_behavior":     {"[[inputs.smtpprobe]]\n" + server + "  startup_error_behavior = \"hope\"\n", "startup_error_behavior"},
		"unknown secret store":       {"[[inputs.smtpprobe]]\n" + server + "  password = \"@{vault:mail}\"\n", "vault"},
		"nothing":                    {"# empty\n", "[[inputs.smtpprobe]]"},
		"no TOML":                    {"[[inputs.smtpprobe]\n", "line 1"},
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
	require.Equal(t, statusFailed, got.status)
	require.Contains(t, got.stderr, "timeout")
}

func TestCommandLine_WrongUsage(t *testing.T) {
	for name, test := range map[string]struct {
		args  []string
		names string
	}{
		"nothing":                {nil, "--config"},
		"unknown flag":           {[]string{"--confg", "x"}, "confg"},
		"unknown command":        {[]string{"prob"}, "prob"},
		"negative poll_interval": {[]string{"--config", "x", "--poll_interval", "-1s"}, "poll_interval"},
		"once and polling":       {[]string{"--config", "x", "--once", "--poll_interval", "1s"}, "--once"},
		"relays with arguments":  {[]string{"relays", "all"}, "all"},
		"relays beyond ports":    {[]string{"relays", "--base", "65530"}, "65530"},
		"relays for less":        {[]string{"relays", "--for", "-1s"}, "--for"},
		"classes twice":          {[]string{"classes", "--json", "--markdown"}, "--json"},
		"sample-config of":       {[]string{"sample-config", "me"}, "me"},
		"version of":             {[]string{"version", "me"}, "me"},
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

func TestExecd_MissingFile(t *testing.T) {
	got := program("--config", "/nonexistent/smtpprobe.conf")
	require.Equal(t, statusFailed, got.status)
	require.Contains(t, got.stderr, "/nonexistent/smtpprobe.conf")
}
