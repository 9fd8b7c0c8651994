//go:build e2e && linux

package e2e

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest/certs"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// requireNamespaces skips a test if it cannot create network namespaces.
func requireNamespaces(t *testing.T) {
	t.Helper()
	missing := ""
	switch _, err := exec.LookPath("ip"); {
	case os.Geteuid() != 0:
		missing = "root"
	case err != nil:
		missing = "the program ip of iproute2"
	default:
		if _, err := os.Stat("/dev/net/tun"); err != nil {
			missing = "/dev/net/tun"
		} else if out, err := exec.Command("ip", "netns", "add", "smtpprobe-test").CombinedOutput(); err != nil {
			missing = "network namespaces: " + string(out)
		} else {
			ip(t, "netns", "del", "smtpprobe-test")
		}
	}
	if missing != "" {
		t.Skip("the tests of network faults require " + missing)
	}
}

// remoteRelay is a healthy relay at the other end of a link.
type remoteRelay struct{ link *link }

func startRemoteRelay(t *testing.T, l *link) *remoteRelay {
	t.Helper()
	l.connect(t)
	script := smtptest.Script{
		TLS:      certs.Server(networkAuthority().Issue(certs.For(relayAddress))),
		Accounts: &smtptest.Accounts{Passwords: map[string]string{"user": "correct horse"}},
	}
	srv, err := smtptest.Listen(script, smtptest.From(l.relay.listen(t, relayAddress+":25")))
	require.NoError(t, err)
	t.Cleanup(srv.Close)
	return &remoteRelay{l}
}

// probeSettings is the settings of one probe.
type probeSettings struct {
	smtpprobe.Prober
	smtpprobe.Target
	smtpprobe.Plan
}

// probe sends a message over the link. change may change the settings.
func (r *remoteRelay) probe(t *testing.T, change func(*probeSettings)) *smtpprobe.Result {
	t.Helper()
	p := probeSettings{
		Prober: smtpprobe.Prober{Dialer: &r.link.prober, Helo: "probe.test", Timeout: 2 * time.Second},
		Target: smtpprobe.Target{Host: relayAddress, Port: 25, TLS: smtpprobe.TLSNever},
		Plan: smtpprobe.Plan{
			Depth: smtpprobe.DepthSend, From: "alice@example.org", To: []string{"bob@example.org"},
			Auth: &smtpprobe.Auth{Username: "user", Password: "correct horse", Mechanism: "PLAIN", Cleartext: true},
		},
	}
	if change != nil {
		change(&p)
	}
	result := p.Prober.Probe(t.Context(), p.Target, p.Plan)
	assertPlausible(t, result, p.Timeout)
	return result
}

var networkAuthority = sync.OnceValue(func() *certs.Authority { return certs.NewAuthority("Test CA") })

// assertPlausible checks the times of a session for consistency.
func assertPlausible(t *testing.T, r *smtpprobe.Result, timeout time.Duration) {
	t.Helper()
	var sum time.Duration
	for _, p := range r.Phases {
		assert.GreaterOrEqual(t, p.Duration, time.Duration(0), p.Phase)
		sum += p.Duration
	}
	assert.LessOrEqual(t, sum, r.Total)
	assert.Less(t, r.Total, timeout+time.Second+500*time.Millisecond)
}

func outcome(r *smtpprobe.Result) string {
	e, ok := errors.AsType[*smtperr.Error](r.Err)
	if !ok {
		return "none"
	}
	return strings.Join([]string{e.Class.String(), string(e.Reason), string(e.Phase), string(e.Fault())}, " ")
}

// Each phase takes one round trip. The test may forward a packet late, never
// early, so the shortest duration of several sessions is compared.
func TestNetwork_RoundTripTime(t *testing.T) {
	requireNamespaces(t)
	t.Parallel()
	const (
		rtt       = 500 * time.Millisecond
		tolerance = 10 * time.Millisecond
		attempts  = 6
	)
	relay := startRemoteRelay(t, &link{delay: rtt / 2})
	excess := make(map[smtperr.Phase]time.Duration) // the smallest of each phase
	exact := func() bool {
		for _, e := range excess {
			if e >= tolerance {
				return false
			}
		}
		return true
	}
	for attempt := 0; attempt == 0 || attempt < attempts && !exact(); attempt++ {
		r := relay.probe(t, func(p *probeSettings) { p.Timeout = 20 * time.Second })
		require.NoError(t, r.Err)
		require.Len(t, r.Phases, 10)
		for _, p := range r.Phases {
			want := rtt
			if p.Phase == smtperr.PhaseBody {
				want = 0 // the kernel buffers it
			}
			require.Greater(t, p.Duration, want-tolerance, p.Phase)
			smallest, known := excess[p.Phase]
			if took := p.Duration - want; !known || took < smallest {
				excess[p.Phase] = took
			}
		}
	}
	require.True(t, exact(), "%v", excess)
}

// When the link goes down, nothing is acknowledged any more: the fault is the
// network's, not the relay's.
func TestNetwork_LinkDown(t *testing.T) {
	requireNamespaces(t)
	t.Parallel()
	for _, tt := range []struct {
		name string
		at   string // in the first lost packet
		tls  smtpprobe.TLSMode
		want string
	}{
		{name: "connect", at: "E", want: "connect_timeout  connect network"}, // the first byte of each IP packet
		{name: "ehlo", at: "EHLO", want: "read_timeout no_ack ehlo network"},
		{name: "auth", at: "AUTH", want: "read_timeout no_ack auth network"},
		{name: "mail", at: "MAIL", want: "read_timeout no_ack mail network"},
		{name: "rcpt", at: "RCPT", want: "read_timeout no_ack rcpt network"},
		{name: "data", at: "DATA", want: "read_timeout no_ack data network"},
		{name: "body", at: "Subject: ", want: "read_timeout no_ack dot network"},
		{name: "quit", at: "QUIT", want: "none"},
		{name: "starttls", at: "STARTTLS", tls: smtpprobe.TLSOpportunistic, want: "read_timeout no_ack starttls network"},
		{name: "tls", at: "\x16\x03\x01", tls: smtpprobe.TLSOpportunistic, want: "tls_timeout  tls network"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := startRemoteRelay(t, &link{downAt: []byte(tt.at)}).probe(t, func(p *probeSettings) { p.Target.TLS = tt.tls })
			require.Equal(t, tt.want, outcome(r))
			if tt.want == "none" {
				require.NotEmpty(t, r.Secondary)
			}
		})
	}
}

// A link that is down for a second delays the probe but does not make it fail.
func TestNetwork_LinkDownAndUp(t *testing.T) {
	requireNamespaces(t)
	t.Parallel()
	r := startRemoteRelay(t, &link{downAt: []byte("MAIL"), downFor: time.Second}).probe(t, func(p *probeSettings) { p.Timeout = 20 * time.Second })
	require.NoError(t, r.Err)
	for _, p := range r.Phases {
		if p.Phase == smtperr.PhaseMail {
			require.Greater(t, p.Duration, time.Second)
		}
	}
}

// If large packets are dropped without an ICMP message, only the message fails.
func TestNetwork_MTUBlackhole(t *testing.T) {
	requireNamespaces(t)
	t.Parallel()
	r := startRemoteRelay(t, &link{mtu: 1000}).probe(t, func(p *probeSettings) { p.Message.Size = 7 << 10 })
	require.Equal(t, "read_timeout no_ack dot network", outcome(r))
}

// With 30 % packet loss in each direction, sessions are slow but succeed or report
// a timeout.
func TestNetwork_Loss(t *testing.T) {
	requireNamespaces(t)
	t.Parallel()
	const sessions = 8
	relay := startRemoteRelay(t, &link{loss: 0.3})
	results := make(chan string, sessions)
	for range sessions {
		go func() {
			results <- outcome(relay.probe(t, func(p *probeSettings) { p.Timeout = 20 * time.Second }))
		}()
	}
	succeeded := 0
	for range sessions {
		if result := <-results; result == "none" {
			succeeded++
		} else {
			assert.Contains(t, result, "timeout", "lost packets cause only timeouts")
		}
	}
	require.Positive(t, succeeded)
}
