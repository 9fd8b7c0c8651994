package main

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest"
)

// freePort returns a loopback address on which nothing listens.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return l.Addr().String()
}

// sending returns the arguments of a check that sends a message.
func sending(more ...string) []string {
	return append([]string{"check", "--probe", "send", "--from", "a@example.com", "--to", "b@example.org", "--helo", "probe.example.com"}, more...)
}

func TestCheck_Follow(t *testing.T) {
	address := "lmtp://" + freePort(t)
	got := program(sending("--follow", "20s", "--mailbox", address, address)...)
	require.Equal(t, statusOK, got.status, got.stdout+got.stderr)
	require.Contains(t, got.stdout, ": the relay accepted a message\n")
	require.Contains(t, got.stdout, "path of the message\n")
	require.Regexp(t, `\nARRIVED  after \d\.\d s in "lmtp://127\.0\.0\.1:\d+" \(inbox\)\n`, got.stdout)
}

func TestCheck_Follow_JSON(t *testing.T) {
	address := "lmtp://" + freePort(t)
	got := program(sending("--json", "--follow", "20s", "--mailbox", address, address)...)
	require.Equal(t, statusOK, got.status, got.stdout+got.stderr)
	var outcomes []struct {
		Arrival struct {
			State, Folder string
			Delay         float64
			Hops          []struct{ By string }
		}
	}
	require.NoError(t, json.Unmarshal([]byte(got.stdout), &outcomes))
	require.Len(t, outcomes, 1)
	require.Equal(t, "arrived", outcomes[0].Arrival.State)
	require.Equal(t, "inbox", outcomes[0].Arrival.Folder)
	require.Len(t, outcomes[0].Arrival.Hops, 1)
}

func TestCheck_Follow_Config(t *testing.T) {
	address := freePort(t)
	file := filepath.Join(t.TempDir(), "smtpprobe.conf")
	require.NoError(t, os.WriteFile(file, []byte(fmt.Sprintf(`
		[[inputs.smtpprobe]]
		servers = ["lmtp://%s"]
		probe = "send"
		from = "a@example.com"
		to = ["b@example.org"]
		flow_key = "0123456789abcdef"
		[[inputs.smtpprobe.mailbox]]
		name = "sink"
		url = "lmtp://%s"`, address, address)), 0o600))
	got := program("check", "--config", file, "--follow", "20s")
	require.Equal(t, statusOK, got.status, got.stdout+got.stderr)
	require.Contains(t, got.stdout, `in "sink" (inbox)`)
}

func TestCheck_Follow_NotArrived(t *testing.T) {
	srv := smtptest.Start(t, smtptest.Script{})
	dir := t.TempDir()
	for _, sub := range []string{"new", "cur"} {
		require.NoError(t, os.Mkdir(filepath.Join(dir, sub), 0o700))
	}
	got := program(sending("--follow", "100ms", "--mailbox", "maildir://"+dir, urlOf(srv))...)
	require.Equal(t, statusFailed, got.status, got.stdout+got.stderr)
	require.Contains(t, got.stdout, "\nNOT ARRIVED  within ")

	got = program(sending("--follow", "100ms", "--mailbox", "maildir:///nowhere", urlOf(srv))...)
	require.Equal(t, statusFailed, got.status, got.stdout+got.stderr)
	require.Contains(t, got.stdout, "\nNOT KNOWN  mailbox ")
}

func TestCheck_Follow_NotSent(t *testing.T) {
	srv := smtptest.Start(t, smtptest.Script{Dot: smtptest.Say("550 5.7.1 no")})
	got := program(sending("--follow", "1m", "--mailbox", "maildir:///nowhere", urlOf(srv))...)
	require.Equal(t, statusFailed, got.status, got.stdout+got.stderr)
	require.Contains(t, got.stdout, ": data_refused/content_rejected: ")
	require.NotContains(t, got.stdout, "ARRIVED")
}

func TestCheck_Follow_Usage(t *testing.T) {
	for _, tt := range []struct {
		name string
		args []string
		want string
	}{
		{name: "no mailbox", args: sending("--follow", "1m", "smtp://127.0.0.1"), want: "--follow needs --mailbox"},
		{name: "no --follow", args: sending("--mailbox", "maildir:///m", "smtp://127.0.0.1"), want: "--mailbox needs --follow"},
		{
			name: "mailbox password not set", args: sending("--follow", "1m", "--mailbox", "imaps://127.0.0.1", "--mailbox-username", "u", "smtp://127.0.0.1"),
			want: "--mailbox-username needs the password in SMTPPROBE_MAILBOX_PASSWORD",
		},
		{name: "probe without a message", args: []string{"check", "--follow", "1m", "--mailbox", "maildir:///m", "smtp://127.0.0.1"}, want: "no relay sends messages"},
		{name: "two relays", args: sending("--follow", "1m", "--mailbox", "maildir:///m", "smtp://127.0.0.1", "smtp://127.0.0.2"), want: "one relay"},
		{name: "unsupported mailbox", args: sending("--follow", "1m", "--mailbox", "pop3://m", "smtp://127.0.0.1"), want: `invalid url "pop3://m"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := program(tt.args...)
			require.Equal(t, statusUsage, got.status, got.stdout)
			require.Contains(t, got.stderr, tt.want)
		})
	}
}
