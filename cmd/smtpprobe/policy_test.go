package main

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/dnstest"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest/certs"
)

func TestCheck_Policy(t *testing.T) {
	ca := certs.NewAuthority("check")
	pem := filepath.Join(t.TempDir(), "ca.pem")
	require.NoError(t, ca.WriteFile(pem))
	srv := smtptest.Start(t, smtptest.Script{TLS: certs.Server(ca.Issue(certs.For("mx.domain.test")))})
	dns := dnstest.Start(t, dnstest.Zone{
		"domain.test":    dnstest.Secure(dnstest.Records("MX 10 mx.domain.test.")),
		"mx.domain.test": dnstest.Secure(dnstest.Records("A 127.0.0.1")),
		fmt.Sprintf("_%d._tcp.mx.domain.test", srv.Port()): dnstest.Secure(dnstest.Records(
			"TLSA 3 1 1 0000000000000000000000000000000000000000000000000000000000000000")),
	})
	args := []string{"check", "--dns-server", dns.Addr(), "--allow-private-mx", "--tls-ca", pem}
	url := fmt.Sprintf("mx://domain.test:%d", srv.Port())

	got := program(append(args, "--dnssec", "trust", url)...)
	require.Equal(t, statusOK, got.status, "a policy never changes success")
	for _, line := range []string{
		"  dane         NO match, 1 usable TLSA record, none matches\n",
		"  mta-sts      none\n",
		"  senders      with DANE: would NOT deliver to this host\n",
		"               with MTA-STS: deliver (no policy applies)\n",
		"  result       tlsa-invalid: no TLSA record matches the certificates that the host sends\n",
		"  what to do   Publish the TLSA record of the present certificate",
	} {
		require.Contains(t, got.stdout, line)
	}
	require.Contains(t, program(append(args, url)...).stdout, "  dane         not validated, 1 usable TLSA record, none matches\n")
	require.NotContains(t, program(append(args, "--policy", "off", url)...).stdout, "  dane ")

	dns.Set("bogus.test", dnstest.Bogus(dnstest.Records("MX 10 mx.domain.test.")))
	got = program(append(args, "--dnssec", "trust", "mx://bogus.test")...)
	require.Equal(t, statusFailed, got.status)
	require.Contains(t, got.stdout, "  dane         DNSSEC validation fails\n")
	require.Contains(t, got.stdout, "  senders      with DANE: would NOT deliver to this host\n")

	got = program(append(args, "--json", "--dnssec", "trust", url)...)
	var all []struct {
		Policy map[string]any `json:"policy"`
	}
	require.NoError(t, json.Unmarshal([]byte(got.stdout), &all))
	require.Equal(t, "mismatch", all[0].Policy["dane"])
	require.Equal(t, false, all[0].Policy["would_deliver_dane"])
	require.NotContains(t, all[0].Policy, "would_deliver_sts")
	require.Equal(t, "tlsa-invalid", all[0].Policy["result"])
}
