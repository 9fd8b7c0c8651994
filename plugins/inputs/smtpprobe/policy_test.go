package smtpprobe

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/dnstest"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/policy"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest/certs"
)

// tlsaRecord returns the 3 1 1 record of a certificate for a zone.
func tlsaRecord(t *testing.T, c tls.Certificate) string {
	t.Helper()
	leaf, err := x509.ParseCertificate(c.Certificate[0])
	require.NoError(t, err)
	sum := sha256.Sum256(leaf.RawSubjectPublicKeyInfo)
	return "TLSA 3 1 1 " + hex.EncodeToString(sum[:])
}

// staleTLSA matches no certificate.
const staleTLSA = "TLSA 3 1 1 0000000000000000000000000000000000000000000000000000000000000000"

// mailDomain is domain.test. Its MX hosts mx1 and mx2 are the same relay, and its
// MTA-STS policy lists mx1 only.
type mailDomain struct {
	relay    *smtptest.Server
	dns      *dnstest.Server
	ca       string
	requests atomic.Int64
	broken   atomic.Bool // the policy host replies with status 500
	// usePolicyHost makes a plugin fetch policies from the policy host, which does
	// not listen on port 443.
	usePolicyHost func(t *testing.T, p *SMTPProbe)
}

func newMailDomain(t *testing.T, more dnstest.Zone) *mailDomain {
	t.Helper()
	d := &mailDomain{}
	ca := certs.NewAuthority("policy")
	d.ca = filepath.Join(t.TempDir(), "ca.pem")
	require.NoError(t, ca.WriteFile(d.ca))
	cert := ca.Issue(certs.For("mx1.domain.test", "mx2.domain.test"))
	d.relay = smtptest.Start(t, smtptest.Script{TLS: certs.Server(cert)})

	secure, records := dnstest.Secure, dnstest.Records
	port := d.relay.Port()
	zone := dnstest.Zone{
		"domain.test":     secure(records("MX 10 mx1.domain.test.", "MX 20 mx2.domain.test.")),
		"mx1.domain.test": secure(records("A 127.0.0.1")),
		"mx2.domain.test": secure(records("A 127.0.0.1")),
		fmt.Sprintf("_%d._tcp.mx1.domain.test", port): secure(records(tlsaRecord(t, cert))),
		fmt.Sprintf("_%d._tcp.mx2.domain.test", port): secure(records(staleTLSA)),
		"_mta-sts.domain.test":                        records(`TXT "v=STSv1; id=7;"`),
		"mta-sts.domain.test":                         records("A 127.0.0.1"),
	}
	for name, answer := range more {
		zone[name] = answer
	}
	d.dns = dnstest.Start(t, zone)
	web := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		d.requests.Add(1)
		if d.broken.Load() {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "text/plain")
		fmt.Fprint(w, "version: STSv1\nmode: enforce\nmx: mx1.domain.test\nmax_age: 86400\n")
	}))
	web.TLS = certs.Server(ca.Issue(certs.For("mta-sts.domain.test")))
	web.StartTLS()
	t.Cleanup(web.Close)
	d.usePolicyHost = func(t *testing.T, p *SMTPProbe) {
		t.Helper()
		for _, r := range p.parsedRelays {
			if r.policies != nil {
				r.policies = policy.NewSource(policy.Options{
					Resolver: policy.Resolver{Server: d.dns.Addr(), Trust: true}, Interval: time.Hour,
					Fetcher: policy.Fetcher{Roots: r.prober.TLS.RootCAs, AllowPrivate: true, Dialer: fixedDialer(web.Listener.Addr().String())},
				})
			}
		}
		t.Cleanup(p.Stop)
	}
	return d
}

// fixedDialer is the address that it connects to.
type fixedDialer string

func (d fixedDialer) DialContext(ctx context.Context, network, _ string) (net.Conn, error) {
	return new(net.Dialer).DialContext(ctx, network, string(d))
}

// plugin returns a plugin that reports the policies of the domain.
func (d *mailDomain) plugin(t *testing.T, more string) *SMTPProbe {
	t.Helper()
	p := initialized(t, fmt.Sprintf(`
		[[inputs.smtpprobe]]
		servers = ["mx://domain.test:%d"]
		helo = "probe.example"
		dns_server = %q
		tls_ca = %q
		allow_private_mx = true
		policy = "report"
		dnssec = "trust"
		%s`, d.relay.Port(), d.dns.Addr(), d.ca, more))
	d.usePolicyHost(t, p)
	return p
}

// verdicts returns the fields of smtpprobe_policy by host.
func verdicts(t *testing.T, acc *record) map[string]map[string]any {
	t.Helper()
	found := make(map[string]map[string]any)
	for _, m := range acc.named("smtpprobe_policy") {
		fields := m.Fields()
		found[m.Tags()["source"]] = fields
		if fields["sts_cert_expiry"] != nil {
			require.Positive(t, fields["sts_cert_expiry"])
			delete(fields, "sts_cert_expiry")
		}
	}
	return found
}

func TestPolicy(t *testing.T) {
	d := newMailDomain(t, nil)
	p := d.plugin(t, "")
	for range 3 {
		acc := newRecord(t)
		require.NoError(t, p.Gather(acc))
		require.Equal(t, map[string]map[string]any{
			"mx1.domain.test": {
				"dane": "ok", "tlsa_usable": int64(1), "tlsa_matching": int64(1), "tlsa_match": "3 1 1", "would_deliver_dane": int64(1),
				"sts": "enforce", "sts_covers": int64(1), "sts_id": "7", "sts_max_age": int64(86400), "would_deliver_sts": int64(1), "result": "successful",
			},
			"mx2.domain.test": {
				"dane": "mismatch", "tlsa_usable": int64(1), "tlsa_matching": int64(0), "would_deliver_dane": int64(0),
				"sts": "enforce", "sts_covers": int64(0), "sts_id": "7", "sts_max_age": int64(86400), "would_deliver_sts": int64(0), "result": "tlsa-invalid",
			},
		}, verdicts(t, acc))
		domain := acc.only(t, "smtpprobe_policy_domain")
		require.Equal(t, map[string]string{"relay": p.parsedRelays[0].name, "domain": "domain.test"}, domain.Tags())
		require.Equal(t, map[string]any{"would_deliver": int64(1), "mx_total": int64(2), "mx_failing_dane": int64(1), "mx_failing_sts": int64(1)}, domain.Fields())
		for _, m := range acc.named("smtpprobe") {
			require.Equal(t, int64(1), m.Fields()["success"], "a policy changed success")
		}
		m := acc.named("smtpprobe_policy")[0]
		require.Equal(t, "ehlo", m.Tags()["probe"])
		require.Equal(t, "opportunistic", m.Tags()["tls"])
		require.Equal(t, "domain.test", m.Tags()["domain"])
	}
	require.Equal(t, int64(1), d.requests.Load())
	require.Equal(t, int64(4+2+2), p.parsedRelays[0].policies.Questions())
	require.Len(t, d.relay.Wait(t, 3*2), 3*2, "sessions, one for each host and gather")
}

// A policy that was fetched before a restart stays in effect (RFC 8461 §3.3).
func TestPolicy_Restart(t *testing.T) {
	d := newMailDomain(t, nil)
	settings := fmt.Sprintf("state_file = %q", filepath.Join(t.TempDir(), "state"))
	gather := func() map[string]any {
		p := d.plugin(t, settings)
		require.NoError(t, p.Start(nil))
		defer p.Stop()
		acc := newRecord(t)
		require.NoError(t, p.Gather(acc))
		return verdicts(t, acc)["mx1.domain.test"]
	}
	fields := gather()
	require.Equal(t, "successful", fields["result"])
	d.broken.Store(true)
	for i := range 2 {
		fields = gather()
		require.Equal(t, int64(2+i), d.requests.Load())
		require.Equal(t, "enforce", fields["sts"])
		require.Equal(t, "7", fields["sts_id"])
		require.Equal(t, int64(1), fields["would_deliver_sts"])
		require.Equal(t, "sts-policy-fetch-error", fields["result"])
	}
	d.dns.Set("_mta-sts.domain.test", nil)
	require.Equal(t, "enforce", gather()["sts"])
}

func TestPolicy_Host(t *testing.T) {
	d := newMailDomain(t, nil)
	p := initialized(t, fmt.Sprintf(`
		[[inputs.smtpprobe]]
		servers = ["smtp://mx1.domain.test:%d"]
		helo = "probe.example"
		dns_server = %q
		policy = "report"
		dnssec = "trust"`, d.relay.Port(), d.dns.Addr()))
	t.Cleanup(p.Stop)
	acc := newRecord(t)
	require.NoError(t, p.Gather(acc))
	require.Equal(t, map[string]map[string]any{"mx1.domain.test": {
		"dane": "ok", "tlsa_usable": int64(1), "tlsa_matching": int64(1), "tlsa_match": "3 1 1", "would_deliver_dane": int64(1), "result": "successful",
	}}, verdicts(t, acc))
	require.Empty(t, acc.named("smtpprobe_policy_domain"))
	require.Zero(t, d.requests.Load())
}

func TestPolicy_DNSSECOff(t *testing.T) {
	d := newMailDomain(t, nil)
	p := initialized(t, fmt.Sprintf(`
		[[inputs.smtpprobe]]
		servers = ["smtp://mx2.domain.test:%d"]
		helo = "probe.example"
		dns_server = %q
		policy = "report"`, d.relay.Port(), d.dns.Addr()))
	t.Cleanup(p.Stop)
	acc := newRecord(t)
	require.NoError(t, p.Gather(acc))
	require.Equal(t, map[string]map[string]any{"mx2.domain.test": {
		"dane": "unvalidated", "tlsa_usable": int64(1), "tlsa_matching": int64(0), "result": "successful",
	}}, verdicts(t, acc))
}

func TestPolicy_Off(t *testing.T) {
	d := newMailDomain(t, nil)
	p := d.plugin(t, "")
	off := initialized(t, fmt.Sprintf(`
		[[inputs.smtpprobe]]
		servers = ["mx://domain.test:%d"]
		helo = "probe.example"
		allow_private_mx = true
		dns_server = %q`, d.relay.Port(), d.dns.Addr()))
	acc := newRecord(t)
	require.NoError(t, off.Gather(acc))
	require.Empty(t, acc.named("smtpprobe_policy"))
	require.Empty(t, acc.named("smtpprobe_policy_domain"))
	for _, q := range d.dns.Queries() {
		require.NotContains(t, q, "TLSA")
		require.NotContains(t, q, "TXT")
	}
	require.Zero(t, p.parsedRelays[0].policies.Questions())
}

func TestPolicy_Bogus(t *testing.T) {
	d := newMailDomain(t, dnstest.Zone{"domain.test": dnstest.Bogus(dnstest.Records("MX 10 mx1.domain.test."))})
	p := d.plugin(t, "")
	acc := newRecord(t)
	require.NoError(t, p.Gather(acc))
	fields := verdicts(t, acc)["domain.test"]
	require.Equal(t, "bogus", fields["dane"])
	require.Equal(t, int64(0), fields["would_deliver_dane"])
	require.Equal(t, "dnssec-invalid", fields["result"])
	require.Equal(t, int64(0), acc.only(t, "smtpprobe_policy_domain").Fields()["would_deliver"])
}

func TestPolicy_NullMX(t *testing.T) {
	d := newMailDomain(t, dnstest.Zone{"domain.test": dnstest.Secure(dnstest.Records("MX 0 ."))})
	acc := newRecord(t)
	require.NoError(t, d.plugin(t, "").Gather(acc))
	require.Equal(t, "null_mx", acc.only(t, "smtpprobe").Tags()["reason"])
	fields := verdicts(t, acc)["domain.test"]
	require.Equal(t, "enforce", fields["sts"])
	for _, name := range []string{"dane", "would_deliver_dane", "would_deliver_sts", "result"} {
		require.NotContains(t, fields, name)
	}
	require.Equal(t, map[string]any{"mx_total": int64(0), "mx_failing_dane": int64(0), "mx_failing_sts": int64(0)},
		acc.only(t, "smtpprobe_policy_domain").Fields())
}

func TestPolicy_SNI(t *testing.T) {
	names := make(chan string, 1)
	ca := certs.NewAuthority("sni")
	other, wanted := ca.Issue(certs.For("127.0.0.1")), ca.Issue(certs.For("target.test"))
	config := certs.Server(other)
	config.GetCertificate = func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
		names <- hello.ServerName
		if hello.ServerName == "target.test" {
			return &wanted, nil
		}
		return &other, nil
	}
	srv := smtptest.Start(t, smtptest.Script{TLS: config})
	dns := dnstest.Start(t, dnstest.Zone{
		"mx.test": dnstest.Secure(dnstest.Chain("mx.test CNAME target.test.", "target.test A 127.0.0.1")),
		fmt.Sprintf("_%d._tcp.target.test", srv.Port()): dnstest.Secure(dnstest.Records(tlsaRecord(t, wanted))),
	})
	p := initialized(t, fmt.Sprintf(`
		[[inputs.smtpprobe]]
		servers = ["smtp://mx.test:%d"]
		helo = "probe.example"
		dns_server = %q
		policy = "report"
		dnssec = "trust"`, srv.Port(), dns.Addr()))
	t.Cleanup(p.Stop)
	acc := newRecord(t)
	require.NoError(t, p.Gather(acc))
	require.Equal(t, "target.test", <-names)
	require.Equal(t, "ok", verdicts(t, acc)["mx.test"]["dane"])
}

func TestPolicy_SilentResolver(t *testing.T) {
	d := newMailDomain(t, nil)
	p := initialized(t, fmt.Sprintf(`
		[[inputs.smtpprobe]]
		servers = ["smtp://mx1.domain.test:%d"]
		helo = "probe.example"
		dns_server = %q
		timeout = "1s"
		connect_timeout = "800ms"
		policy = "report"
		dnssec = "trust"`, d.relay.Port(), d.dns.Addr()))
	d.dns.Set(fmt.Sprintf("_%d._tcp.mx1.domain.test", d.relay.Port()), dnstest.Silence())
	t.Cleanup(p.Stop)
	acc := newRecord(t)
	start := time.Now()
	require.NoError(t, p.Gather(acc))
	require.Less(t, time.Since(start), 2*time.Second)
	require.Equal(t, int64(1), acc.only(t, "smtpprobe").Fields()["success"])
	require.Equal(t, "error", verdicts(t, acc)["mx1.domain.test"]["dane"])
}

func TestPolicy_Settings(t *testing.T) {
	for name, tt := range map[string]struct{ settings, want string }{
		"policy":           {settings: `policy = "on"`, want: `invalid policy "on": must be one of off, report`},
		"dnssec":           {settings: `dnssec = "on"`, want: `invalid dnssec "on": must be one of off, trust`},
		"policy_interval":  {settings: `policy_interval = "0s"`, want: `invalid policy_interval "0s": must be positive`},
		"starttls":         {settings: "policy = \"report\"\nstarttls = \"never\"", want: `policy "report" needs STARTTLS, which starttls "never" rules out`},
		"connect":          {settings: "policy = \"report\"\nprobe = \"connect\"", want: `policy "report" needs STARTTLS, and probe "connect" ends before that`},
		"submission relay": {settings: "[[inputs.smtpprobe.relay]]\nurl = \"submission://a.test\"\npolicy = \"report\"", want: `policy "report" applies to mx://domain and to smtp:// with a host name`},
		"IP address":       {settings: "[[inputs.smtpprobe.relay]]\nurl = \"smtp://192.0.2.1\"\npolicy = \"report\"", want: `policy "report" applies to mx://domain and to smtp:// with a host name`},
	} {
		p, err := load(t, "[[inputs.smtpprobe]]\nservers = [\"smtp://a.test\"]\ndns_server = \"127.0.0.1\"\n"+tt.settings)
		if err == nil {
			err = p.Init()
		}
		require.ErrorContains(t, err, tt.want, name)
	}
	p := initialized(t, `
		[[inputs.smtpprobe]]
		servers = ["smtp://a.test", "mx://b.test", "submission://c.test", "smtp://192.0.2.1", "lmtp:///socket", "lmtp://d.test"]
		dns_server = "127.0.0.1"
		policy = "report"`)
	for i, applies := range []bool{true, true, false, false, false, false} {
		require.Equal(t, applies, p.parsedRelays[i].policies != nil, p.parsedRelays[i].name)
	}
	require.Same(t, p.parsedRelays[0].policies, p.parsedRelays[1].policies)
}

func TestPolicy_Documentation(t *testing.T) {
	doc, err := os.ReadFile("../../../docs/policy.md")
	require.NoError(t, err)
	blocks := regexp.MustCompile("(?s)```toml\n(.*?)```").FindAllStringSubmatch(string(doc), -1)
	require.Len(t, blocks, 1)
	for _, r := range initialized(t, blocks[0][1]).parsedRelays {
		require.NotNil(t, r.policies)
	}
	for _, s := range policy.States() {
		require.Contains(t, string(doc), "`"+s.Name+"`")
	}
}
