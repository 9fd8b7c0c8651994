//go:build e2e

package story

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

// behaviour is what a relay does other than a healthy one.
type behaviour map[smtptest.Moment]smtptest.Step

// actor is a relay whose behaviour changes while it runs.
type actor struct {
	address string
	script  smtptest.Script

	mu     sync.Mutex
	now    behaviour
	server *smtptest.Server // nil while it is down
}

// newActor starts a healthy relay on an address of its own.
func newActor(t *testing.T, port int, script smtptest.Script) *actor {
	t.Helper()
	a := &actor{address: e2e.PlaceFor(t, "relay").At(port), script: script}
	for _, moment := range []smtptest.Moment{smtptest.AtGreeting, smtptest.AtEHLO, smtptest.AtAuth, smtptest.AtMail, smtptest.AtRcpt} {
		a.script = a.script.With(moment, func(c *smtptest.Conn) error { return a.step(moment)(c) })
	}
	a.up(t)
	t.Cleanup(a.down)
	return a
}

func (a *actor) step(moment smtptest.Moment) smtptest.Step {
	a.mu.Lock()
	defer a.mu.Unlock()
	if step := a.now[moment]; step != nil {
		return step
	}
	return smtptest.Healthy()
}

// behaves changes what the next sessions meet.
func (a *actor) behaves(b behaviour) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.now = b
}

// up listens, with the address that it had before.
func (a *actor) up(t *testing.T) {
	t.Helper()
	server, err := smtptest.Listen(a.script, smtptest.On("tcp", a.address))
	require.NoError(t, err)
	a.server = server
}

// down closes the port.
func (a *actor) down() {
	if a.server != nil {
		a.server.Close()
		a.server = nil
	}
}

// Behaviours of the story.
var (
	healthy      behaviour
	refusesLogin = behaviour{smtptest.AtAuth: smtptest.Say("535 5.7.8 authentication credentials invalid")}
	// Some probes are refused at RCPT, and some with another class: one relay,
	// whatever it says.
	refusesMail = behaviour{
		smtptest.AtRcpt: smtptest.Say("550 5.7.1 not from you"),
		smtptest.AtMail: alternating(smtptest.Healthy(), smtptest.Say("451 4.7.1 not now")),
	}
	slow       = behaviour{smtptest.AtGreeting: smtptest.Then(smtptest.Pause(slowGreeting), smtptest.Healthy())}
	shunsB     = behaviour{smtptest.AtEHLO: smtptest.Match(`^EHLO b\.`, smtptest.Close())}
	shuns      = behaviour{smtptest.AtEHLO: smtptest.Close()}
	refusesAll = behaviour{smtptest.AtRcpt: smtptest.Say("554 5.7.1 relay access denied")}
)

const slowGreeting = 400 * time.Millisecond

// alternating takes the steps in turn, each for the sessions of both agents.
func alternating(steps ...smtptest.Step) smtptest.Step {
	return func(c *smtptest.Conn) error { return steps[c.SessionNumber()/2%len(steps)](c) }
}

// certificate is one that lasts for so long.
func certificate(host string, left time.Duration) certs.Leaf {
	leaf := certs.For(host)
	leaf.NotAfter = time.Now().Add(left)
	return leaf
}

// newLogin is a relay with accounts, whose certificate is about to expire until
// it is renewed.
func newLogin(t *testing.T, ca *certs.Authority) *loginRelay {
	t.Helper()
	l := &loginRelay{}
	renew := func(left time.Duration) {
		issued := ca.Issue(certificate("login.test", left))
		l.certificate.Store(&issued)
	}
	renew(5 * 24 * time.Hour)
	l.renew = renew
	l.actor = newActor(t, 587, smtptest.Script{
		TLS: &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			return l.certificate.Load(), nil
		}},
		Accounts: &smtptest.Accounts{Passwords: map[string]string{"probe": "correct"}},
	})
	return l
}

type loginRelay struct {
	*actor
	certificate atomic.Pointer[tls.Certificate]
	renew       func(left time.Duration)
}
