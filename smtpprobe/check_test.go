package smtpprobe_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

func TestProbe_InvalidPlan(t *testing.T) {
	t.Parallel()
	srv := smtptest.Start(t, smtptest.Script{})
	for _, tt := range []struct {
		name   string
		change func(*probing)
		reason smtperr.Reason
	}{
		{"unknown depth", func(p *probing) { p.Depth = "quit" }, ""},
		{"unknown IP version", func(p *probing) { p.IPVersion = "ipv5" }, ""},
		{"unknown TLS mode", func(p *probing) { p.Target.TLS = "always" }, ""},
		{"no port", func(p *probing) { p.Port = 0 }, smtperr.ReasonInvalidPort},
		{"line end in the sender", func(p *probing) { p.From = "a@b>\r\nQUIT" }, smtperr.ReasonInvalidAddress},
		{"line end in a recipient", func(p *probing) { p.To = []string{alice, "a\r\nb@c"} }, smtperr.ReasonInvalidAddress},
		{"no recipient", func(p *probing) { p.To = nil }, smtperr.ReasonInvalidAddress},
		{"line end in the argument of EHLO", func(p *probing) { p.Helo = "a\r\nQUIT" }, smtperr.ReasonInvalidAddress},
	} {
		p := prober(srv, plain)
		rcpt(alice)(p)
		tt.change(p)
		r := p.probe(context.Background())
		require.Error(t, r.Err, tt.name)
		require.Equal(t, smtperr.ClassConfigError, failure(r).Class, tt.name)
		require.Equal(t, tt.reason, failure(r).Reason, tt.name)
		require.Equal(t, smtperr.PhaseConfig, failure(r).Phase, tt.name)
		require.Len(t, r.Phases, 1, tt.name)
		require.False(t, r.Expected, tt.name)
	}
	require.Empty(t, srv.Sessions())
}
