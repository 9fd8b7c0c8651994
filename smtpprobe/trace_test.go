package smtpprobe_test

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

func TestTrace_Hooks(t *testing.T) {
	t.Parallel()
	srv := smtptest.Start(t, smtptest.Script{TLS: serverTLS(), ImplicitTLS: true})
	p := prober(srv, implicit)
	p.Host, p.Prober.TLS.ServerName = "relay.test", "127.0.0.1"
	p.Resolver = resolverFunc(func(context.Context, string, string) ([]netip.Addr, error) {
		return []netip.Addr{netip.MustParseAddr("127.0.0.1")}, nil
	})
	var calls []string
	ctx := smtpprobe.WithTrace(t.Context(), &smtpprobe.Trace{
		PhaseStart: func(phase smtperr.Phase) { calls = append(calls, "start "+string(phase)) },
		PhaseDone:  func(phase smtpprobe.PhaseResult) { calls = append(calls, "done "+string(phase.Phase)) },
		Resolved:   func(addrs []netip.Addr) { calls = append(calls, fmt.Sprint(addrs)) },
		Connected:  func(_, remote net.Addr) { calls = append(calls, "to "+remote.String()) },
		TLS:        func(state smtpprobe.TLSState) { calls = append(calls, state.Version) },
	})
	require.NoError(t, p.probe(ctx).Err)
	require.Equal(t, []string{
		"start dns", "done dns", "[127.0.0.1]", "start connect", "to " + srv.Addr().String(), "done connect",
		"start tls", "TLS 1.3", "done tls", "start greeting", "done greeting", "start ehlo", "done ehlo", "start quit", "done quit",
	}, calls)
}
