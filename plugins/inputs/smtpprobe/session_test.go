package smtpprobe

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest/certs"
)

// These tests run sessions with a scripted relay.

func TestSession_Metric(t *testing.T) {
	srv := smtptest.Start(t, smtptest.Script{})
	p := initialized(t, fmt.Sprintf(`
		[[inputs.smtpprobe]]
		servers = ["smtp://%s"]
		helo = "probe.example"`, srv.Addr()))
	acc := newRecord(t)
	require.NoError(t, p.Gather(acc))
	m := acc.only(t, "smtpprobe")
	require.Equal(t, int64(1), m.Fields()["success"], m.Fields())
	require.Equal(t, srv.Addr().String(), m.Fields()["remote_address"])
	require.Equal(t, []string{"EHLO probe.example", "QUIT"}, srv.Session(t).Commands())
}

func TestSession_UnixSocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lmtp")
	srv := smtptest.Start(t, smtptest.Script{LMTP: true}, smtptest.On("unix", path))
	p := initialized(t, fmt.Sprintf(`
		[[inputs.smtpprobe]]
		servers = ["lmtp://%s"]
		helo = "probe.example"
		probe = "send"
		to = ["a@b.example"]
		metrics = ["phase", "recipient"]`, path))
	acc := newRecord(t)
	require.NoError(t, p.Gather(acc))
	m := acc.only(t, "smtpprobe")
	require.Equal(t, int64(1), m.Fields()["message_accepted"], m.Fields())
	require.Equal(t, path, m.Tags()["source"])
	require.NotContains(t, m.Tags(), "port")
	require.Equal(t, int64(1), acc.only(t, "smtpprobe_recipient").Fields()["accepted"])
	require.NotEmpty(t, acc.named("smtpprobe_phase"))

	require.NoError(t, p.Gather(acc))
	require.NotContains(t, srv.Wait(t, 2)[1].Commands(), "DATA", "within send_interval")
}

func TestSTARTTLS_Withdrawn(t *testing.T) {
	withTLS := smtptest.Script{TLS: certs.Server(certs.SelfSigned(certs.For("127.0.0.1")))}
	srv := smtptest.Start(t, smtptest.Sessions(withTLS, smtptest.Script{}))
	p := initialized(t, fmt.Sprintf(`
		[[inputs.smtpprobe]]
		servers = ["smtp://%s"]
		helo = "probe.example"`, srv.Addr()))
	acc := newRecord(t)
	require.NoError(t, p.Gather(acc))
	require.NoError(t, p.Gather(acc))
	metrics := acc.named("smtpprobe")
	require.Equal(t, int64(1), metrics[0].Fields()["success"], "a self-signed certificate is only reported")
	require.Equal(t, int64(0), metrics[0].Fields()["tls_verified"])
	require.Equal(t, "not_supported", metrics[1].Tags()["error_class"])
	require.Equal(t, "starttls_withdrawn", metrics[1].Tags()["reason"])
	require.Equal(t, int64(1), metrics[1].Fields()["capabilities_changed"])
}

func TestStop_SilentRelay(t *testing.T) {
	srv := smtptest.Start(t, smtptest.Script{Greeting: smtptest.Silence()})
	p := initialized(t, fmt.Sprintf(`
		[[inputs.smtpprobe]]
		servers = ["smtp://%s"]
		timeout = "1h"
		helo = "probe.example"`, srv.Addr()))
	acc := newRecord(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- p.GatherContext(ctx, acc) }()
	go p.Stop()
	require.NoError(t, <-ended)
	for _, m := range acc.named("smtpprobe") {
		require.Equal(t, "canceled", m.Tags()["error_class"])
	}
}

// Error texts must not contain the local port, which differs in every session.
func TestSession_StableErrorText(t *testing.T) {
	for name, tt := range map[string]struct {
		script      smtptest.Script
		readTimeout string
	}{
		"reset":  {script: smtptest.Script{EHLO: smtptest.Reset()}, readTimeout: "10s"},
		"closed": {script: smtptest.Script{EHLO: smtptest.Close()}, readTimeout: "10s"},
		"silent": {script: smtptest.Script{EHLO: smtptest.Silence()}, readTimeout: "1s"},
	} {
		t.Run(name, func(t *testing.T) {
			srv := smtptest.Start(t, tt.script)
			p := initialized(t, fmt.Sprintf(`
				[[inputs.smtpprobe]]
				servers = ["smtp://%s"]
				helo = "probe.example"
				read_timeout = %q`, srv.Addr(), tt.readTimeout))
			var texts []any
			for range 2 {
				acc := newRecord(t)
				require.NoError(t, p.Gather(acc))
				texts = append(texts, acc.only(t, "smtpprobe").Fields()["error"])
			}
			require.NotEmpty(t, texts[0])
			require.Equal(t, texts[0], texts[1])
		})
	}
}
