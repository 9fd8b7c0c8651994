//go:build e2e

package monitoring

import (
	"crypto/tls"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/e2e"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest/certs"
)

// behavior replaces steps of a healthy relay.
type behavior map[smtptest.Event]smtptest.Step

// The behaviors of the relays.
var (
	healthy      behavior
	refusesLogin = behavior{smtptest.AtAuth: smtptest.Say("535 5.7.8 authentication credentials invalid")}
	// Refuses half of the probes in RCPT and half in MAIL, so that the class varies.
	refusesMail = behavior{
		smtptest.AtRcpt: smtptest.Say("550 5.7.1 not from you"),
		smtptest.AtMail: alternating(smtptest.Healthy(), smtptest.Say("451 4.7.1 not now")),
	}
	refusesAll   = behavior{smtptest.AtRcpt: smtptest.Say("554 5.7.1 relay access denied")}
	disconnects  = behavior{smtptest.AtEHLO: smtptest.Close()}
	disconnectsB = behavior{smtptest.AtEHLO: smtptest.Match(`^EHLO b\.`, smtptest.Close())}
	slow         = behavior{smtptest.AtGreeting: smtptest.Then(smtptest.Pause(slowGreeting), smtptest.Healthy())}
)

const slowGreeting = 400 * time.Millisecond

// alternating returns a step that takes the steps in turn, each for one session
// of both agents.
func alternating(steps ...smtptest.Step) smtptest.Step {
	return func(c *smtptest.Conn) error { return steps[c.SessionNumber()/2%len(steps)](c) }
}

// relay is a relay whose behavior can be changed while it runs.
type relay struct {
	address string
	script  smtptest.Script

	mu       sync.Mutex
	behavior behavior
	server   *smtptest.Server // nil while stopped
}

// startRelay starts a healthy relay with its own address. It stops when the test
// ends.
func startRelay(t *testing.T, port int, script smtptest.Script) *relay {
	t.Helper()
	r := &relay{address: e2e.PlaceFor(t, "relay").At(port), script: script}
	for _, at := range []smtptest.Event{smtptest.AtGreeting, smtptest.AtEHLO, smtptest.AtAuth, smtptest.AtMail, smtptest.AtRcpt} {
		r.script = r.script.With(at, func(c *smtptest.Conn) error { return r.step(at)(c) })
	}
	r.start(t)
	t.Cleanup(r.stop)
	return r
}

func (r *relay) step(at smtptest.Event) smtptest.Step {
	r.mu.Lock()
	defer r.mu.Unlock()
	if step := r.behavior[at]; step != nil {
		return step
	}
	return smtptest.Healthy()
}

// set changes the behavior in the following commands of all sessions.
func (r *relay) set(b behavior) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.behavior = b
}

// start listens on the relay's address.
func (r *relay) start(t *testing.T) {
	t.Helper()
	server, err := smtptest.Listen(r.script, smtptest.On("tcp", r.address))
	require.NoError(t, err)
	r.server = server
}

// stop closes the port.
func (r *relay) stop() {
	if r.server != nil {
		r.server.Close()
		r.server = nil
	}
}

// loginRelay is a relay with an account, and with a certificate that can be
// renewed.
type loginRelay struct {
	*relay
	ca          *certs.Authority
	certificate atomic.Pointer[tls.Certificate]
}

// startLoginRelay starts a relay whose certificate expires in five days.
func startLoginRelay(t *testing.T, ca *certs.Authority) *loginRelay {
	t.Helper()
	l := &loginRelay{ca: ca}
	l.renew(5 * 24 * time.Hour)
	l.relay = startRelay(t, 587, smtptest.Script{
		TLS: &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			return l.certificate.Load(), nil
		}},
		Accounts: &smtptest.Accounts{Passwords: map[string]string{"probe": "correct"}},
	})
	return l
}

// renew replaces the certificate by one that expires after a lifetime.
func (l *loginRelay) renew(lifetime time.Duration) {
	leaf := certs.For("login.test")
	leaf.NotAfter = time.Now().Add(lifetime)
	issued := l.ca.Issue(leaf)
	l.certificate.Store(&issued)
}
