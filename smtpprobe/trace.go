package smtpprobe

import (
	"context"
	"net"
	"net/netip"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// Trace is a set of hooks that a probe calls, in its own goroutine. Any hook may
// be nil. Secrets are masked in their arguments.
type Trace struct {
	// PhaseStart is called when the clock of a phase starts. A phase of several
	// commands, such as rcpt, starts several times.
	PhaseStart func(phase smtperr.Phase)
	// PhaseDone is called when the clock of a phase stops, with the result so far.
	// The Duration is the sum over all commands of the phase.
	PhaseDone func(phase PhaseResult)
	// Resolved is called with the addresses of the host, in the order in which
	// they are tried.
	Resolved func(addrs []netip.Addr)
	// Connected is called when a connection is established.
	Connected func(local, remote net.Addr)
	// Command is called with each command before it is sent.
	Command func(phase smtperr.Phase, line string)
	// Reply is called with each complete reply.
	Reply func(phase smtperr.Phase, reply smtperr.Reply)
	// TLS is called when a handshake has finished.
	TLS func(state TLSState)
}

type traceKey struct{}

// WithTrace returns a context with which probes call the hooks.
func WithTrace(ctx context.Context, t *Trace) context.Context {
	return context.WithValue(ctx, traceKey{}, t)
}

// traceOf returns the hooks of a context. No hook of the result is nil, except
// Reply, whose argument is expensive.
func traceOf(ctx context.Context) Trace {
	var t Trace
	if hooks, ok := ctx.Value(traceKey{}).(*Trace); ok && hooks != nil {
		t = *hooks
	}
	if t.PhaseStart == nil {
		t.PhaseStart = func(smtperr.Phase) {}
	}
	if t.PhaseDone == nil {
		t.PhaseDone = func(PhaseResult) {}
	}
	if t.Resolved == nil {
		t.Resolved = func([]netip.Addr) {}
	}
	if t.Connected == nil {
		t.Connected = func(net.Addr, net.Addr) {}
	}
	if t.Command == nil {
		t.Command = func(smtperr.Phase, string) {}
	}
	if t.TLS == nil {
		t.TLS = func(TLSState) {}
	}
	return t
}
