package smtpprobe

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/influxdata/telegraf"
	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/change"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/dnstest"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest/certs"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe"
)

// changeOf returns the change of a metric smtpprobe_change.
func changeOf(m telegraf.Metric) change.Change {
	text := func(field string) string { return m.Fields()[field].(string) } //nolint:forcetypeassert // a panic fails the test
	return change.Change{
		What: change.What(m.Tags()["what"]), Layer: change.Layer(m.Tags()["layer"]),
		Before: text("before"), After: text("after"), Added: text("added"), Removed: text("removed"),
	}
}

// withTLS returns the result of a session over STARTTLS.
func withTLS(leaf *x509.Certificate) *smtpprobe.Result {
	return &smtpprobe.Result{
		PlainCaps:    sized(1000, "STARTTLS"),
		Capabilities: sized(2000, "AUTH LOGIN PLAIN"),
		TLS:          &smtpprobe.TLSState{Version: "TLS 1.3", Cipher: "TLS_AES_128_GCM_SHA256", Complete: true, Verified: true, Leaf: leaf},
	}
}

// parsed returns the capabilities of lines of a reply to EHLO.
func parsed(lines ...string) *smtpprobe.Capabilities {
	c := &smtpprobe.Capabilities{Extensions: make(map[string]string)}
	for _, line := range lines {
		keyword, params, _ := strings.Cut(line, " ")
		c.Extensions[keyword] = params
		if keyword == "AUTH" {
			c.Auth = strings.Fields(params)
		}
	}
	return c
}

func sized(size int64, lines ...string) *smtpprobe.Capabilities {
	c := parsed(append(lines, "SIZE")...)
	c.Size, c.HasSize = size, true
	return c
}

// TestChange_Metrics makes one change after another. Each is reported once.
func TestChange_Metrics(t *testing.T) {
	t.Parallel()
	first, second := &x509.Certificate{Raw: []byte("first")}, &x509.Certificate{Raw: []byte("second")}
	now := withTLS(first)
	steps := []struct {
		name  string
		apply func()
		want  []change.Change
	}{
		{name: "no change", apply: func() {}},
		{
			name:  "extension before TLS",
			apply: func() { now.PlainCaps = sized(1000, "STARTTLS", "DSN") },
			want:  []change.Change{{What: "extensions", Layer: "plain", Before: "SIZE,STARTTLS", After: "DSN,SIZE,STARTTLS", Added: "DSN"}},
		},
		{
			name:  "mechanisms before TLS",
			apply: func() { now.PlainCaps.Auth = []string{"PLAIN"} },
			want:  []change.Change{{What: "auth", Layer: "plain", Before: "", After: "PLAIN", Added: "PLAIN"}},
		},
		{
			name:  "size before TLS",
			apply: func() { now.PlainCaps.Size = 1001 },
			want:  []change.Change{{What: "size", Layer: "plain", Before: "1000", After: "1001"}},
		},
		{
			name:  "extension within TLS",
			apply: func() { now.Capabilities = sized(2000, "AUTH LOGIN PLAIN", "CHUNKING") },
			want:  []change.Change{{What: "extensions", Layer: "tls", Before: "AUTH,SIZE", After: "AUTH,CHUNKING,SIZE", Added: "CHUNKING"}},
		},
		{
			name:  "mechanisms within TLS",
			apply: func() { now.Capabilities.Auth = []string{"PLAIN", "XOAUTH2"} },
			want:  []change.Change{{What: "auth", Layer: "tls", Before: "LOGIN,PLAIN", After: "PLAIN,XOAUTH2", Added: "XOAUTH2", Removed: "LOGIN"}},
		},
		{
			name:  "no size within TLS",
			apply: func() { now.Capabilities.HasSize = false },
			want:  []change.Change{{What: "size", Layer: "tls", Before: "2000", After: ""}},
		},
		{
			name:  "certificate",
			apply: func() { now.TLS.Leaf = second },
			want:  []change.Change{{What: "certificate", Layer: "tls", Before: fingerprint(first), After: fingerprint(second)}},
		},
		{
			name:  "TLS version",
			apply: func() { now.TLS.Version, now.TLS.Cipher = "TLS 1.2", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256" },
			want: []change.Change{{
				What: "tls", Layer: "tls", Before: "TLS 1.3 TLS_AES_128_GCM_SHA256", After: "TLS 1.2 TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
			}},
		},
		{
			name:  "several properties, one with a known value",
			apply: func() { now.PlainCaps = sized(9, "STARTTLS", "HELP") },
			want: []change.Change{
				{What: "extensions", Layer: "plain", Before: "DSN,SIZE,STARTTLS", After: "HELP,SIZE,STARTTLS", Added: "HELP", Removed: "DSN"},
				{What: "size", Layer: "plain", Before: "1001", After: "9"},
			},
		},
		{name: "failed handshake", apply: func() { now.TLS.Complete, now.Capabilities = false, now.PlainCaps }},
		{name: "first values again", apply: func() {
			*now = *withTLS(first)
		}},
	}
	synctest.Test(t, func(t *testing.T) {
		s := withEngine(t, many(1), nil)
		s.probeAs = func(p *probeRequest) *smtpprobe.Result {
			r := *now
			r.Depth, r.Start, r.Total, r.Expected, r.Reply = p.Plan.Depth, time.Now(), time.Second, true, reply(250, "ok")
			return &r
		}
		for _, step := range steps {
			step.apply()
			for gather := range 3 {
				time.Sleep(10 * time.Second)
				acc := s.gathered(t)
				var found []change.Change
				for _, m := range acc.named("smtpprobe_change") {
					found = append(found, changeOf(m))
					require.Equal(t, "smtp://r0.example", m.Tags()["relay"])
					require.Equal(t, "ehlo", m.Tags()["probe"])
					require.Equal(t, acc.only(t, "smtpprobe").Time(), m.Time())
				}
				if gather == 0 {
					require.Equal(t, step.want, found, step.name)
				} else {
					require.Empty(t, found, "%s, again", step.name)
				}
			}
		}
	})
}

func TestChange_AfterRestart(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state")
	gather := func(extensions ...string) *record {
		s := started(t, path, nil)
		defer s.Stop()
		s.probeAs = func(p *probeRequest) *smtpprobe.Result {
			r := working(p)
			r.Capabilities = parsed(extensions...)
			return r
		}
		return s.gathered(t)
	}
	require.Empty(t, gather("SIZE").named("smtpprobe_change"))
	require.Empty(t, gather("SIZE").named("smtpprobe_change"))
	acc := gather("SIZE", "DSN")
	require.Equal(t, change.Change{
		What: change.Extensions, Layer: change.Plain, Before: "SIZE", After: "DSN,SIZE", Added: "DSN",
	}, changeOf(acc.only(t, "smtpprobe_change")))
	require.Equal(t, int64(1), acc.only(t, "smtpprobe").Fields()["capabilities_changed"])
	require.Empty(t, gather("SIZE", "DSN").named("smtpprobe_change"))
	acc = gather("SIZE")
	require.Empty(t, acc.named("smtpprobe_change"), "a known value")
	require.Equal(t, int64(1), acc.only(t, "smtpprobe").Fields()["capabilities_changed"], "differs from the last value")
}

// TestChange_Sessions changes a scripted relay twelve times. Each change is reported
// once.
func TestChange_Sessions(t *testing.T) {
	ca := certs.NewAuthority("test")
	first, second := ca.Issue(certs.For("relay.test")), ca.Issue(certs.For("relay.test"))
	dns := dnstest.Start(t, dnstest.Zone{"relay.test": dnstest.Records("A 127.0.0.1")})
	script := smtptest.Script{
		Hostname:      "one.test",
		TLS:           certs.Server(first),
		Extensions:    []string{"SIZE 1000", "AUTH PLAIN", "LIMITS RCPTMAX=10"},
		ExtensionsTLS: []string{"SIZE 2000", "AUTH LOGIN PLAIN", "LIMITS RCPTMAX=20"},
	}
	plain := func(i int, line string) func() {
		return func() { script.Extensions = slices.Clone(script.Extensions); script.Extensions[i] = line }
	}
	encrypted := func(i int, line string) func() {
		return func() { script.ExtensionsTLS = slices.Clone(script.ExtensionsTLS); script.ExtensionsTLS[i] = line }
	}
	fingerprintOf := func(c tls.Certificate) string { return fingerprint(c.Leaf) }
	before13 := "TLS 1.3 TLS_AES_128_GCM_SHA256 X25519MLKEM768"
	steps := []struct {
		apply func() // before the sessions
		dns   string
		want  change.Change
	}{
		{apply: func() { script.Hostname = "two.test" }, want: change.Change{What: "greeting_host", Layer: "plain", Before: "one.test", After: "two.test"}},
		{
			apply: func() { script.Extensions = append(slices.Clone(script.Extensions), "DSN") },
			want: change.Change{
				What: "extensions", Layer: "plain", Before: "AUTH,LIMITS,SIZE,STARTTLS", After: "AUTH,DSN,LIMITS,SIZE,STARTTLS", Added: "DSN",
			},
		},
		{apply: plain(1, "AUTH PLAIN LOGIN"), want: change.Change{What: "auth", Layer: "plain", Before: "PLAIN", After: "LOGIN,PLAIN", Added: "LOGIN"}},
		{apply: plain(0, "SIZE 1001"), want: change.Change{What: "size", Layer: "plain", Before: "1000", After: "1001"}},
		{
			apply: plain(2, "LIMITS RCPTMAX=10 MAILMAX=5"),
			want:  change.Change{What: "limits", Layer: "plain", Before: "RCPTMAX=10", After: "MAILMAX=5,RCPTMAX=10", Added: "MAILMAX=5"},
		},
		{
			apply: func() { script.ExtensionsTLS = append(slices.Clone(script.ExtensionsTLS), "CHUNKING", "DSN") },
			want: change.Change{
				What: "extensions", Layer: "tls", Before: "AUTH,LIMITS,SIZE", After: "AUTH,CHUNKING,DSN,LIMITS,SIZE", Added: "CHUNKING,DSN",
			},
		},
		{apply: encrypted(1, "AUTH PLAIN"), want: change.Change{What: "auth", Layer: "tls", Before: "LOGIN,PLAIN", After: "PLAIN", Removed: "LOGIN"}},
		{apply: encrypted(0, "SIZE"), want: change.Change{What: "size", Layer: "tls", Before: "2000", After: ""}},
		{
			apply: encrypted(2, "LIMITS RCPTMAX=21"),
			want: change.Change{
				What: "limits", Layer: "tls", Before: "RCPTMAX=20", After: "RCPTMAX=21", Added: "RCPTMAX=21", Removed: "RCPTMAX=20",
			},
		},
		{
			apply: func() { script.TLS = certs.Server(second) },
			want:  change.Change{What: "certificate", Layer: "tls", Before: fingerprintOf(first), After: fingerprintOf(second)},
		},
		{
			apply: func() { script.TLS = certs.ServerUpTo(tls.VersionTLS12, second) },
			want:  change.Change{What: "tls", Layer: "tls", Before: before13, After: "TLS 1.2 TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 X25519"},
		},
		{
			apply: func() {}, dns: "A 127.0.0.2",
			want: change.Change{
				What: "addresses", Layer: "plain", Before: "127.0.0.1", After: "127.0.0.1,127.0.0.2", Added: "127.0.0.2",
			},
		},
	}
	const gathers = 3 // of each step
	sessions := slices.Repeat([]smtptest.Script{script}, gathers)
	for _, s := range steps {
		s.apply()
		sessions = append(sessions, slices.Repeat([]smtptest.Script{script}, gathers)...)
	}
	srv := smtptest.Start(t, smtptest.Sessions(sessions...))
	p := initialized(t, fmt.Sprintf(`
		[[inputs.smtpprobe]]
		servers = ["smtp://relay.test:%d"]
		helo = "probe.example"
		dns_server = %q`, srv.Addr().(*net.TCPAddr).Port, dns.Addr()))

	gather := func() []change.Change {
		acc := newRecord(t)
		require.NoError(t, p.Gather(acc))
		require.Equal(t, "none", acc.only(t, "smtpprobe").Tags()["error_class"], acc.only(t, "smtpprobe").Fields()["error"])
		var found []change.Change
		for _, m := range acc.named("smtpprobe_change") {
			found = append(found, changeOf(m))
		}
		return found
	}
	for range gathers {
		require.Empty(t, gather(), "first values")
	}
	for _, s := range steps {
		if s.dns != "" {
			dns.Set("relay.test", dnstest.Records("A 127.0.0.1", s.dns))
		}
		require.Equal(t, []change.Change{s.want}, gather())
		for range gathers - 1 {
			require.Empty(t, gather(), s.want.What)
		}
	}
}

func TestChange_MX(t *testing.T) {
	dns := dnstest.Start(t, dnstest.Zone{
		"domain.test": dnstest.Records("MX 10 a.test.", "MX 20 b.test."),
		"a.test":      dnstest.Records("A 127.0.0.1"), "b.test": dnstest.Records("A 127.0.0.1"), "c.test": dnstest.Records("A 127.0.0.1"),
	})
	srv := smtptest.Start(t, smtptest.Script{})
	p := initialized(t, fmt.Sprintf(`
		[[inputs.smtpprobe]]
		servers = ["mx://domain.test:%d"]
		helo = "probe.example"
		dns_server = %q`, srv.Addr().(*net.TCPAddr).Port, dns.Addr()))
	gather := func() *record {
		acc := newRecord(t)
		require.NoError(t, p.Gather(acc))
		return acc
	}
	for range forgetAfter + 2 {
		require.Empty(t, gather().named("smtpprobe_change"))
	}
	dns.Set("domain.test", dnstest.Records("MX 10 c.test.", "MX 20 a.test."))
	m := gather().only(t, "smtpprobe_change")
	require.Equal(t, change.Change{
		What: "mx", Layer: "plain", Before: "a.test,b.test", After: "a.test,c.test", Added: "c.test", Removed: "b.test",
	}, changeOf(m))
	require.Equal(t, "domain.test", m.Tags()["source"])
	require.Empty(t, gather().named("smtpprobe_change"))
}

func TestChange_RefusingGreeting(t *testing.T) {
	srv := smtptest.Start(t, smtptest.Sessions(
		smtptest.Script{Hostname: "one.test"}, smtptest.Script{Greeting: smtptest.Say("421 4.3.2 busy")}, smtptest.Script{Hostname: "one.test"},
	))
	p := initialized(t, fmt.Sprintf(`
		[[inputs.smtpprobe]]
		servers = ["smtp://%s"]
		helo = "probe.example"`, srv.Addr()))
	for range 3 {
		acc := newRecord(t)
		require.NoError(t, p.Gather(acc))
		require.Empty(t, acc.named("smtpprobe_change"), "a refusal has no host name")
	}
}
