package smtpprobe_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

func TestWhatCannotBeProbedBothersNobody(t *testing.T) {
	t.Parallel()
	srv := smtptest.Start(t, smtptest.Script{})
	for _, tt := range []struct {
		name   string
		change func(*smtpprobe.Target, *smtpprobe.Plan)
		reason smtperr.Reason
	}{
		{"no depth", func(_ *smtpprobe.Target, p *smtpprobe.Plan) { p.Depth = "" }, ""},
		{"an unknown depth", func(_ *smtpprobe.Target, p *smtpprobe.Plan) { p.Depth = "quit" }, ""},
		{"no timeout", func(_ *smtpprobe.Target, p *smtpprobe.Plan) { p.Timeout = 0 }, ""},
		{"an unknown TLS mode", func(target *smtpprobe.Target, _ *smtpprobe.Plan) { target.TLS = "always" }, ""},
		{"no port", func(target *smtpprobe.Target, _ *smtpprobe.Plan) { target.Port = 0 }, smtperr.ReasonInvalidPort},
		{"a line end in the sender", func(_ *smtpprobe.Target, p *smtpprobe.Plan) { p.From = "a@b>\r\nQUIT" }, smtperr.ReasonInvalidAddress},
		{"a line end in a recipient", func(_ *smtpprobe.Target, p *smtpprobe.Plan) { p.To = []string{alice, "a\r\nb@c"} }, smtperr.ReasonInvalidAddress},
		{"no recipient", func(_ *smtpprobe.Target, p *smtpprobe.Plan) { p.To = nil }, smtperr.ReasonInvalidAddress},
		{"a line end in EHLO's argument", func(_ *smtpprobe.Target, p *smtpprobe.Plan) { p.Helo = "a\r\nQUIT" }, smtperr.ReasonInvalidAddress},
	} {
		p := prober(srv, plain)
		rcpt(alice)(&p.Plan)
		tt.change(&p.Target, &p.Plan)
		r := p.Probe(context.Background())
		require.NotNil(t, r.Err, tt.name)
		require.Equal(t, smtperr.ClassConfigError, r.Err.Class, tt.name)
		require.Equal(t, tt.reason, r.Err.Reason, tt.name)
		require.Equal(t, smtperr.PhaseConfig, r.Err.Phase, tt.name)
		require.Len(t, r.Phases, 1, tt.name)
		require.False(t, r.Expected, tt.name)
	}
	require.Empty(t, srv.Sessions())
}
