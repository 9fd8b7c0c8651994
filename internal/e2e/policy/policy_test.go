//go:build e2e

package policy

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/influxdata/telegraf"
	"github.com/influxdata/telegraf/plugins/parsers/influx"
	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/e2e"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/policy"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest/certs"
)

// addresses hands out loopback addresses that no other test uses.
type addresses struct{ second, third, last int } // bytes

func newAddresses() *addresses { return &addresses{second: 64 + rand.IntN(128), third: rand.IntN(256)} }

func (a *addresses) take() string {
	a.last++
	return fmt.Sprintf("127.%d.%d.%d", a.second, a.third, a.last)
}

// once runs smtpprobe --once and returns its metrics.
func once(t *testing.T, config string) []telegraf.Metric {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	place := e2e.PlaceFor(t, "policy")
	cmd := exec.CommandContext(ctx, e2e.Built(t, "SMTPPROBE_BIN", "smtpprobe"), "--config", place.WriteFile(t, "smtpprobe.conf", config), "--once")
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	require.NoError(t, cmd.Run(), stderr.String())
	parser := &influx.Parser{}
	require.NoError(t, parser.Init())
	all, err := parser.Parse(stdout.Bytes())
	require.NoError(t, err)
	return all
}

// find returns the metric of a relay, of its first MX host if there are several. It
// returns nil if there is none.
func find(all []telegraf.Metric, name, relay string) telegraf.Metric {
	for _, m := range all {
		source, _ := m.GetTag("source")
		if of, _ := m.GetTag("relay"); of == relay && m.Name() == name && !strings.HasPrefix(source, "mx2.") {
			return m
		}
	}
	return nil
}

func TestDANE(t *testing.T) {
	installed(t, "knotd", "unbound", "posttls-finger", "unshare")
	t.Parallel()
	ips := newAddresses()
	z := zones{secureZone: nil, insecureZone: nil, wrongZone: nil}
	var dead []string
	var config strings.Builder
	cases := hostCases()
	for i := range cases {
		c := &cases[i]
		if c.zone == "" {
			c.zone = secureZone
		}
		host, address := fmt.Sprintf("c%d", i), ips.take()
		smtptest.Start(t, c.relay, smtptest.On("tcp", address+":25"))
		fill := strings.NewReplacer("HOST", host, "ADDRESS", address)
		if !c.alias {
			z.addf(c.zone, "%s A %s", host, address)
		}
		child := "_tcp." + host + "." + c.zone
		switch {
		case c.dead:
			dead = append(dead, child)
		case c.bogus:
			z[child] = []string{"x TXT x"}
			for _, r := range c.tlsa {
				z.addf(child, "_25 TLSA %s", r)
			}
		default:
			for _, r := range c.tlsa {
				z.addf(c.zone, "_25._tcp.%s TLSA %s", host, r)
			}
		}
		for _, r := range c.records {
			z.addf(c.zone, "%s", fill.Replace(r))
		}
		for _, r := range c.insecure {
			z.addf(insecureZone, "%s", fill.Replace(r))
		}
		fmt.Fprintf(&config, "[[inputs.smtpprobe.relay]]\nname = %q\nurl = \"smtp://%s.%s\"\n", c.name, host, c.zone)
	}
	dns := resolver(t, authority(t, z), z, dead...)
	metrics := once(t, fmt.Sprintf("[[inputs.smtpprobe]]\npolicy = \"report\"\ndnssec = \"trust\"\ndns_server = %q\n%s", dns.At(53), config.String()))
	f := newFinger(t, dns.Address)
	for i, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			point := find(metrics, "smtpprobe_policy", c.name)
			require.NotNil(t, point)
			require.Equal(t, c.dane, point.Fields()["dane"], point)
			require.Equal(t, c.result, point.Fields()["result"])
			if c.differs != "" {
				t.Log("not compared: " + c.differs)
				return
			}
			f.compare(t, fmt.Sprintf("[c%d.%s]:25", i, c.zone), c.dane, c.result)
		})
	}
}

func TestDomains(t *testing.T) {
	installed(t, "knotd", "unbound", "posttls-finger", "unshare")
	t.Parallel()
	ips := newAddresses()
	web := ips.take()
	ca := certs.NewAuthority("public")
	pem := e2e.PlaceFor(t, "ca").File("ca.pem")
	require.NoError(t, ca.WriteFile(pem))
	z := zones{secureZone: nil, insecureZone: nil, wrongZone: nil}
	var config strings.Builder
	cases := domainCases(ca)
	byHost := make(map[string]*domainCase)
	for i := range cases {
		c := &cases[i]
		if c.zone == "" {
			c.zone = secureZone
		}
		domain, address := fmt.Sprintf("d%d", i), ips.take()
		host := "mx." + domain + "." + secureZone
		script, cert := c.relay(host, ca)
		smtptest.Start(t, script, smtptest.On("tcp", address+":25"))
		z.addf(secureZone, "mx.%s A %s", domain, address)
		switch record := tlsa(3, 1, 1, cert.Certificate[0]); c.tlsa {
		case "EE":
			z.addf(secureZone, "_25._tcp.mx.%s TLSA %s", domain, record)
		case "TA":
			z.addf(secureZone, "_25._tcp.mx.%s TLSA %s", domain, tlsa(2, 1, 1, ca.Certificate().Raw))
		case "stale":
			z.addf(secureZone, "_25._tcp.mx.%s TLSA %s", domain, stale(record))
		}
		switch {
		case c.alias:
			z.addf(c.zone, "%s CNAME target-%[1]s\ntarget-%[1]s MX 10 %s.", domain, host)
		case c.mx == nil:
			z.addf(c.zone, "%s MX 10 %s.", domain, host)
		}
		for n, name := range c.mx {
			z.addf(c.zone, "%s MX %d %s.%s", domain, n, name, domain)
		}
		if c.mx != nil {
			z.addf(c.zone, "%s A %s\nmx2.%[1]s A %[2]s", domain, address)
		}
		if c.txt == nil {
			c.txt = []string{fmt.Sprintf(`"v=STSv1; id=%d;"`, i)}
		}
		for _, txt := range c.txt {
			z.addf(c.zone, "_mta-sts.%s TXT %s", domain, txt)
		}
		if c.web != nil {
			z.addf(c.zone, "mta-sts.%s A %s", domain, web)
			byHost["mta-sts."+domain+"."+c.zone] = c
		}
		fmt.Fprintf(&config, "[[inputs.smtpprobe.relay]]\nname = %q\nurl = \"mx://%s.%s\"\nallow_private_mx = %t\n", c.name, domain, c.zone, !c.private)
	}
	policyHosts(t, web, ca, byHost)
	dns := resolver(t, authority(t, z), z)
	lines := fmt.Sprintf("[[inputs.smtpprobe]]\npolicy = \"report\"\ndnssec = \"trust\"\ntls_ca = %q\ndns_server = %q\n%s", pem, dns.At(53), config.String())
	metrics := once(t, lines)
	f := newFinger(t, dns.Address)
	seen := make(map[string]bool)
	for i, c := range cases {
		point := find(metrics, "smtpprobe_policy", c.name)
		require.NotNil(t, point, c.name)
		seen[fmt.Sprint(point.Fields()["result"])] = true
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := make(map[string]any)
			for _, name := range fields {
				got[name] = point.Fields()[name]
			}
			require.Equal(t, c.want, got)
			domain := find(metrics, "smtpprobe_policy_domain", c.name)
			require.NotNil(t, domain)
			require.Equal(t, c.deliver, domain.Fields()["would_deliver"])
			if c.differs != "" {
				t.Log("not compared: " + c.differs)
				return
			}
			f.compare(t, fmt.Sprintf("d%d.%s", i, c.zone), c.want["dane"].(string), c.want["result"].(string))
		})
	}
	for _, r := range policy.Results() {
		require.True(t, seen[string(r)], "no case has the result %s", r)
	}
}

// TestRestart runs smtpprobe twice with a state file. The policy host fails the second
// time.
func TestRestart(t *testing.T) {
	installed(t, "knotd", "unbound")
	t.Parallel()
	ips := newAddresses()
	web, address := ips.take(), ips.take()
	ca := certs.NewAuthority("public")
	place := e2e.PlaceFor(t, "restart")
	require.NoError(t, ca.WriteFile(place.File("ca.pem")))
	z := zones{secureZone: nil}
	z.addf(secureZone, `d MX 10 mx.d.%s.
mx.d A %s
_mta-sts.d TXT "v=STSv1; id=1;"
mta-sts.d A %s`, secureZone, address, web)
	const host = "mx.d." + secureZone
	smtptest.Start(t, smtptest.Script{TLS: certs.Server(ca.Issue(certs.For(host)))}, smtptest.On("tcp", address+":25"))
	var failing atomic.Bool
	policyHosts(t, web, ca, map[string]*domainCase{"mta-sts.d." + secureZone: {web: func(w http.ResponseWriter, r *http.Request) {
		if failing.Load() {
			http.Error(w, "no policy", http.StatusServiceUnavailable)
			return
		}
		serve(enforceHost)(w, r)
	}}})
	dns := resolver(t, authority(t, z), z)
	config := fmt.Sprintf(`[[inputs.smtpprobe]]
policy = "report"
dnssec = "trust"
tls_ca = %q
dns_server = %q
state_file = %q
[[inputs.smtpprobe.relay]]
name = "d"
url = "mx://d.%s"
allow_private_mx = true
`, place.File("ca.pem"), dns.At(53), place.File("state"), secureZone)
	for _, result := range []string{successful, "sts-policy-fetch-error", "sts-policy-fetch-error"} {
		point := find(once(t, config), "smtpprobe_policy", "d")
		require.NotNil(t, point)
		require.Equal(t, "enforce", point.Fields()["sts"])
		require.Equal(t, int64(1), point.Fields()["would_deliver_sts"])
		require.Equal(t, result, point.Fields()["result"])
		failing.Store(true)
	}
}
