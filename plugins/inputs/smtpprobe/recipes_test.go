package smtpprobe

import (
	"crypto/tls"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/influxdata/telegraf"
	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/dial"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/dnstest"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest/certs"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe"
)

// recipes returns the configurations of docs/recipes.md by their headings.
func recipes(t *testing.T) map[string]string {
	t.Helper()
	doc, err := os.ReadFile("../../../docs/recipes.md")
	require.NoError(t, err)
	blocks := make(map[string]string)
	for _, section := range strings.Split(string(doc), "\n## ")[1:] {
		heading, rest, _ := strings.Cut(section, "\n")
		found := regexp.MustCompile("(?s)```toml\n(.*?)```").FindAllStringSubmatch(rest, -1)
		require.Len(t, found, 1, heading)
		blocks[heading] = found[0][1]
	}
	require.Len(t, blocks, strings.Count(string(doc), "```toml"))
	return blocks
}

// placeholder is the value of every environment variable of the recipes.
const placeholder = "s3cret"

// environment replaces everything that a recipe connects to.
type environment struct {
	ca  *certs.Authority
	dns *dnstest.Server
}

// load returns the plugin of a recipe, with a local token endpoint and proxy.
func (e *environment) load(t *testing.T, text string) *SMTPProbe {
	t.Helper()
	for _, variable := range regexp.MustCompile(`\$\{(\w+)\}`).FindAllStringSubmatch(text, -1) {
		t.Setenv(variable[1], placeholder)
	}
	endpoint := httptest.NewServer(http.HandlerFunc(grantToken))
	t.Cleanup(endpoint.Close)
	text = regexp.MustCompile(`token_url = "https://[^"]+"`).ReplaceAllString(text, fmt.Sprintf("token_url = %q", endpoint.URL))
	const proxy, host, port = "proxy.example.org:1080", "smtp.example.net", 587
	if strings.Contains(text, proxy) {
		srv := smtptest.Start(t, smtptest.Script{TLS: certs.Server(e.ca.Issue(certs.For(host)))})
		text = strings.ReplaceAll(text, proxy, socksProxy(t, srv.Addr(), placeholder, host, port))
	}
	return initialized(t, text)
}

// serve replaces a relay of a recipe by a scripted one.
func (e *environment) serve(t *testing.T, r *relay, script smtptest.Script) {
	t.Helper()
	target := &r.target
	r.spec.prober.AllowPrivateMX = true
	r.spec.prober.Resolver = dial.NameServer(e.dns.Addr())
	trusting := &tls.Config{}
	if r.spec.prober.TLS != nil {
		trusting = r.spec.prober.TLS.Clone()
	}
	trusting.RootCAs = e.ca.Pool()
	r.spec.prober.TLS = trusting

	host := target.Host
	if target.Domain != "" {
		host = "mx1." + target.Domain
		e.dns.Set(target.Domain, dnstest.Records("MX 10 "+host+"."))
		e.dns.Set(host, dnstest.Records("A 127.0.0.1"))
	}
	if script.LMTP = target.LMTP; !script.LMTP {
		script.TLS = certs.Server(e.ca.Issue(certs.For(host)))
		script.ImplicitTLS = target.TLS == smtpprobe.TLSImplicit
	}
	switch {
	case target.Socket != "":
		target.Socket = filepath.Join(t.TempDir(), "lmtp")
		smtptest.Start(t, script, smtptest.On("unix", target.Socket))
	case r.proxy != nil:
	case r.spec.prober.ProxyHeader != smtpprobe.NoProxyHeader:
		srv, _ := withProxyProtocol(t, script)
		target.IP, target.Port = netip.MustParseAddr("127.0.0.1"), srv.Port()
	default:
		target.Port = smtptest.Start(t, script).Port()
		if target.Domain == "" {
			target.IP = netip.MustParseAddr("127.0.0.1")
		}
	}
}

// grantToken grants a token to the requests of the two large providers.
func grantToken(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	grant := r.FormValue("grant_type")
	application := grant == "client_credentials" && r.FormValue("scope") == "https://outlook.office365.com/.default"
	user := grant == "refresh_token" && r.FormValue("refresh_token") == placeholder
	if r.FormValue("client_id") != placeholder || r.FormValue("client_secret") != placeholder || !application && !user {
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprint(w, `{"error": "invalid_request"}`)
		return
	}
	fmt.Fprintf(w, `{"access_token": %q, "token_type": "Bearer"}`, placeholder)
}

// behavior is the script of a relay of a recipe and the expected outcome.
type behavior struct {
	script smtptest.Script
	want   string
}

// users returns a relay that accepts the password of the recipes.
func users(names ...string) smtptest.Script {
	a := &smtptest.Accounts{Passwords: make(map[string]string), OnlyTLS: true}
	for _, name := range names {
		a.Passwords[name] = placeholder
	}
	return smtptest.Script{Accounts: a}
}

func bearers(name string) smtptest.Script {
	return smtptest.Script{Accounts: &smtptest.Accounts{Tokens: map[string]string{name: placeholder}, OnlyTLS: true}}
}

func refusing5xx(reply string) smtptest.Script { return smtptest.Script{Rcpt: smtptest.Say(reply)} }

var (
	healthy  = behavior{smtptest.Script{}, "ok none/none 250 done"}
	loggedIn = "ok none/none 235 done"
	// behaviors of the relays, by recipe.
	behaviors = map[string]map[string]behavior{
		"Postfix": {"postfix-inbound": healthy, "postfix-submission": {users("probe@example.org"), loggedIn}},
		"Exim":    {"exim-inbound": healthy},
		"Dovecot LMTP": {
			"dovecot-socket": healthy, "dovecot-tcp": healthy,
			"dovecot-quota": {refusing5xx("552 5.2.2 <full@example.org> Quota exceeded"), "ok recipients_refused/mailbox_full 552 rcpt"},
		},
		"Exchange Online with OAuth2": {"exchange-online": {bearers("probe@example.org"), loggedIn}},
		"Gmail with OAuth2":           {"gmail": {bearers("probe@example.org"), loggedIn}},
		"Amazon SES":                  {"ses": {users(placeholder), "ok none/none 250 done"}},
		"The MX hosts of your own domains": {
			"mx://example.org": healthy, "mx://bücher.example": healthy,
			"parked": {smtptest.Script{}, "ok dns_not_found/null_mx none dns"},
		},
		"Open-relay check": {
			"mx1-closed":  {refusing5xx("554 5.7.1 Relay access denied"), "ok recipients_refused/relay_denied 554 rcpt"},
			"mx1-control": healthy,
		},
		"Would mail go out?":                     {"smarthost": {users("app"), "ok none/none 250 done"}, "spare": healthy},
		"Behind HAProxy with the PROXY protocol": {"through-haproxy": healthy, "server-1": healthy, "server-2": healthy},
		"Through a proxy":                        {"by-proxy": healthy},
		"Greylisting": {
			"exempted": healthy,
			"not-ours": {refusing5xx("450 4.2.0 <postmaster@example.net>: Greylisted"), "ok recipients_refused/greylisted 450 rcpt"},
		},
		"fail2ban and rate limits": {"submission://mail.example.org": {users("probe@example.org"), loggedIn}},
	}
)

func TestRecipes(t *testing.T) {
	e := &environment{ca: certs.NewAuthority("recipes"), dns: dnstest.Start(t, nil)}
	all := recipes(t)
	require.Len(t, all, len(behaviors))
	for heading, text := range all {
		t.Run(heading, func(t *testing.T) {
			relays := behaviors[heading]
			p := e.load(t, text)
			require.Len(t, p.parsedRelays, len(relays))
			for _, r := range p.parsedRelays {
				require.Contains(t, relays, r.name)
				e.serve(t, r, relays[r.name].script)
			}
			e.dns.Set("parked.example", dnstest.Records("MX 0 ."))

			acc := newRecord(t)
			require.NoError(t, p.Gather(acc))
			probed := acc.named("smtpprobe")
			require.Len(t, probed, len(relays))
			for _, m := range probed {
				require.Equal(t, relays[m.Tags()["relay"]].want, outcomeOf(m), m.Fields())
			}
			groups := slices.DeleteFunc(acc.all(), func(m telegraf.Metric) bool { return m.Name() != "smtpprobe_group" })
			require.Len(t, groups, len(p.parsedGroups))
			for _, m := range groups {
				require.Equal(t, int64(1), m.Fields()["success"])
			}
		})
	}
}
