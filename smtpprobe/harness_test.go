package smtpprobe_test

import (
	"context"
	"crypto/tls"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest/certs"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// transport is how the session of a test is encrypted.
type transport string

const (
	plain         transport = "plain"
	starttls      transport = "STARTTLS"
	implicit      transport = "implicit TLS"
	opportunistic transport = "opportunistic TLS" // with a certificate that does not verify
)

var modes = map[transport]smtpprobe.TLSMode{
	plain: smtpprobe.TLSNever, starttls: smtpprobe.TLSRequired, implicit: smtpprobe.TLSImplicit, opportunistic: smtpprobe.TLSOpportunistic,
}

// probeTimeout is not reached by any test that does not set its own.
const probeTimeout = 20 * time.Second

// probing is a probe that a test may change.
type probing struct {
	smtpprobe.Prober
	smtpprobe.Target
	smtpprobe.Plan
}

func (p *probing) probe(ctx context.Context) *smtpprobe.Result {
	return p.Prober.Probe(ctx, p.Target, p.Plan)
}

// startRelay starts a scripted relay for a transport.
func startRelay(t *testing.T, tr transport, script smtptest.Script) *smtptest.Server {
	t.Helper()
	if tr != plain {
		script.TLS = serverTLS()
	}
	script.ImplicitTLS = tr == implicit
	return smtptest.Start(t, script)
}

// converse runs one probe with a scripted relay and returns the result and the
// session as the relay recorded it.
func converse(t *testing.T, tr transport, script smtptest.Script, change func(*probing)) (*smtpprobe.Result, smtptest.Session) {
	t.Helper()
	srv := startRelay(t, tr, script)
	p := prober(srv, tr)
	if change != nil {
		change(p)
	}
	r := p.probe(context.Background())
	return r, srv.Session(t)
}

// prober returns a DepthEHLO probe of a relay.
func prober(srv *smtptest.Server, tr transport) *probing {
	p := &probing{
		Prober: smtpprobe.Prober{Helo: "probe.test", Timeout: probeTimeout},
		Target: smtpprobe.Target{Host: srv.Host(), Port: srv.Port(), TLS: modes[tr]},
		Plan:   smtpprobe.Plan{Depth: smtpprobe.DepthEHLO, From: "probe@example.org", Transcript: smtpprobe.TranscriptAlways},
	}
	if tr != opportunistic {
		p.Prober.TLS = &tls.Config{RootCAs: authority().Pool(), MinVersion: tls.VersionTLS12}
	}
	return p
}

// failure returns the error of a result, nil if there is none.
func failure(r *smtpprobe.Result) *smtperr.Error { return detail(r.Err) }

func detail(err error) *smtperr.Error {
	e, _ := errors.AsType[*smtperr.Error](err)
	return e
}

func classified(t *testing.T, err error) *smtperr.Error {
	t.Helper()
	e, ok := errors.AsType[*smtperr.Error](err)
	require.True(t, ok, "%v", err)
	return e
}

// wasSent reports whether a command with this prefix was sent.
func wasSent(s smtptest.Session, prefix string) bool {
	for _, command := range s.Commands() {
		if strings.HasPrefix(command, prefix) {
			return true
		}
	}
	return false
}

func phaseOf(t *testing.T, r *smtpprobe.Result, phase smtperr.Phase) smtpprobe.PhaseResult {
	t.Helper()
	for _, p := range r.Phases {
		if p.Phase == phase {
			return p
		}
	}
	require.Failf(t, "phase not reached", "%s in %v", phase, r.Phases)
	return smtpprobe.PhaseResult{}
}

// timeOf returns the time of a phase, nil if it is incomplete.
func timeOf(r *smtpprobe.Result, phase smtperr.Phase) *time.Duration {
	for _, p := range r.Phases {
		if p.Phase == phase && p.Complete {
			return &p.Duration
		}
	}
	return nil
}

type fixedToken string

func (f fixedToken) Token(context.Context) (string, error) { return string(f), nil }

var authority = sync.OnceValue(func() *certs.Authority { return certs.NewAuthority("Test CA") })

var serverTLS = sync.OnceValue(func() *tls.Config { return certs.Server(authority().Issue(loopback())) })

// loopback returns a valid leaf certificate for the scripted relays.
func loopback() certs.Leaf { return certs.For("127.0.0.1") }
