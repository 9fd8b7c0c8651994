package dial_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/dial"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/dnstest"
)

func TestLookup_MX(t *testing.T) {
	t.Parallel()
	many := make([]string, 80)
	for i := range many {
		many[i] = fmt.Sprintf("MX %d host%02d.test.", 100-i, i)
	}
	srv := dnstest.Start(t, dnstest.Zone{
		"domain.test":           dnstest.Records("MX 20 b.test.", "MX 10 z.test.", "MX 20 A.test.", "MX 5 First.Test."),
		"duplicates.test":       dnstest.Records("MX 20 a.test.", "MX 10 A.test.", "MX 10 b.test.", "MX 30 b.test."),
		"many.test":             dnstest.Truncated(dnstest.Records(many...)),
		"null.test":             dnstest.Records("MX 0 ."),
		"null-and-host.test":    dnstest.Records("MX 0 .", "MX 10 a.test."),
		"literal.test":          dnstest.Records("MX 10 192.0.2.1."),
		"literal-and-host.test": dnstest.Records("MX 10 192.0.2.1.", "MX 20 a.test."),
		"underscore.test":       dnstest.Records("MX 10 _dc-mx.abc.domain.test."),
		"escaped.test":          dnstest.Records(`MX 10 a\032b.test.`, "MX 20 a.test."),
		"implicit.test":         dnstest.Records("A 127.0.0.1"),
		"implicit-v6.test":      dnstest.Records("AAAA ::1"),
		"xn--bcher-kva.test":    dnstest.Records("MX 10 a.test."),
		"servfail.test":         dnstest.ServFail(),
		"refused.test":          dnstest.Refused(),
		"garbage.test":          dnstest.Garbage(),
		"nodata.test":           dnstest.NoData(),
		"broken-address.test":   byFamily(dnstest.ServFail(), dnstest.NoData()),
	})
	for domain, want := range map[string]string{
		"domain.test":           "5 first.test, 10 z.test, 20 a.test, 20 b.test",
		"DOMAIN.test.":          "5 first.test, 10 z.test, 20 a.test, 20 b.test",
		"bücher.test":           "10 a.test",
		"duplicates.test":       "10 a.test, 10 b.test",
		"null.test":             "dns_not_found/null_mx@dns",
		"null-and-host.test":    "10 a.test",
		"literal.test":          "dns_not_found/not_found@dns",
		"literal-and-host.test": "20 a.test",
		"underscore.test":       "10 _dc-mx.abc.domain.test",
		"escaped.test":          "20 a.test",
		"implicit.test":         "0 implicit.test",
		"implicit-v6.test":      "0 implicit-v6.test",
		"[192.0.2.1]":           "0 192.0.2.1",
		"gone.test":             "dns_not_found/not_found@dns",
		"nodata.test":           "dns_not_found/not_found@dns",
		"servfail.test":         "dns_error/server_failure@dns",
		"refused.test":          "dns_error/server_failure@dns",
		"garbage.test":          "dns_error/server_failure@dns",
		"broken-address.test":   "dns_error/server_failure@dns",
		"not..valid":            "config_error/invalid_address@dns",
	} {
		t.Run(domain, func(t *testing.T) {
			t.Parallel()
			for name, r := range resolvers(srv.Addr()) {
				hosts, err := client{Network: "ip4", Timeout: time.Minute, Resolver: r}.MX(t.Context(), domain)
				if err != nil {
					require.Equal(t, want, outcome(t, err), "%s: %v", name, err)
					continue
				}
				texts := make([]string, len(hosts))
				for i, h := range hosts {
					texts[i] = fmt.Sprint(h.Preference, " ", h.Host)
				}
				require.Equal(t, want, strings.Join(texts, ", "), name)
			}
		})
	}
	for name, r := range resolvers(srv.Addr()) {
		hosts, err := client{Resolver: r}.MX(t.Context(), "many.test")
		require.NoError(t, err, name)
		require.Len(t, hosts, 80)
		require.Equal(t, dial.MXHost{Host: "host79.test", Preference: 21}, hosts[0])
	}
}
