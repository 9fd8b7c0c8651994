package smtpprobe

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/dnstest"
	scripted "github.com/smtpprobe/telegraf-smtpprobe/internal/relay"
)

func TestADomainsHostsAndAddressesComeFromTheDNSServer(t *testing.T) {
	srv := scripted.Start(t, scripted.Script{})
	port := netip.MustParseAddrPort(srv.Addr().String()).Port()
	dns := dnstest.Start(t, dnstest.Zone{
		"domain.test": dnstest.Records("MX 10 a.test.", "MX 20 gone.test."),
		"a.test":      dnstest.Records("A 127.0.0.1"),
		"null.test":   dnstest.Records("MX 0 ."),
	})
	p := initialized(t, fmt.Sprintf(`
		[[inputs.smtpprobe]]
		servers = ["mx://domain.test:%[1]d", "mx://null.test:%[1]d"]
		helo = "probe.example"
		dns_server = %[2]q
		[[inputs.smtpprobe.relay]]
		name = "all"
		url = "smtp://a.test:%[1]d"
		addresses = "all"
		`, port, dns.Addr()))
	acc := newRecord(t)
	require.NoError(t, p.Gather(acc))
	found := make([]string, 0, 4)
	for _, m := range acc.named("smtpprobe") {
		tags := m.Tags()
		found = append(found, fmt.Sprintf("%s %s %s %s/%s", tags["domain"], tags["source"], tags["ip"], tags["error_class"], tags["reason"]))
	}
	slices.Sort(found)
	require.Equal(t, []string{
		" a.test 127.0.0.1 none/none",
		"domain.test a.test  none/none",
		"domain.test gone.test  dns_not_found/not_found",
		"null.test null.test  dns_not_found/null_mx",
	}, found)
}
