//go:build e2e

package differential

import (
	"crypto/tls"
	"time"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe"
)

// scenario is a session that every client runs, each with its own relay.
type scenario struct {
	name string
	// event and fault are set by matrix, and empty for a case.
	event, fault string

	script smtptest.Script
	client session
	over   []transport // default: all
	// server configures TLS of the relay; default: a valid certificate.
	server func(*authorities) *tls.Config
	// stalls shortens the timeout, because a client waits for a reply that never
	// arrives.
	stalls bool
}

// session is the actions of the clients.
type session struct {
	login bool
	// requireTLS forbids the product to send a password without TLS. The libraries
	// have no such setting.
	requireTLS bool
	to         []string // empty: end after EHLO or login
	size       int      // of the message in bytes; 0: a short one
}

// The sessions. The zero value ends after EHLO.
var (
	loginIn = session{login: true}
	toAlice = session{to: []string{alice}}
	toBoth  = session{to: []string{alice, bob}}
	all     = session{login: true, to: []string{alice}}
)

// transport is plaintext, STARTTLS, or implicit TLS.
type transport string

// The transports, by the driver's names.
const (
	plain    transport = "plain"
	starttls transport = "starttls"
	implicit transport = "implicit"
)

var everywhere = []transport{plain, starttls, implicit}

var modes = map[transport]smtpprobe.TLSMode{
	plain: smtpprobe.TLSNever, starttls: smtpprobe.TLSRequired, implicit: smtpprobe.TLSImplicit,
}

const (
	helo     = "probe.test"
	user     = "tester"
	password = "correct-horse"
	sender   = "probe@example.org"
	alice    = "alice@example.org"
	bob      = "bob@example.org"

	// replyTimeout is the timeout for relays that reply.
	replyTimeout = 15 * time.Second
	// stallTimeout is the timeout for relays that do not.
	stallTimeout = 2 * time.Second
)

func (s scenario) transports() []transport {
	if s.over == nil {
		return everywhere
	}
	return s.over
}

func (s scenario) wait() time.Duration {
	if s.stalls {
		return stallTimeout
	}
	return replyTimeout
}

// start starts a relay for one session.
func (s scenario) start(t smtptest.TB, tr transport, a *authorities) *smtptest.Server {
	script := s.script
	switch {
	case s.server != nil:
		script.TLS = s.server(a)
	case tr != plain:
		script.TLS = a.good()
	}
	script.ImplicitTLS = tr == implicit && script.TLS != nil
	return smtptest.Start(t, script)
}
