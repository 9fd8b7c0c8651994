package smtpprobe

import (
	"crypto/x509"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/state"
)

// BenchmarkUpdate measures the work of each probe for the state.
func BenchmarkUpdate(b *testing.B) {
	s := withEngine(b, many(1), nil)
	target := s.parsedRelays[0].ownState()
	store := state.New(state.Options{})
	g := &gather{p: s.SMTPProbe, store: store}
	o := observe(withTLS(&x509.Certificate{Raw: make([]byte, 1000)}))
	o.Start = time.Now()
	b.ReportAllocs()
	for b.Loop() {
		o.Start = o.Start.Add(time.Minute)
		target.update(o)
		g.save(target)
	}
}

// BenchmarkFlush measures writing the state after a gather of 10,000 relays.
func BenchmarkFlush(b *testing.B) {
	s := withEngine(b, many(10_000), nil)
	store, err := state.Open(b.Context(), filepath.Join(b.TempDir(), "state"), state.Options{})
	require.NoError(b, err)
	g := &gather{p: s.SMTPProbe, store: store}
	o := observe(withTLS(&x509.Certificate{Raw: make([]byte, 1000)}))
	o.Start = time.Now()
	for b.Loop() {
		b.StopTimer()
		for _, r := range s.parsedRelays {
			r.ownState().update(o)
			g.save(r.ownState())
		}
		b.StartTimer()
		require.NoError(b, store.Flush())
	}
	require.NoError(b, store.Close(b.Context()))
}
