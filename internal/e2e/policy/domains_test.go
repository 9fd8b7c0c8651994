//go:build e2e

package policy

import (
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest/certs"
)

// domainCase is a mail domain with MX records, TLSA records and an MTA-STS policy,
// and its verdict. Its MX host is mx.DOMAIN in the secure zone.
type domainCase struct {
	name       string
	zone       string                       // of the domain; secureZone if empty
	alias      bool                         // the domain is a CNAME of target-DOMAIN, which has the MX record
	mx         []string                     // hosts of the MX records; mx.DOMAIN if nil
	leaf       func(host string) certs.Leaf // certificate of the MX host; for its name if nil
	selfSigned bool
	noSTARTTLS bool
	tlsa       string                            // "EE" or "TA" matches, "stale" does not; empty: no record
	txt        []string                          // TXT records at _mta-sts; one record if nil
	web        http.HandlerFunc                  // nil: no policy host
	cert       func(host string) tls.Certificate // of the policy host; a valid one if nil
	private    bool                              // allow_private_mx is off

	want    map[string]any // of fields
	deliver any            // would_deliver of the domain; nil: absent
	differs string         // why the verdict is not compared with that of posttls-finger
}

// fields lists the fields that a domain case compares. A missing field is nil.
var fields = []string{"dane", "sts", "sts_covers", "would_deliver_dane", "would_deliver_sts", "result"}

// serve returns a handler that serves a policy. In it, DOMAIN stands for the mail
// domain.
func serve(policy string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		fmt.Fprint(w, strings.ReplaceAll(policy, "DOMAIN", strings.TrimPrefix(r.Host, "mta-sts.")))
	}
}

const (
	enforceHost = "version: STSv1\r\nmode: enforce\r\nmx: mx.DOMAIN\r\nmax_age: 86400\r\n"
	testingHost = "version: STSv1\nmode: testing\nmx: mx.DOMAIN\nmax_age: 86400\n"
)

// verdict returns the values of fields in their order. An empty string stands for a
// missing field.
func verdict(values ...any) map[string]any {
	want := make(map[string]any)
	for i, v := range values {
		if v == "" {
			v = nil
		}
		if n, ok := v.(int); ok {
			v = int64(n)
		}
		want[fields[i]] = v
	}
	return want
}

func domainCases(ca *certs.Authority) []domainCase {
	none := make([]string, 0) // not nil
	enforce := serve(enforceHost)
	named := func(name string) func(string) certs.Leaf { return func(string) certs.Leaf { return certs.For(name) } }
	expired := func(host string) certs.Leaf { return certs.Expired(certs.For(host)) }
	return []domainCase{
		{name: "no policies", txt: none, want: verdict("none", "none", "", "", "", successful), deliver: int64(1)},
		{name: "DANE", txt: none, tlsa: "EE", want: verdict("ok", "none", "", 1, "", successful), deliver: int64(1)},
		{name: "DANE, stale", txt: none, tlsa: "stale", want: verdict("mismatch", "none", "", 0, "", "tlsa-invalid"), deliver: int64(0)},
		{name: "no MX records", mx: none, txt: none, want: verdict("none", "none", "", "", "", successful), deliver: int64(1)},
		{name: "unsigned MX records, DANE stale", zone: insecureZone, txt: none, tlsa: "stale", want: verdict("unvalidated", "none", "", "", "", successful), deliver: int64(1),
			differs: "Postfix uses DANE for signed hosts of unsigned domains, too"},
		{name: "bogus MX", zone: wrongZone, txt: none, want: verdict("bogus", "fetch_error", "", 0, "", "dnssec-invalid"), deliver: int64(0), differs: "there is no host to connect to"},
		{name: "DANE-TA", txt: none, tlsa: "TA", want: verdict("ok", "none", "", 1, "", successful), deliver: int64(1)},
		{name: "DANE-TA, name of the mail domain", txt: none, tlsa: "TA", leaf: domainLeaf(""), want: verdict("ok", "none", "", 1, "", successful), deliver: int64(1)},
		{name: "DANE-TA, alias, name of the mail domain", txt: none, alias: true, tlsa: "TA", leaf: domainLeaf(""), want: verdict("ok", "none", "", 1, "", successful), deliver: int64(1)},
		{name: "DANE-TA, alias, name of its target", txt: none, alias: true, tlsa: "TA", leaf: domainLeaf("target-"), want: verdict("ok", "none", "", 1, "", successful), deliver: int64(1)},
		{name: "DANE-TA, no alias, name of its target", txt: none, tlsa: "TA", leaf: domainLeaf("target-"), want: verdict("mismatch", "none", "", 0, "", "certificate-host-mismatch"), deliver: int64(0)},
		{name: "DANE and enforce", tlsa: "EE", web: enforce, want: verdict("ok", "enforce", 1, 1, 1, successful), deliver: int64(1)},
		{name: "DANE stale, enforce", tlsa: "stale", web: enforce, want: verdict("mismatch", "enforce", 1, 0, 1, "tlsa-invalid"), deliver: int64(0)},
		{name: "DANE, enforce, self-signed", tlsa: "EE", selfSigned: true, web: enforce, want: verdict("ok", "enforce", 1, 1, 0, "certificate-not-trusted"), deliver: int64(0)},
		{name: "enforce", web: enforce, want: verdict("none", "enforce", 1, "", 1, successful), deliver: int64(1)},
		{name: "enforce, wildcard", web: serve("version: STSv1\nmode: enforce\nmx: *.DOMAIN\nmax_age: 1\n"), want: verdict("none", "enforce", 1, "", 1, successful), deliver: int64(1)},
		{name: "enforce, wildcard for two labels", web: serve("version: STSv1\nmode: enforce\nmx: *.secure.test\nmax_age: 1\n"),
			want: verdict("none", "enforce", 0, "", 0, "validation-failure"), deliver: int64(0)},
		{name: "enforce, host not listed", web: serve("version: STSv1\nmode: enforce\nmx: other.test\nmax_age: 1\n"),
			want: verdict("none", "enforce", 0, "", 0, "validation-failure"), deliver: int64(0)},
		{name: "enforce, one of two hosts listed", web: enforce, mx: []string{"mx", "mx2"}, want: verdict("none", "enforce", 1, "", 1, successful), deliver: int64(1)},
		{name: "enforce, no STARTTLS", web: enforce, noSTARTTLS: true, want: verdict("none", "enforce", 1, "", 0, "starttls-not-supported"), deliver: int64(0)},
		{name: "enforce, expired", web: enforce, leaf: expired, want: verdict("none", "enforce", 1, "", 0, "certificate-expired"), deliver: int64(0)},
		{name: "enforce, other name", web: enforce, leaf: named("other.test"), want: verdict("none", "enforce", 1, "", 0, "certificate-host-mismatch"), deliver: int64(0)},
		{name: "enforce, self-signed", web: enforce, selfSigned: true, want: verdict("none", "enforce", 1, "", 0, "certificate-not-trusted"), deliver: int64(0)},
		{name: "testing", web: serve(testingHost), want: verdict("none", "testing", 1, "", 1, successful), deliver: int64(1)},
		{name: "testing, expired", web: serve(testingHost), leaf: expired, want: verdict("none", "testing", 1, "", 1, "certificate-expired"), deliver: int64(1)},
		{name: "testing, no STARTTLS", web: serve(testingHost), noSTARTTLS: true, want: verdict("none", "testing", 1, "", 1, "starttls-not-supported"), deliver: int64(1)},
		{name: "mode none", web: serve("version: STSv1\nmode: none\nmax_age: 1\n"), noSTARTTLS: true, want: verdict("none", "none", "", "", "", successful), deliver: int64(1)},
		{name: "no policy host", want: verdict("none", "fetch_error", "", "", "", "sts-policy-fetch-error"), deliver: int64(1)},
		{name: "other TXT records", txt: []string{`"v=spf1 -all"`}, web: enforce, want: verdict("none", "none", "", "", "", successful), deliver: int64(1)},
		{name: "two records", txt: []string{`"v=STSv1; id=1"`, `"v=STSv1; id=2"`}, web: enforce, want: verdict("none", "invalid", "", "", "", "sts-policy-invalid"), deliver: int64(1)},
		{name: "no id", txt: []string{`"v=STSv1;"`}, web: enforce, want: verdict("none", "invalid", "", "", "", "sts-policy-invalid"), deliver: int64(1)},
		{name: "status 404", web: http.NotFound, want: verdict("none", "fetch_error", "", "", "", "sts-policy-fetch-error"), deliver: int64(1)},
		{name: "redirect", web: func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://"+r.Host+"/other", http.StatusMovedPermanently)
		}, want: verdict("none", "fetch_error", "", "", "", "sts-policy-fetch-error"), deliver: int64(1)},
		{name: "text/html", web: func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>") },
			want: verdict("none", "fetch_error", "", "", "", "sts-policy-fetch-error"), deliver: int64(1)},
		{name: "1 GiB", web: endless, want: verdict("none", "fetch_error", "", "", "", "sts-policy-fetch-error"), deliver: int64(1)},
		{name: "invalid policy", web: serve("hello"), want: verdict("none", "invalid", "", "", "", "sts-policy-invalid"), deliver: int64(1)},
		{name: "max_age over a year", web: serve("version: STSv1\nmode: enforce\nmx: mx.DOMAIN\nmax_age: 31557601\n"), want: verdict("none", "invalid", "", "", "", "sts-policy-invalid"), deliver: int64(1)},
		{name: "policy host, expired", web: enforce, cert: func(host string) tls.Certificate { return ca.Issue(certs.Expired(certs.For(host))) },
			want: verdict("none", "fetch_error", "", "", "", "sts-webpki-invalid"), deliver: int64(1)},
		{name: "policy host, other name", web: enforce, cert: func(string) tls.Certificate { return ca.Issue(certs.For("other.test")) },
			want: verdict("none", "fetch_error", "", "", "", "sts-webpki-invalid"), deliver: int64(1)},
		{name: "policy host, self-signed", web: enforce, cert: func(host string) tls.Certificate { return certs.SelfSigned(certs.For(host)) },
			want: verdict("none", "fetch_error", "", "", "", "sts-webpki-invalid"), deliver: int64(1)},
		{name: "policy host, private address", web: enforce, private: true, want: verdict("none", "fetch_error", "", "", "", "sts-policy-fetch-error"), deliver: int64(1),
			differs: "the MX host is refused"},
	}
}

// domainLeaf returns a certificate for the mail domain of a host, after a prefix.
func domainLeaf(prefix string) func(string) certs.Leaf {
	return func(host string) certs.Leaf { return certs.For(prefix + strings.TrimPrefix(host, "mx.")) }
}

// endless serves a policy of 1 GiB.
func endless(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain")
	block := []byte(strings.Repeat("x: y\n", 10_000))
	for range (1 << 30) / len(block) {
		if _, err := w.Write(block); err != nil {
			return
		}
	}
}

// policyHosts starts the policy hosts of all domains on one address.
func policyHosts(t *testing.T, address string, ca *certs.Authority, byHost map[string]*domainCase) {
	t.Helper()
	listener, err := net.Listen("tcp", address+":443")
	require.NoError(t, err, "port 443 needs root")
	config := &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
		cert := ca.Issue(certs.For(hello.ServerName))
		if c := byHost[hello.ServerName]; c != nil && c.cert != nil {
			cert = c.cert(hello.ServerName)
		}
		return &cert, nil
	}}
	srv := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c := byHost[r.Host]; c != nil && c.web != nil && r.URL.Path == "/.well-known/mta-sts.txt" {
			c.web(w, r)
			return
		}
		http.NotFound(w, r)
	})}
	go func() { _ = srv.Serve(tls.NewListener(listener, config)) }() //nolint:errcheck // it ends with Close
	t.Cleanup(func() { _ = srv.Close() })
}

// relay returns the MX host of a case and its certificate.
func (c *domainCase) relay(host string, ca *certs.Authority) (script smtptest.Script, cert tls.Certificate) {
	leaf := certs.For(host)
	if c.leaf != nil {
		leaf = c.leaf(host)
	}
	cert = ca.Issue(leaf)
	switch {
	case c.selfSigned:
		cert = certs.SelfSigned(leaf)
	case c.tlsa == "TA":
		cert.Certificate = append(cert.Certificate, ca.Certificate().Raw)
	}
	if !c.noSTARTTLS {
		script.TLS = certs.Server(cert)
	}
	return script, cert
}
