package smtpprobe_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/hostname"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest/certs"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

func TestProber_ZeroValue(t *testing.T) {
	t.Parallel()
	srv := smtptest.Start(t, smtptest.Script{})
	r := new(smtpprobe.Prober).Probe(t.Context(), smtpprobe.Target{Host: srv.Host(), Port: srv.Port()}, smtpprobe.Plan{})
	require.NoError(t, r.Err)
	require.True(t, r.Expected)
	require.Equal(t, smtpprobe.DepthEHLO, r.Depth)
	require.Equal(t, "127.0.0.1", r.LocalAddr.String())
	require.Regexp(t, `^EHLO (\[127\.0\.0\.1\]|[^ \[]+\.[^ ]+)$`, srv.Wait(t, 1)[0].Commands()[0])
}

func TestHello_AddressLiteral(t *testing.T) {
	t.Parallel()
	if name := hostname.Local(); name != "" {
		t.Skipf("this host has the name %s", name)
	}
	for _, ip := range []string{"127.0.0.1", "::1"} {
		srv := smtptest.Start(t, smtptest.Script{}, smtptest.On("tcp", net.JoinHostPort(ip, "0")))
		r := new(smtpprobe.Prober).Probe(t.Context(), smtpprobe.Target{Host: ip, Port: srv.Port()}, smtpprobe.Plan{})
		require.NoError(t, r.Err)
		want := map[string]string{"127.0.0.1": "EHLO [127.0.0.1]", "::1": "EHLO [IPv6:::1]"}[ip]
		require.Equal(t, want, srv.Wait(t, 1)[0].Commands()[0])
	}
}

func TestHello_WrongProtocol(t *testing.T) {
	t.Parallel()
	unknown := smtptest.Say("500 5.5.1 unknown command, this is LMTP")
	for _, tt := range []struct {
		name   string
		script smtptest.Script
		lmtp   bool
		reason smtperr.Reason
	}{
		{name: "LHLO to an SMTP server", script: smtptest.Script{LHLO: smtptest.Say("502 what")}, lmtp: true, reason: smtperr.ReasonNotLMTP},
		{name: "LHLO refused", script: smtptest.Script{LHLO: smtptest.Say("550 not you")}, lmtp: true, reason: smtperr.ReasonRefused},
		{name: "EHLO and HELO to an LMTP server", script: smtptest.Script{EHLO: unknown, HELO: unknown}, reason: smtperr.ReasonNotSMTPLMTP},
		{name: "only EHLO names LMTP", script: smtptest.Script{EHLO: smtptest.Say("500 use LHLO"), HELO: smtptest.Say("502 no")}, reason: smtperr.ReasonNotSMTPLMTP},
		{name: "neither names LMTP", script: smtptest.Script{EHLO: smtptest.Say("500 what"), HELO: smtptest.Say("500 what")}, reason: smtperr.ReasonRefused},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r, _ := converse(t, plain, tt.script, func(p *probing) { p.LMTP = tt.lmtp })
			require.Equal(t, smtperr.ClassHeloRefused, failure(r).Class)
			if tt.reason == smtperr.ReasonRefused {
				require.NotContains(t, string(failure(r).Reason), "lmtp")
				return
			}
			require.Equal(t, tt.reason, failure(r).Reason)
			require.Equal(t, smtperr.FaultConfig, failure(r).Fault())
		})
	}
}

func TestHosts(t *testing.T) {
	t.Parallel()
	for said, want := range map[string]string{
		"220 MX1.example.org ESMTP":       "mx1.example.org",
		"220 -ESMTP_x":                    "other",
		"220":                             "",
		"220 " + strings.Repeat("a", 254): "other",
		"220-mx2.example.org\r\n220 more": "mx2.example.org",
	} {
		r, _ := converse(t, plain, smtptest.Script{Greeting: smtptest.Say(said), EHLO: smtptest.Say("250 Backend7")}, nil)
		require.NoError(t, r.Err)
		require.Equal(t, want, r.GreetingHost, said)
		require.Equal(t, "backend7", r.EHLOHost)
	}
}

func TestAuth_EmptyInitialResponse(t *testing.T) {
	t.Parallel()
	client := authority().Issue(certs.Client("probe"))
	r, s := converse(t, implicit, smtptest.Script{Extensions: offering("AUTH EXTERNAL"), Auth: smtptest.Say("235 2.7.0 welcome")}, func(p *probing) {
		p.Depth, p.Auth = smtpprobe.DepthAuth, &smtpprobe.Auth{Mechanism: "EXTERNAL"}
		p.Prober.TLS.Certificates = []tls.Certificate{client}
	})
	require.NoError(t, r.Err)
	require.Equal(t, "AUTH EXTERNAL =", s.Commands()[1])
	require.Equal(t, "EXTERNAL", r.AuthMechanism)
}

func TestAuth_LoginPromptsInPlainText(t *testing.T) {
	t.Parallel()
	r, s := converse(t, plain, smtptest.Script{
		Extensions:   offering("AUTH LOGIN"),
		Auth:         smtptest.Say("334 Username?"),
		AuthResponse: smtptest.Seq(smtptest.Say("334 Password?"), smtptest.Say("235 2.7.0 welcome")),
	}, login(""))
	require.NoError(t, r.Err)
	require.Equal(t, []string{"AUTH LOGIN", base64.StdEncoding.EncodeToString([]byte("user")), base64.StdEncoding.EncodeToString([]byte("secret-pw"))}, s.Commands()[1:4])
}

func TestMail_SizeLimitIsInclusive(t *testing.T) {
	t.Parallel()
	r, s := converse(t, plain, smtptest.Script{Extensions: offering("SIZE 5000")}, func(p *probing) {
		send(alice)(p)
		p.Message.Size = 5000
	})
	require.NoError(t, r.Err)
	require.True(t, began(s, "MAIL FROM:<probe@example.org> SIZE=5000"))
}

// A greeting that is a TLS alert ends the probe, not the timeout.
func TestGreeting_AlertEndsAtOnce(t *testing.T) {
	t.Parallel()
	r, _ := converse(t, plain, smtptest.Script{Greeting: smtptest.Then(smtptest.Raw("\x15\x03\x01\x00\x02\x02\x46"), smtptest.Silence())}, nil)
	require.Equal(t, smtperr.ReasonTLSOnPlaintextPort, failure(r).Reason)
	require.Less(t, r.Total, probeTimeout/2)
}

func TestQuit_GraceBeyondTheTimeout(t *testing.T) {
	t.Parallel()
	r, _ := converse(t, plain, smtptest.Script{Quit: smtptest.Then(smtptest.Pause(600*time.Millisecond), smtptest.Say("221 bye"))}, func(p *probing) {
		p.Timeout = 300 * time.Millisecond
	})
	require.NoError(t, r.Err)
	require.Empty(t, r.Secondary)
	require.NotNil(t, timeOf(r, smtperr.PhaseQuit))
}

func TestCleanUp_421(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		script  smtptest.Script
		plan    func(*probing)
		class   smtperr.Class
		phase   smtperr.Phase
		warning bool
	}{
		{
			name: "before QUIT", script: smtptest.Script{EHLO: smtptest.Say("250 relay.test", "421 4.3.2 going down")}, plan: ehloOnly,
			class: smtperr.ClassServiceUnavailable, phase: smtperr.PhaseQuit,
		},
		{
			name: "before RSET", script: smtptest.Script{Rcpt: smtptest.Say("250 ok", "421 4.3.2 going down")}, plan: rcpt(alice),
			class: smtperr.ClassServiceUnavailable, phase: smtperr.PhaseQuit,
		},
		{name: "as the reply to QUIT", script: smtptest.Script{Quit: smtptest.Say("421 4.3.2 bye")}, plan: ehloOnly, phase: smtperr.PhaseDone, warning: true},
		{name: "as the reply to RSET", script: smtptest.Script{Rset: smtptest.Say("421 4.3.2 bye")}, plan: rcpt(alice), phase: smtperr.PhaseDone, warning: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r, _ := converse(t, plain, tt.script, tt.plan)
			got := outcomeOf(r)
			require.Equal(t, tt.class, got.class, r.Err)
			require.Equal(t, tt.phase, got.phase)
			require.Equal(t, tt.class == smtperr.ClassNone, r.Expected)
			require.Equal(t, tt.warning, fmt.Sprint(r.Warnings) == "[quit_421]", r.Warnings)
		})
	}
}

func TestSTARTTLS_RefusedIsAWarning(t *testing.T) {
	t.Parallel()
	r, _ := converse(t, opportunistic, smtptest.Script{StartTLS: smtptest.Say("454 4.7.0 not now")}, nil)
	require.NoError(t, r.Err)
	require.Equal(t, []smtpprobe.Warning{smtpprobe.WarnSTARTTLSRefused}, r.Warnings)
}

func TestTLS_Facts(t *testing.T) {
	t.Parallel()
	r, _ := converse(t, implicit, smtptest.Script{}, nil)
	require.NoError(t, r.Err)
	require.Equal(t, "ECDSA-256", r.TLS.Key())
	require.Equal(t, "Test CA", r.TLS.Issuer())
	require.Regexp(t, `^[0-9a-f]{16}$`, r.TLS.Fingerprint())
	require.NotEmpty(t, r.TLS.Group)
	require.Equal(t, r.TLS.Leaf.NotAfter, r.TLS.ChainExpiry)
	require.Empty(t, (*smtpprobe.TLSState)(nil).Key()+(*smtpprobe.TLSState)(nil).Issuer()+(*smtpprobe.TLSState)(nil).Fingerprint())
}

func TestTLS_ChainExpiry(t *testing.T) {
	t.Parallel()
	root := certs.NewAuthority("Root")
	soon := time.Now().Add(48 * time.Hour).UTC().Truncate(time.Second)
	middle := root.Intermediate("Middle", func(c *x509.Certificate) { c.NotAfter = soon })
	srv := smtptest.Start(t, smtptest.Script{TLS: certs.Server(middle.Issue(loopback())), ImplicitTLS: true})
	p := prober(srv, implicit)
	p.Prober.TLS.RootCAs = root.Pool()
	r := p.probe(t.Context())
	require.NoError(t, r.Err)
	require.Equal(t, soon, r.TLS.ChainExpiry.UTC())
	require.True(t, r.TLS.Leaf.NotAfter.After(soon))
}

// The words of a reply classify it, also where a secret is one of them; what is
// shown has no secret.
func TestSecrets_MaskedAfterClassification(t *testing.T) {
	t.Parallel()
	r, _ := converse(t, plain, smtptest.Script{Rcpt: smtptest.Say("550 5.7.1 relay access denied for user")}, func(p *probing) {
		rcpt(alice)(p)
		p.Auth, p.Secrets = nil, []string{"denied", "relay access"}
	})
	require.Equal(t, smtperr.ReasonRelayDenied, failure(r).Reason)
	require.NotContains(t, fmt.Sprint(r.Err, r.Reply, r.Recipients[0].Reply, r.Transcript), "denied")
}

func TestSecrets_BeforeAuth(t *testing.T) {
	t.Parallel()
	const password = "correct horse"
	r, _ := converse(t, plain, smtptest.Script{
		Greeting: smtptest.Say("220-hello correct ", "220 horse, welcome"),
		EHLO:     smtptest.Say("250-relay.test", "250-AUTH PLAIN", "250 X-ECHO "+password),
		Auth:     smtptest.Say("535 5.7.8 no"),
	}, func(p *probing) {
		login("")(p)
		p.Auth.Password = password
	})
	require.Equal(t, smtperr.ClassAuthFailed, failure(r).Class)
	shown := fmt.Sprint(r.Transcript, r.Capabilities)
	require.NotContains(t, shown, "horse")
	require.NotContains(t, shown, "correct")
}

func TestSecrets_TraceShowsNone(t *testing.T) {
	t.Parallel()
	srv := smtptest.Start(t, smtptest.Script{Extensions: offering("AUTH PLAIN"), Auth: smtptest.Say("535 5.7.8 secret-pw is wrong")})
	p := prober(srv, plain)
	login("PLAIN")(p)
	var seen strings.Builder
	ctx := smtpprobe.WithTrace(t.Context(), &smtpprobe.Trace{
		Command: func(_ smtperr.Phase, line string) { fmt.Fprintln(&seen, line) },
		Reply:   func(_ smtperr.Phase, r smtperr.Reply) { fmt.Fprintln(&seen, r.Text()) },
	})
	r := p.probe(ctx)
	require.Error(t, r.Err)
	require.NotContains(t, seen.String(), "secret-pw")
	require.NotContains(t, seen.String(), base64.StdEncoding.EncodeToString([]byte("\x00user\x00secret-pw")))
	require.Contains(t, seen.String(), "AUTH PLAIN *** (")
}

func TestTrace_Hooks(t *testing.T) {
	t.Parallel()
	srv := smtptest.Start(t, smtptest.Script{TLS: serverTLS(), ImplicitTLS: true})
	p := prober(srv, implicit)
	p.Host, p.Prober.TLS.ServerName = "relay.test", "127.0.0.1"
	p.Resolver = resolverFunc(func(context.Context, string, string) ([]netip.Addr, error) {
		return []netip.Addr{netip.MustParseAddr("127.0.0.1")}, nil
	})
	var seen []string
	ctx := smtpprobe.WithTrace(t.Context(), &smtpprobe.Trace{
		PhaseStart: func(phase smtperr.Phase) { seen = append(seen, "start "+string(phase)) },
		PhaseDone:  func(phase smtpprobe.PhaseResult) { seen = append(seen, "done "+string(phase.Phase)) },
		Resolved:   func(addrs []netip.Addr) { seen = append(seen, fmt.Sprint(addrs)) },
		Connected:  func(_, remote net.Addr) { seen = append(seen, "to "+remote.String()) },
		TLS:        func(state smtpprobe.TLSState) { seen = append(seen, state.Version) },
	})
	require.NoError(t, p.probe(ctx).Err)
	require.Equal(t, []string{
		"start dns", "done dns", "[127.0.0.1]", "start connect", "to " + srv.Addr().String(), "done connect",
		"start tls", "TLS 1.3", "done tls", "start greeting", "done greeting", "start ehlo", "done ehlo", "start quit", "done quit",
	}, seen)
}

// resolverFunc answers for addresses and has no MX records.
type resolverFunc func(ctx context.Context, network, host string) ([]netip.Addr, error)

func (f resolverFunc) LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error) {
	return f(ctx, network, host)
}

func (resolverFunc) LookupMX(context.Context, string) ([]*net.MX, error) { return nil, nil }

// zone is a resolver whose domain has so many MX hosts, each with so many
// addresses. A lookup waits until as many others run as it should.
type zone struct {
	hosts, addrs int
	together     int

	mu    sync.Mutex
	asked []string
	wait  sync.WaitGroup
}

func (z *zone) LookupMX(context.Context, string) ([]*net.MX, error) {
	records := make([]*net.MX, z.hosts)
	for i := range records {
		records[i] = &net.MX{Host: fmt.Sprintf("mx%03d.example.org.", i), Pref: uint16(i)}
	}
	return records, nil
}

func (z *zone) LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error) {
	z.mu.Lock()
	z.asked = append(z.asked, host)
	z.mu.Unlock()
	if network == "ip6" {
		return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
	}
	if z.together > 0 {
		z.wait.Done()
		z.wait.Wait()
	}
	addrs := make([]netip.Addr, z.addrs)
	for i := range addrs {
		addrs[i] = netip.AddrFrom4([4]byte{198, 18, byte(i >> 8), byte(i)})
	}
	return addrs, nil
}

func TestTargets_MXHosts(t *testing.T) {
	t.Parallel()
	z := &zone{hosts: 3, addrs: 2, together: 3}
	z.wait.Add(3) // all hosts are resolved at the same time, or none
	p := smtpprobe.Prober{Resolver: z, Timeout: 10 * time.Second}
	targets, err := p.Targets(t.Context(), smtpprobe.Target{Domain: "example.org", Port: 25, AllAddresses: true})
	require.NoError(t, err)
	require.Len(t, targets, 6)
	require.Equal(t, "mx000.example.org", targets[0].Host)
	require.Equal(t, "198.18.0.1", targets[1].IP.String())
	for _, name := range z.asked {
		require.True(t, strings.HasSuffix(name, "."), "%s would be looked up with the search list", name)
	}
}

func TestTargets_Bounds(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name          string
		hosts, addrs  int
		all           bool
		want, omitted int
	}{
		{name: "MX hosts", hosts: 300, want: 256, omitted: 44},
		{name: "addresses of one host", hosts: 1, addrs: 100, all: true, want: 64, omitted: 36},
		{name: "addresses of all hosts", hosts: 5, addrs: 64, all: true, want: 256, omitted: 64},
		{name: "few", hosts: 2, addrs: 2, all: true, want: 4},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := smtpprobe.Prober{Resolver: &zone{hosts: tt.hosts, addrs: tt.addrs}}
			targets, err := p.Targets(t.Context(), smtpprobe.Target{Domain: "example.org", Port: 25, AllAddresses: tt.all})
			require.NoError(t, err)
			require.Len(t, targets, tt.want)
			require.Equal(t, tt.omitted, targets[0].Omitted)
		})
	}
}

func TestConnect_PrivateMX(t *testing.T) {
	t.Parallel()
	srv := smtptest.Start(t, smtptest.Script{})
	for _, allowed := range []bool{false, true} {
		p := prober(srv, plain)
		p.Domain, p.AllowPrivateMX = "example.org", allowed
		r := p.probe(t.Context())
		if allowed {
			require.NoError(t, r.Err)
			continue
		}
		require.Equal(t, smtperr.ClassConfigError, failure(r).Class)
		require.Equal(t, smtperr.ReasonAddressNotPublic, failure(r).Reason)
		require.Equal(t, smtperr.PhaseConnect, failure(r).Phase)
	}
	require.Len(t, srv.Sessions(), 1)
}

// dialerFunc connects as a test wants.
type dialerFunc func(ctx context.Context, network, address string) (net.Conn, error)

func (f dialerFunc) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	return f(ctx, network, address)
}

func TestConnect_DeadAddressesBeforeALivingOne(t *testing.T) {
	t.Parallel()
	srv := smtptest.Start(t, smtptest.Script{})
	p := prober(srv, plain)
	p.Timeout = 8 * time.Second
	p.Host, p.Resolver = "relay.test", &zone{addrs: 8}
	var attempts []string
	p.Dialer = dialerFunc(func(ctx context.Context, network, address string) (net.Conn, error) {
		attempts = append(attempts, address)
		if len(attempts) < 3 {
			<-ctx.Done()
			return nil, ctx.Err()
		}
		return new(net.Dialer).DialContext(ctx, network, srv.Addr().String())
	})
	r := p.probe(t.Context())
	require.NoError(t, r.Err)
	require.Len(t, attempts, 3)
	connect := phaseOf(t, r, smtperr.PhaseConnect).Duration
	require.Greater(t, connect, 1900*time.Millisecond)
	require.Less(t, connect, 5*time.Second)
}

func TestRecipients_KeptRepliesAreBounded(t *testing.T) {
	t.Parallel()
	long := make([]string, 20)
	for i := range long {
		long[i] = "550-" + strings.Repeat("x", 500)
	}
	long[len(long)-1] = "550 end"
	r, _ := converse(t, plain, smtptest.Script{Rcpt: smtptest.Say(long...)}, rcpt(alice, bob))
	require.Equal(t, smtperr.ClassRecipientsRefused, failure(r).Class)
	for i := range r.Recipients {
		require.LessOrEqual(t, len(strings.Join(r.Recipients[i].Reply.Lines, "")), 1024)
		require.LessOrEqual(t, len(strings.Join(detail(r.Recipients[i].Err).Reply.Lines, "")), 1024)
	}
}

func TestFailed(t *testing.T) {
	t.Parallel()
	e := smtperr.New(smtperr.ClassDNSNotFound, smtperr.ReasonNullMX, smtperr.PhaseDNS, nil)
	r := smtpprobe.Failed(smtpprobe.Plan{Expect: []smtpprobe.Expectation{{Class: smtperr.ClassDNSNotFound}}}, time.Now().Add(-time.Second), e)
	require.ErrorIs(t, r.Err, smtperr.ErrDNS)
	require.True(t, r.Expected)
	require.GreaterOrEqual(t, r.Total, time.Second)
	require.Equal(t, smtperr.PhaseDNS, r.Phases[0].Phase)
}

// knownToken is a token that is known before it is fetched.
type knownToken struct{ fixedToken }

func (k knownToken) Secrets() []string { return []string{string(k.fixedToken)} }

func TestSecrets_TokenBeforeItIsFetched(t *testing.T) {
	t.Parallel()
	r, _ := converse(t, plain, smtptest.Script{Greeting: smtptest.Say("220 ya29.token is known here")}, func(p *probing) {
		p.Auth = &smtpprobe.Auth{Username: "user", Token: knownToken{"ya29.token"}}
	})
	require.NoError(t, r.Err)
	require.NotContains(t, fmt.Sprint(r.Transcript, r.GreetingHost), "ya29")
}
