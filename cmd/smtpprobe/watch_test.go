package main

import (
	"encoding/json"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/console"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest"
)

func TestCheck_Quiet(t *testing.T) {
	healthy, busy := smtptest.Start(t, smtptest.Script{}), smtptest.Start(t, smtptest.Script{Greeting: smtptest.Say("421 4.3.2 busy")})
	for _, tt := range []struct {
		name   string
		args   []string
		status int
	}{
		{name: "success", args: []string{"-q", urlOf(healthy)}, status: statusOK},
		{name: "failure", args: []string{"--quiet", urlOf(healthy), urlOf(busy)}, status: statusFailed},
		{name: "success with --nagios", args: []string{"-q", "--nagios", urlOf(healthy)}, status: 0},
		{name: "warning with --nagios", args: []string{"-q", "--nagios", urlOf(busy)}, status: 1},
		{name: "critical with --nagios", args: []string{"-q", "--nagios", "--critical", "1ns", urlOf(healthy)}, status: 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			require.Equal(t, result{status: tt.status}, program(append([]string{"check"}, tt.args...)...))
		})
	}
}

func TestCheck_IPVersion(t *testing.T) {
	srv := smtptest.Start(t, smtptest.Script{})
	for _, arg := range []string{"-4", "--ipv4"} {
		require.Equal(t, statusOK, program("check", arg, urlOf(srv)).status)
		require.Equal(t, statusOK, program("check", urlOf(srv), arg).status)
	}
	for _, arg := range []string{"-6", "--ipv6"} {
		got := program("check", arg, urlOf(srv))
		require.Equal(t, statusUsage, got.status, got.stdout)
		require.Contains(t, got.stderr, `host "127.0.0.1" contradicts --ip-version "ipv6"`)
	}
	for _, args := range [][]string{{"-4", "-6"}, {"-4", "--ip-version", "any"}, {"-6", "--ip-version", "any"}} {
		got := program(append([]string{"check", urlOf(srv)}, args...)...)
		require.Equal(t, statusUsage, got.status)
		require.Contains(t, got.stderr, "exclude each other")
	}
}

func TestExpandIPFlags(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name       string
		args, want []string
	}{
		{name: "no arguments", args: []string{"smtpprobe"}, want: []string{"smtpprobe"}},
		{name: "both flags", args: []string{"smtpprobe", "check", "-4", "h", "-6"}, want: []string{"smtpprobe", "check", "--ipv4", "h", "--ipv6"}},
		{name: "after --", args: []string{"smtpprobe", "check", "--", "-4"}, want: []string{"smtpprobe", "check", "--", "-4"}},
		{name: "another command", args: []string{"smtpprobe", "relays", "-4"}, want: []string{"smtpprobe", "relays", "-4"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tt.want, expandIPFlags(tt.args))
		})
	}
}

func TestCheck_Watch_Usage(t *testing.T) {
	send := []string{"--probe", "send", "--to", "a@example.org", "smtp://127.0.0.1:1"}
	for _, tt := range []struct {
		name string
		args []string
		want string
	}{
		{name: "too often", args: []string{"--watch=10ms", "smtp://127.0.0.1:1"}, want: "--watch: interval 10ms: must be at least 1s"},
		{name: "zero", args: []string{"--watch=0s", "smtp://127.0.0.1:1"}, want: "--watch: interval 0s: must be at least 1s"},
		{name: "messages too often", args: append([]string{"--watch"}, send...), want: "--watch: interval 10s: must be at least 1m0s, since each probe of depth send sends a message"},
		{name: "no duration", args: []string{"--watch=often", "smtp://127.0.0.1:1"}, want: `--watch: invalid duration "often"`},
		{name: "interval as an argument", args: []string{"--watch", "5s", "smtp://127.0.0.1:1"}, want: "--watch 5s needs an equals sign: --watch=5s"},
		{name: "with --quiet", args: []string{"--watch", "-q", "smtp://127.0.0.1:1"}, want: "--watch and --quiet exclude each other"},
		{name: "with --follow", args: append([]string{"--watch", "--follow=1m"}, send...), want: "--watch and --follow exclude each other"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := program(append([]string{"check"}, tt.args...)...)
			require.Equal(t, statusUsage, got.status, got.stdout)
			require.Empty(t, got.stdout)
			require.Contains(t, got.stderr, tt.want)
		})
	}
}

func TestCheck_Watch_JSON(t *testing.T) {
	busy := smtptest.Start(t, smtptest.Script{Greeting: smtptest.Say("421 4.3.2 busy")})
	r, w := io.Pipe()
	status := make(chan int, 1)
	go func() {
		status <- run([]string{"smtpprobe", "check", "--json", "--watch=1s", urlOf(busy)}, console.Streams{In: strings.NewReader(""), Out: w, Err: io.Discard})
	}()
	lines := json.NewDecoder(r)
	for range 2 {
		var outcome struct {
			Schema int
			Relay  string
			Class  string `json:"error_class"`
		}
		require.NoError(t, lines.Decode(&outcome))
		require.Equal(t, 1, outcome.Schema)
		require.Equal(t, urlOf(busy), outcome.Relay)
		require.Equal(t, "service_unavailable", outcome.Class)
	}
	require.NoError(t, r.Close(), "ends the watch")
	require.Equal(t, statusFailed, <-status)
	require.GreaterOrEqual(t, len(busy.Sessions()), 2)
}
