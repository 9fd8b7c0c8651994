package smtpprobe_test

import (
	"crypto/tls"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest"
)

func TestTLS_FullHandshake(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		cache   tls.ClientSessionCache
		resumed bool
	}{
		{"default", nil, false},
		{"session cache", tls.NewLRUClientSessionCache(1), true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			config := serverTLS().Clone()
			config.SetSessionTicketKeys([][32]byte{{}}) // shared by the connections
			srv := smtptest.Start(t, smtptest.Script{TLS: config})
			p := prober(srv, starttls)
			p.Prober.TLS.ServerName = "127.0.0.1" // the key of the cache
			p.Prober.TLS.ClientSessionCache = tt.cache
			require.NoError(t, p.probe(t.Context()).Err)
			require.NoError(t, p.probe(t.Context()).Err)
			require.Equal(t, tt.resumed, srv.Wait(t, 2)[1].TLS.DidResume)
		})
	}
}
