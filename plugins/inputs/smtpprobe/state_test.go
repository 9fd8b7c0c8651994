package smtpprobe

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe"
)

func TestState_Failures(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := withEngine(t, many(1), nil)
		fields := func() map[string]any {
			time.Sleep(10 * time.Second)
			return s.gathered(t).only(t, "smtpprobe").Fields()
		}
		s.probeAs = refusing
		require.NotContains(t, fields(), "seconds_since_success", "no success yet")
		require.Equal(t, int64(2), fields()["consecutive_failures"])
		s.probeAs = working
		f := fields()
		require.Equal(t, int64(0), f["consecutive_failures"])
		require.Equal(t, int64(0), f["seconds_since_success"])
		s.probeAs = refusing
		fields()
		f = fields()
		require.Equal(t, int64(2), f["consecutive_failures"])
		require.Equal(t, int64(20), f["seconds_since_success"])
	})
}

func TestState_Capabilities(t *testing.T) {
	t.Parallel()
	s := withEngine(t, many(1), nil)
	offering := func(plain, secure []string) any {
		s.probeAs = func(p *probeRequest) *smtpprobe.Result {
			r := working(p)
			r.Capabilities = capabilities(plain)
			if secure != nil {
				r.TLS = &smtpprobe.TLSState{Complete: true}
				r.PlainCaps, r.Capabilities = capabilities(plain), capabilities(secure)
			}
			return r
		}
		return s.gathered(t).only(t, "smtpprobe").Fields()["capabilities_changed"]
	}
	require.Equal(t, int64(0), offering([]string{"SIZE"}, nil))
	require.Equal(t, int64(0), offering([]string{"SIZE"}, nil))
	require.Equal(t, int64(1), offering([]string{"SIZE", "STARTTLS"}, []string{"AUTH"}))
	require.Equal(t, int64(0), offering([]string{"SIZE", "STARTTLS"}, []string{"AUTH"}))
	require.Equal(t, int64(1), offering([]string{"SIZE", "STARTTLS"}, []string{"AUTH", "DSN"}))
	require.Equal(t, int64(0), offering([]string{"SIZE", "STARTTLS"}, nil), "capabilities within TLS are unknown")
	require.Equal(t, int64(0), offering([]string{"SIZE", "STARTTLS"}, []string{"AUTH", "DSN"}))
}

func capabilities(names []string) *smtpprobe.Capabilities {
	c := &smtpprobe.Capabilities{Extensions: make(map[string]string)}
	for _, n := range names {
		c.Extensions[n] = ""
	}
	return c
}

func TestState_STARTTLSExpected(t *testing.T) {
	t.Parallel()
	s := withEngine(t, many(1), nil)
	expects := func() bool {
		s.gathered(t)
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.probed[len(s.probed)-1].Plan.STARTTLSExpected
	}
	s.probeAs = func(p *probeRequest) *smtpprobe.Result {
		r := working(p)
		// The handshake failed: these are the capabilities before TLS.
		r.TLS, r.Capabilities = &smtpprobe.TLSState{}, capabilities([]string{"STARTTLS"})
		return r
	}
	require.False(t, expects())
	s.probeAs = working
	require.True(t, expects())
	require.True(t, expects(), "still withdrawn")
}
