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

// transport is how a case's session is protected.
type transport string

const (
	plain         transport = "plain"
	starttls      transport = "STARTTLS"
	implicit      transport = "implicit TLS"
	opportunistic transport = "opportunistic TLS" // the certificate does not verify
)

var modes = map[transport]smtpprobe.TLSMode{
	plain: smtpprobe.TLSNever, starttls: smtpprobe.TLSRequired, implicit: smtpprobe.TLSImplicit, opportunistic: smtpprobe.TLSOpportunistic,
}

// probeTimeout is generous: no test waits for it that does not say so.
const probeTimeout = 20 * time.Second

// probing is a probe as a test changes it.
type probing struct {
	smtpprobe.Prober
	smtpprobe.Target
	smtpprobe.Plan
}

func (p *probing) probe(ctx context.Context) *smtpprobe.Result {
	return p.Prober.Probe(ctx, p.Target, p.Plan)
}

// converse runs one probe against a scripted relay and returns what both saw.
func converse(t *testing.T, tr transport, script smtptest.Script, change func(*probing)) (*smtpprobe.Result, smtptest.Session) {
	t.Helper()
	if tr != plain {
		script.TLS = serverTLS()
	}
	script.ImplicitTLS = tr == implicit
	srv := smtptest.Start(t, script)
	p := prober(srv, tr)
	if change != nil {
		change(p)
	}
	r := p.probe(context.Background())
	return r, srv.Session(t)
}

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

// failure is the detail of a result's error, nil if it has none.
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

// began reports whether a command with this beginning was sent.
func began(s smtptest.Session, prefix string) bool {
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

// timeOf is a phase's latency, nil if it did not complete.
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

// loopback is a good leaf for the scripted relays.
func loopback() certs.Leaf { return certs.For("127.0.0.1") }
