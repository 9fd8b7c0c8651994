package smtpprobe

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/influxdata/telegraf"
	"github.com/influxdata/telegraf/selfstat"
	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/dnstest"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest"
)

// outcomeOfTarget returns the target and the outcome of a metric.
func outcomeOfTarget(m telegraf.Metric) string {
	tags := m.Tags()
	text := tags["source"]
	if tags["domain"] != "" {
		text = tags["domain"] + " " + text
	}
	if tags["ip"] != "" {
		text += " " + tags["ip"]
	}
	return text + " " + tags["error_class"] + "/" + tags["reason"] + " " + tags["phase"]
}

// gatherTargets gathers once and returns the targets and their outcomes, in the order
// in which the probes ended.
func gatherTargets(t *testing.T, p *SMTPProbe) []string {
	t.Helper()
	acc := newRecord(t)
	require.NoError(t, p.Gather(acc))
	list := make([]string, 0, 4)
	for _, m := range acc.named("smtpprobe") {
		list = append(list, outcomeOfTarget(m))
	}
	return list
}

func TestMX_OneMetricPerHost(t *testing.T) {
	srv := smtptest.Start(t, smtptest.Script{})
	dns := dnstest.Start(t, dnstest.Zone{
		"domain.test":         dnstest.Records("MX 20 b.test.", "MX 10 c.test.", "MX 20 a.test.", "MX 10 C.test."),
		"a.test":              dnstest.Records("A 127.0.0.1"),
		"b.test":              dnstest.Records("A 127.0.0.1"),
		"c.test":              dnstest.Records("A 127.0.0.1"),
		"implicit.test":       dnstest.Records("A 127.0.0.1"),
		"null.test":           dnstest.Records("MX 0 ."),
		"half.test":           dnstest.Records("MX 10 gone.test.", "MX 20 a.test.", "MX 30 broken.test."),
		"literal.test":        dnstest.Records("MX 10 127.0.0.1."),
		"broken.test":         dnstest.ServFail(),
		"refusing.test":       dnstest.Refused(),
		"garbage.test":        dnstest.Garbage(),
		"silent.test":         dnstest.Silence(),
		"empty.test":          dnstest.NoData(),
		"large.test":          dnstest.Truncated(dnstest.Records("MX 10 a.test.")),
		"xn--bcher-kva.test":  dnstest.Records("MX 10 xn--mnchen-3ya.test."),
		"xn--mnchen-3ya.test": dnstest.Records("A 127.0.0.1"),
	})
	for domain, expected := range map[string][]string{
		"domain.test":   {"domain.test c.test none/none done", "domain.test a.test none/none done", "domain.test b.test none/none done"},
		"implicit.test": {"implicit.test implicit.test none/none done"},
		"null.test":     {"null.test null.test dns_not_found/null_mx dns"},
		"half.test":     {"half.test gone.test dns_not_found/not_found dns", "half.test a.test none/none done", "half.test broken.test dns_error/server_failure dns"},
		"literal.test":  {"literal.test literal.test dns_not_found/not_found dns"},
		"gone.test":     {"gone.test gone.test dns_not_found/not_found dns"},
		"empty.test":    {"empty.test empty.test dns_not_found/not_found dns"},
		"broken.test":   {"broken.test broken.test dns_error/server_failure dns"},
		"refusing.test": {"refusing.test refusing.test dns_error/server_failure dns"},
		"garbage.test":  {"garbage.test garbage.test dns_error/server_failure dns"},
		"silent.test":   {"silent.test silent.test dns_timeout/none dns"},
		"large.test":    {"large.test a.test none/none done"},
		"bücher.test":   {"xn--bcher-kva.test xn--mnchen-3ya.test none/none done"},
	} {
		t.Run(domain, func(t *testing.T) {
			p := initialized(t, fmt.Sprintf(`
				[[inputs.smtpprobe]]
				servers = ["mx://%s:%d"]
				helo = "probe.example"
				allow_private_mx = true
				dns_server = %q
				connect_timeout = "300ms"
				max_concurrent = 1 # in a defined order
				`, domain, srv.Port(), dns.Addr()))
			require.Equal(t, expected, gatherTargets(t, p))
		})
	}
}

func TestMX_Unresolved(t *testing.T) {
	dns := dnstest.Start(t, dnstest.Zone{"broken.test": dnstest.ServFail()})
	p := initialized(t, fmt.Sprintf(`
		[[inputs.smtpprobe]]
		servers = ["mx://broken.test"]
		helo = "probe.example"
		allow_private_mx = true
		dns_server = %q`, dns.Addr()))
	acc := newRecord(t)
	require.NoError(t, p.Gather(acc))
	m := acc.only(t, "smtpprobe")
	require.Equal(t, map[string]string{
		"relay": "mx://broken.test", "source": "broken.test", "domain": "broken.test", "port": "25", "tls": "opportunistic", "probe": "ehlo",
		"error_class": "dns_error", "reason": "server_failure", "reply_code": "none", "phase": "dns", "fault": "network",
	}, m.Tags())
	require.NotContains(t, m.Fields(), "dns_time")
	require.Positive(t, m.Fields()["failed_phase_time"])
	require.Positive(t, m.Fields()["total_time"])
	require.Equal(t, int64(1), m.Fields()["temporary"])
}

// listenOnAll starts a relay on each address, with the same port.
func listenOnAll(t *testing.T, script smtptest.Script, ips ...string) (port int) {
	t.Helper()
	const attempts = 20
	var last error
	for range attempts {
		port = int(smtptest.Start(t, script, smtptest.On("tcp", net.JoinHostPort(ips[0], "0"))).Port())
		last = nil
		for _, ip := range ips[1:] {
			srv, err := smtptest.Listen(script, smtptest.On("tcp", net.JoinHostPort(ip, strconv.Itoa(port))))
			if errors.Is(err, syscall.EADDRNOTAVAIL) || errors.Is(err, syscall.EAFNOSUPPORT) {
				t.Skip("this machine has no " + ip)
			}
			if last = err; err != nil {
				break
			}
			t.Cleanup(srv.Close)
		}
		if last == nil {
			return port
		}
	}
	require.NoError(t, last, "no port is free on all of %s", ips)
	return 0
}

func TestAddresses_All(t *testing.T) {
	port := listenOnAll(t, smtptest.Script{}, "127.0.0.1", "127.0.0.2", "::1")
	dns := dnstest.Start(t, dnstest.Zone{
		"relay.test":  dnstest.Records("A 127.0.0.1", "A 127.0.0.2", "A 127.0.0.3", "AAAA ::1", "A 127.0.0.2"),
		"domain.test": dnstest.Records("MX 10 relay.test.", "MX 20 gone.test."),
	})
	each := []string{"127.0.0.1 none/none done", "127.0.0.2 none/none done", "127.0.0.3 connect_error/refused connect", "::1 none/none done"}
	with := func(prefix string, list []string, more ...string) []string {
		prefixed := make([]string, 0, len(list)+len(more))
		for _, text := range list {
			prefixed = append(prefixed, prefix+text)
		}
		return append(prefixed, more...)
	}
	for name, tt := range map[string]struct {
		url, settings string
		expected      []string
	}{
		"host":                    {"smtp://relay.test", `addresses = "all"`, with("relay.test ", each)},
		"host, IPv4":              {"smtp://relay.test", "addresses = \"all\"\nip_version = \"ipv4\"", with("relay.test ", each[:3])},
		"host, IPv6":              {"smtp://relay.test", "addresses = \"all\"\nip_version = \"ipv6\"", with("relay.test ", each[3:])},
		"domain":                  {"mx://domain.test", `addresses = "all"`, with("domain.test relay.test ", each, "domain.test gone.test dns_not_found/not_found dns")},
		"address":                 {"smtp://127.0.0.2", `addresses = "all"`, []string{"127.0.0.2 127.0.0.2 none/none done"}},
		"first address of a host": {"smtp://relay.test", `addresses = "first"`, []string{"relay.test none/none done"}},
	} {
		t.Run(name, func(t *testing.T) {
			p := initialized(t, fmt.Sprintf(`
				[[inputs.smtpprobe]]
				servers = ["%s:%d"]
				helo = "probe.example"
				allow_private_mx = true
				dns_server = %q
				%s`, tt.url, port, dns.Addr(), tt.settings))
			list := gatherTargets(t, p)
			slices.Sort(list)
			slices.Sort(tt.expected)
			require.Equal(t, tt.expected, list)
		})
	}
}

func TestMX_SilentNameServers(t *testing.T) {
	srv := smtptest.Start(t, smtptest.Script{})
	zone, records := dnstest.Zone{"healthy.test": dnstest.Records("A 127.0.0.1")}, []string{"MX 99 healthy.test."}
	for i := range 8 {
		host := fmt.Sprintf("silent%d.test", i)
		zone[host] = dnstest.Silence()
		records = append(records, "MX 10 "+host+".")
	}
	zone["domain.test"] = dnstest.Records(records...)
	p := initialized(t, fmt.Sprintf(`
		[[inputs.smtpprobe]]
		servers = ["mx://domain.test:%d"]
		helo = "probe.example"
		allow_private_mx = true
		addresses = "all"
		dns_server = %q
		connect_timeout = "500ms"
		timeout = "3s"`, srv.Port(), dnstest.Start(t, zone).Addr()))
	list := gatherTargets(t, p)
	require.Len(t, list, 9)
	require.Contains(t, list, "domain.test healthy.test 127.0.0.1 none/none done")
	require.Contains(t, list, "domain.test silent7.test dns_timeout/none dns")
}

func TestAddresses_IPVersion(t *testing.T) {
	port := listenOnAll(t, smtptest.Script{}, "127.0.0.1", "::1")
	dns := dnstest.Start(t, dnstest.Zone{
		"both.test": dnstest.Records("A 127.0.0.1", "AAAA ::1"),
		"four.test": dnstest.Records("A 127.0.0.1"),
	})
	for _, tt := range []struct{ host, version, remote, class string }{
		{"both.test", "ipv4", "127.0.0.1", "none"},
		{"both.test", "ipv6", "::1", "none"},
		{"four.test", "ipv6", "", "dns_not_found"},
	} {
		p := initialized(t, fmt.Sprintf(`
			[[inputs.smtpprobe]]
			servers = ["smtp://%s:%d"]
			helo = "probe.example"
			dns_server = %q
			ip_version = %q`, tt.host, port, dns.Addr(), tt.version))
		acc := newRecord(t)
		require.NoError(t, p.Gather(acc))
		m := acc.only(t, "smtpprobe")
		require.Equal(t, tt.class, m.Tags()["error_class"], tt)
		if tt.remote != "" {
			require.Equal(t, net.JoinHostPort(tt.remote, strconv.Itoa(port)), m.Fields()["remote_address"])
			require.Positive(t, m.Fields()["dns_time"])
		}
	}
}

func TestMX_ChangingAnswers(t *testing.T) {
	srv := smtptest.Start(t, smtptest.Script{})
	dns := dnstest.Start(t, dnstest.Zone{"a.test": dnstest.Records("A 127.0.0.1"), "b.test": dnstest.Records("A 127.0.0.1")})
	p := initialized(t, fmt.Sprintf(`
		[[inputs.smtpprobe]]
		servers = ["mx://domain.test:%d"]
		helo = "probe.example"
		allow_private_mx = true
		dns_server = %q
		connect_timeout = "300ms"
		max_concurrent = 1
		[[inputs.smtpprobe.group]]
		name = "g"
		relays = ["mx://domain.test:%[1]d"]`, srv.Port(), dns.Addr()))
	for _, step := range []struct {
		answer   dnstest.Answer
		expected []string
		success  int64
	}{
		{nil, []string{"domain.test dns_not_found/not_found dns"}, 0},
		{dnstest.Records("MX 10 a.test."), []string{"a.test none/none done"}, 1},
		{dnstest.Records("MX 10 a.test.", "MX 5 b.test."), []string{"b.test none/none done", "a.test none/none done"}, 1},
		{dnstest.ServFail(), []string{"domain.test dns_error/server_failure dns"}, 0},
		{dnstest.Records("MX 10 gone.test."), []string{"gone.test dns_not_found/not_found dns"}, 0},
		{dnstest.Silence(), []string{"domain.test dns_timeout/none dns"}, 0},
		{dnstest.Records("MX 0 ."), []string{"domain.test dns_not_found/null_mx dns"}, 0},
		{dnstest.Records("MX 10 b.test."), []string{"b.test none/none done"}, 1},
	} {
		dns.Set("domain.test", step.answer)
		acc := newRecord(t)
		require.NoError(t, p.Gather(acc))
		list := make([]string, 0, 2)
		for _, m := range acc.named("smtpprobe") {
			list = append(list, strings.TrimPrefix(outcomeOfTarget(m), "domain.test "))
		}
		require.Equal(t, step.expected, list)
		require.Equal(t, step.success, acc.only(t, "smtpprobe_group").Fields()["success"])
	}
	for i := range 3 * forgetAfter {
		dns.Set("domain.test", dnstest.Records(fmt.Sprintf("MX 10 gone%d.test.", i)))
		require.Len(t, gatherTargets(t, p), 1)
	}
	require.LessOrEqual(t, len(p.parsedRelays[0].states), 2+forgetAfter)
}

// At most 64 addresses of a host and 256 targets of a relay are probed. The others are
// counted, with one warning for each relay.
func TestAddresses_Limits(t *testing.T) {
	zone, mx := dnstest.Zone{}, make([]string, 0, 10)
	for host := range 10 {
		records := make([]string, 70)
		for i := range records {
			records[i] = fmt.Sprintf("A 127.%d.0.%d", host+1, i+1)
		}
		name := fmt.Sprintf("mx%d.test", host)
		zone[name] = dnstest.Truncated(dnstest.Records(records...)) // too many for a datagram
		mx = append(mx, fmt.Sprintf("MX %d %s.", host, name))
	}
	zone["domain.test"] = dnstest.Records(mx...)
	dns := dnstest.Start(t, zone)
	for name, tt := range map[string]struct {
		url, addresses string
		targets        int
		omitted        int64
		warning        string
	}{
		"host, all addresses":   {"smtp://mx0.test:1", "all", 64, 6, `relay "smtp://mx0.test:1": DNS has too many targets: 6 are not probed`},
		"domain, all addresses": {"mx://domain.test:1", "all", 256, 700 - 256, `relay "mx://domain.test:1": DNS has too many targets: 444 are not probed`},
		"host, first address":   {"smtp://mx0.test:1", "first", 1, 6, `relay "smtp://mx0.test:1": DNS has too many addresses: 6 are not probed`},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := load(t, fmt.Sprintf(`
				[[inputs.smtpprobe]]
				servers = [%q]
				helo = "probe.example"
				allow_private_mx = true
				addresses = %q
				dns_server = %q`, tt.url, tt.addresses, dns.Addr()))
			require.NoError(t, err)
			log := &warningLog{}
			p.Log, p.Statistics = log, selfstat.NewCollector(map[string]string{"test": t.Name()})
			require.NoError(t, p.Init())
			for range 2 {
				require.Len(t, gatherTargets(t, p), tt.targets)
			}
			require.Equal(t, []string{tt.warning}, log.warnings)
			require.Equal(t, 2*tt.omitted, p.stats.omitted.Get())
		})
	}
}

// Others choose the MX records of a domain, which must not make the prober connect to
// this network.
func TestMX_PublicAddressesOnly(t *testing.T) {
	srv := smtptest.Start(t, smtptest.Script{})
	dns := dnstest.Start(t, dnstest.Zone{
		"domain.test": dnstest.Records("MX 10 inside.test."),
		"inside.test": dnstest.Records("A 127.0.0.1"),
	})
	for _, addresses := range []string{"first", "all"} {
		p := initialized(t, fmt.Sprintf(`
			[[inputs.smtpprobe]]
			servers = ["mx://domain.test:%d"]
			helo = "probe.example"
			addresses = %q
			dns_server = %q
			[[inputs.smtpprobe.relay]]
			name = "named"
			url = "smtp://inside.test:%[1]d"`, srv.Port(), addresses, dns.Addr()))
		acc := newRecord(t)
		require.NoError(t, p.Gather(acc))
		metrics := acc.named("smtpprobe")
		require.Len(t, metrics, 2)
		require.Equal(t, "config_error/address_not_public config", metrics[0].Tags()["error_class"]+"/"+metrics[0].Tags()["reason"]+" "+metrics[0].Tags()["fault"])
		require.Equal(t, "none", metrics[1].Tags()["error_class"], "named by the configuration")
	}
}
