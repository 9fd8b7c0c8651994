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

// domainCase is one mail domain that is judged by DANE and MTA-STS. Its MX host
// is mx.DOMAIN.
type domainCase struct {
	name  string
	zone  string                       // of the domain; secureZone if empty. The host is in secureZone.
	leaf  func(host string) certs.Leaf // of the MX host; for that name if nil
	self  bool                         // it is self-signed
	clear bool                         // no STARTTLS
	tlsa  string                       // EE, WRONG or none
	mx    []string                     // MX records; one for the host if nil
	txt   []string                     // of _mta-sts; one if nil
	web   http.HandlerFunc             // nil: no policy host
	cert  func(host string) tls.Certificate

	private bool // allow_private_mx is off
	want    map[string]any
	deliver any // would_deliver of the domain; nil if absent
	differs string
}

// fields are the fields that every domain case compares, absent ones included.
var fields = []string{"dane", "sts", "sts_covers", "would_deliver_dane", "would_deliver_sts", "result"}

// served answers with a policy; HOST is the MX host.
func served(format string, args ...any) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body := strings.ReplaceAll(fmt.Sprintf(format, args...), "HOST", "mx."+strings.TrimPrefix(r.Host, "mta-sts."))
		w.Header().Set("Content-Type", "text/plain")
		fmt.Fprint(w, body)
	}
}

const (
	enforceHost = "version: STSv1\r\nmode: enforce\r\nmx: HOST\r\nmax_age: 86400\r\n"
	testingHost = "version: STSv1\nmode: testing\nmx: HOST\nmax_age: 86400\n"
)

// verdict is the expected value of fields, in their order; "" is absent.
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
	none := make([]string, 0) // nil is the usual record
	enforce := served(enforceHost)
	named := func(name string) func(string) certs.Leaf { return func(string) certs.Leaf { return certs.For(name) } }
	expired := func(host string) certs.Leaf { return certs.Expired(certs.For(host)) }
	return []domainCase{
		{name: "nothing", txt: none, want: verdict("none", "none", "", "", "", successful), deliver: int64(1)},
		{name: "DANE", txt: none, tlsa: "EE", want: verdict("ok", "none", "", 1, "", successful), deliver: int64(1)},
		{name: "DANE, stale", txt: none, tlsa: "WRONG", want: verdict("mismatch", "none", "", 0, "", "tlsa-invalid"), deliver: int64(0)},
		{name: "DANE without MX records", mx: none, txt: none, want: verdict("none", "none", "", "", "", successful), deliver: int64(1)},
		{name: "DANE, MX not signed", zone: insecureZone, txt: none, tlsa: "WRONG", want: verdict("unvalidated", "none", "", "", "", successful), deliver: int64(1),
			differs: "Postfix uses DANE for signed hosts of unsigned domains, too"},
		{name: "bogus MX", zone: wrongZone, txt: none, want: verdict("bogus", "fetch_error", "", 0, "", "dnssec-invalid"), deliver: int64(0), differs: "there is no host to connect to"},
		{name: "both", tlsa: "EE", web: enforce, want: verdict("ok", "enforce", 1, 1, 1, successful), deliver: int64(1)},
		{name: "DANE fails, MTA-STS does not", tlsa: "WRONG", web: enforce, want: verdict("mismatch", "enforce", 1, 0, 1, "tlsa-invalid"), deliver: int64(0)},
		{name: "MTA-STS fails, DANE does not", tlsa: "EE", self: true, web: enforce, want: verdict("ok", "enforce", 1, 1, 0, "certificate-not-trusted"), deliver: int64(0)},
		{name: "enforce", web: enforce, want: verdict("none", "enforce", 1, "", 1, successful), deliver: int64(1)},
		{name: "enforce, wildcard", web: served("version: STSv1\nmode: enforce\nmx: *.d%d.secure.test\nmax_age: 1\n", 10), want: verdict("none", "enforce", 1, "", 1, successful), deliver: int64(1)},
		{name: "enforce, wildcard one label short", web: served("version: STSv1\nmode: enforce\nmx: *.secure.test\nmax_age: 1\n"),
			want: verdict("none", "enforce", 0, "", 0, "validation-failure"), deliver: int64(0)},
		{name: "enforce, host not listed", web: served("version: STSv1\nmode: enforce\nmx: other.test\nmax_age: 1\n"),
			want: verdict("none", "enforce", 0, "", 0, "validation-failure"), deliver: int64(0)},
		{name: "enforce, one of two listed", web: enforce, mx: []string{"mx", "mx2"}, want: verdict("none", "enforce", 1, "", 1, successful), deliver: int64(1)},
		{name: "enforce, no STARTTLS", web: enforce, clear: true, want: verdict("none", "enforce", 1, "", 0, "starttls-not-supported"), deliver: int64(0)},
		{name: "enforce, expired", web: enforce, leaf: expired, want: verdict("none", "enforce", 1, "", 0, "certificate-expired"), deliver: int64(0)},
		{name: "enforce, of another name", web: enforce, leaf: named("other.test"), want: verdict("none", "enforce", 1, "", 0, "certificate-host-mismatch"), deliver: int64(0)},
		{name: "enforce, self-signed", web: enforce, self: true, want: verdict("none", "enforce", 1, "", 0, "certificate-not-trusted"), deliver: int64(0)},
		{name: "testing", web: served(testingHost), want: verdict("none", "testing", 1, "", 1, successful), deliver: int64(1)},
		{name: "testing, expired", web: served(testingHost), leaf: expired, want: verdict("none", "testing", 1, "", 1, "certificate-expired"), deliver: int64(1)},
		{name: "testing, no STARTTLS", web: served(testingHost), clear: true, want: verdict("none", "testing", 1, "", 1, "starttls-not-supported"), deliver: int64(1)},
		{name: "mode none", web: served("version: STSv1\nmode: none\nmax_age: 1\n"), clear: true, want: verdict("none", "none", "", "", "", successful), deliver: int64(1)},
		{name: "record without policy host", want: verdict("none", "fetch_error", "", "", "", "sts-policy-fetch-error"), deliver: int64(1)},
		{name: "other TXT records", txt: []string{`"v=spf1 -all"`}, web: enforce, want: verdict("none", "none", "", "", "", successful), deliver: int64(1)},
		{name: "two records", txt: []string{`"v=STSv1; id=1"`, `"v=STSv1; id=2"`}, web: enforce, want: verdict("none", "invalid", "", "", "", "sts-policy-invalid"), deliver: int64(1)},
		{name: "record without id", txt: []string{`"v=STSv1;"`}, web: enforce, want: verdict("none", "invalid", "", "", "", "sts-policy-invalid"), deliver: int64(1)},
		{name: "404", web: http.NotFound, want: verdict("none", "fetch_error", "", "", "", "sts-policy-fetch-error"), deliver: int64(1)},
		{name: "redirect", web: func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://"+r.Host+"/other", http.StatusMovedPermanently)
		}, want: verdict("none", "fetch_error", "", "", "", "sts-policy-fetch-error"), deliver: int64(1)},
		{name: "HTML", web: func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>") },
			want: verdict("none", "fetch_error", "", "", "", "sts-policy-fetch-error"), deliver: int64(1)},
		{name: "a gigabyte", web: endless, want: verdict("none", "fetch_error", "", "", "", "sts-policy-fetch-error"), deliver: int64(1)},
		{name: "not a policy", web: served("hello"), want: verdict("none", "invalid", "", "", "", "sts-policy-invalid"), deliver: int64(1)},
		{name: "max_age too long", web: served("version: STSv1\nmode: enforce\nmx: HOST\nmax_age: 31557601\n"), want: verdict("none", "invalid", "", "", "", "sts-policy-invalid"), deliver: int64(1)},
		{name: "policy host expired", web: enforce, cert: func(host string) tls.Certificate { return ca.Issue(certs.Expired(certs.For(host))) },
			want: verdict("none", "fetch_error", "", "", "", "sts-webpki-invalid"), deliver: int64(1)},
		{name: "policy host of another name", web: enforce, cert: func(string) tls.Certificate { return ca.Issue(certs.For("other.test")) },
			want: verdict("none", "fetch_error", "", "", "", "sts-webpki-invalid"), deliver: int64(1)},
		{name: "policy host self-signed", web: enforce, cert: func(host string) tls.Certificate { return certs.SelfSigned(certs.For(host)) },
			want: verdict("none", "fetch_error", "", "", "", "sts-webpki-invalid"), deliver: int64(1)},
		{name: "private policy host", web: enforce, private: true, want: verdict("none", "fetch_error", "", "", "", "sts-policy-fetch-error"), deliver: int64(1),
			differs: "only the policy host is looked at"},
	}
}

func endless(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain")
	block := []byte(strings.Repeat("x: y\n", 10_000))
	for range (1 << 30) / len(block) {
		if _, err := w.Write(block); err != nil {
			return
		}
	}
}

// policyHosts serves the policies of all domains at one address.
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
	go func() { _ = srv.Serve(tls.NewListener(listener, config)) }() //nolint:errcheck // it ends when the test closes it
	t.Cleanup(func() { _ = srv.Close() })
}

// relay is the MX host of a case.
func (c *domainCase) relay(host string, ca *certs.Authority) (script smtptest.Script, cert tls.Certificate) {
	leaf := certs.For(host)
	if c.leaf != nil {
		leaf = c.leaf(host)
	}
	cert = ca.Issue(leaf)
	if c.self {
		cert = certs.SelfSigned(leaf)
	}
	if !c.clear {
		script.TLS = certs.Server(cert)
	}
	return script, cert
}
