//go:build e2e

package policy

import (
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/e2e"
)

// The zones of the test.
const (
	secureZone   = "secure.test"
	insecureZone = "insecure.test"
	// wrongZone is signed, but the trust anchor for it is another key.
	wrongZone = "wrong.test"
)

// zones maps zones to their records, each written as "name type data" with names
// relative to the zone.
type zones map[string][]string

func (z zones) addf(zone, format string, args ...any) {
	z[zone] = append(z[zone], fmt.Sprintf(format, args...))
}

// signed reports whether Knot signs a zone.
func signed(zone string) bool { return zone == secureZone || zone == wrongZone }

const authorityPort = 5300

// authority starts Knot DNS, which serves the zones.
func authority(t *testing.T, z zones) *e2e.Program {
	t.Helper()
	place := e2e.PlaceFor(t, "knot")
	conf := fill(`
server:
    rundir: "{dir}/run"
    listen: {address}@5300
log:
  - target: stderr
    any: warning
database:
    storage: "{dir}/db"
policy:
  - id: test
    algorithm: ecdsap256sha256
    single-type-signing: on
    nsec3: off
template:
  - id: default
    storage: "{dir}"
    zonefile-sync: -1
    zonefile-load: whole
    semantic-checks: soft
    file: "%s.zone"
zone:
`, place)
	var served strings.Builder
	for zone, records := range z {
		var text strings.Builder
		fmt.Fprintf(&text, "$ORIGIN %s.\n$TTL 300\n@ SOA ns hostmaster 1 3600 600 86400 300\n@ NS ns\nns A %s\n", zone, place.Address)
		for _, r := range records {
			text.WriteString(r + "\n")
		}
		place.WriteFile(t, zone+".zone", text.String())
		fmt.Fprintf(&served, "  - domain: %q\n", zone)
		if signed(zone) {
			served.WriteString("    dnssec-signing: on\n    dnssec-policy: test\n")
		}
	}
	place.WriteFile(t, "run/.keep", "")
	place.WriteFile(t, "db/.keep", "")
	p := e2e.StartProgram(t, place, "knot", "knotd", "-c", place.WriteFile(t, "knot.conf", conf+served.String()))
	p.Await(t, "signed zones", func() bool {
		for zone := range z {
			if a, err := query(place.At(authorityPort), zone, dns.TypeSOA); err != nil || len(a.Answer) == 0 {
				return false
			}
			if signed(zone) && anchor(place.At(authorityPort), zone) == nil {
				return false
			}
		}
		return true
	})
	return p
}

// query sends a query with the DO bit.
func query(server, name string, kind uint16) (*dns.Msg, error) {
	return dns.Exchange(new(dns.Msg).SetQuestion(dns.Fqdn(name), kind).SetEdns0(4096, true), server)
}

// anchor returns the DS record of a zone's key, nil if there is none.
func anchor(server, zone string) *dns.DS {
	a, err := query(server, zone, dns.TypeDNSKEY)
	if err != nil {
		return nil
	}
	for _, record := range a.Answer {
		if key, ok := record.(*dns.DNSKEY); ok && key.Flags&dns.SEP != 0 {
			return key.ToDS(dns.SHA256)
		}
	}
	return nil
}

// resolver starts Unbound on port 53. It forwards the dead zones to a port where no
// server listens.
func resolver(t *testing.T, knot *e2e.Program, z zones, dead ...string) *e2e.Program {
	t.Helper()
	place := e2e.PlaceFor(t, "unbound")
	conf := fill(`
server:
    interface: {address}@53
    do-ip6: no
    do-daemonize: no
    username: ""
    chroot: ""
    directory: "{dir}"
    pidfile: "{dir}/pid"
    use-syslog: no
    verbosity: 0
    access-control: 127.0.0.0/8 allow
    do-not-query-localhost: no
    local-zone: "test." nodefault
    module-config: "validator iterator"
    trust-anchor-signaling: no
    root-key-sentinel: no
    num-threads: 1
    qname-minimisation: no
remote-control:
    control-enable: no
`, place)
	at := strings.Replace(knot.At(authorityPort), ":", "@", 1)
	var server, stubs strings.Builder
	server.WriteString("server:\n")
	for zone := range z {
		fmt.Fprintf(&stubs, "stub-zone:\n    name: %q\n    stub-addr: %s\n", zone, at)
		ds := anchor(knot.At(authorityPort), secureZone)
		require.NotNil(t, ds)
		switch zone {
		case insecureZone:
			fmt.Fprintf(&server, "    domain-insecure: %q\n", zone)
		case secureZone:
			server.WriteString(trustAnchor(ds))
		default: // a key that is not the zone's
			ds.Hdr.Name = dns.Fqdn(zone)
			server.WriteString(trustAnchor(ds))
		}
	}
	for _, zone := range dead {
		fmt.Fprintf(&stubs, "stub-zone:\n    name: %q\n    stub-addr: %s@1\n", zone, place.Address)
	}
	p := e2e.StartProgram(t, place, "unbound", "unbound", "-d", "-c", place.WriteFile(t, "unbound.conf", conf+server.String()+stubs.String()))
	p.Await(t, "validated answers", func() bool {
		a, err := query(place.At(53), secureZone, dns.TypeSOA)
		return err == nil && a.AuthenticatedData
	})
	return p
}

func fill(text string, place e2e.Place) string {
	return strings.NewReplacer("{dir}", place.Dir, "{address}", place.Address).Replace(text)
}

// installed fails the test if a program is missing.
func installed(t *testing.T, programs ...string) {
	t.Helper()
	for _, p := range programs {
		_, err := exec.LookPath(p)
		require.NoError(t, err, "internal/e2e/install.sh installs it")
	}
}

// trustAnchor returns a line of Unbound's configuration.
func trustAnchor(ds *dns.DS) string {
	return fmt.Sprintf("    trust-anchor: %q\n", strings.ReplaceAll(ds.String(), "\t", " "))
}
