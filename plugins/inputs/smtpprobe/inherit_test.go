package smtpprobe

import (
	"crypto/tls"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest/certs"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe"
)

const parent = `
	[[inputs.smtpprobe]]
	servers = ["smtp://a.example"]
	probe = "rcpt"
	helo = "probe.example"
	timeout = "4s"
	read_timeout = "2s"
	starttls = "required"
	auth_cleartext = true
	username = "alice"
	password = "alices"
	auth_mechanism = "PLAIN"
	from = "a@b.example"
	to = ["c@d.example"]
	expect = ["service_unavailable"]
	insecure_skip_verify = true
	tls_server_name = "cert.example"
	tls_min_version = "TLS13"
	`

func TestInherit_Settings(t *testing.T) {
	p := initialized(t, parent+`
		[[inputs.smtpprobe.relay]]
		name = "child"
		url = "smtp://b.example"
		connect_timeout = "1s"`)
	child := relayNamed(t, p, "child")
	require.Equal(t, smtpprobe.DepthRcpt, child.plan.Depth)
	require.Equal(t, "probe.example", child.spec.prober.Helo)
	require.Equal(t, 4*time.Second, child.spec.prober.Timeout)
	require.Equal(t, time.Second, child.spec.prober.ConnectTimeout)
	require.Equal(t, 2*time.Second, child.spec.prober.ReadTimeout)
	require.Equal(t, smtpprobe.TLSRequired, child.target.TLS)
	require.Equal(t, "a@b.example", child.plan.From)
	require.Equal(t, []string{"c@d.example"}, child.plan.To)
	require.Len(t, child.plan.Expect, 1)
	require.True(t, child.spec.prober.TLS.InsecureSkipVerify)
	require.EqualValues(t, tls.VersionTLS13, child.spec.prober.TLS.MinVersion)

	auth, err := child.login.auth()
	require.NoError(t, err)
	require.Equal(t, &smtpprobe.Auth{Username: "alice", Password: "alices", Mechanism: "PLAIN", Cleartext: true}, auth)
}

func TestInherit_EmptyValues(t *testing.T) {
	p := initialized(t, parent+`
		[[inputs.smtpprobe.relay]]
		name = "own"
		url = "smtp://b.example"
		read_timeout = "0s"
		from = ""
		expect = []
		insecure_skip_verify = false
		tls_min_version = ""
		auth_cleartext = false
		username = ""`)
	own := relayNamed(t, p, "own")
	require.Zero(t, own.spec.prober.ReadTimeout)
	require.Empty(t, own.plan.From)
	require.Empty(t, own.plan.Expect)
	require.False(t, own.spec.prober.TLS.InsecureSkipVerify)
	require.EqualValues(t, tls.VersionTLS12, own.spec.prober.TLS.MinVersion)
	require.Nil(t, own.login, "an empty username disables AUTH")
}

func TestInherit_EmptyList(t *testing.T) {
	p, err := load(t, parent+`
		[[inputs.smtpprobe.relay]]
		name = "own"
		url = "smtp://b.example"
		to = []`)
	require.NoError(t, err)
	require.EqualError(t, p.Init(), `relay "own": probe "rcpt" needs a recipient: to is empty`)
}

func TestInherit_Credentials(t *testing.T) {
	for _, own := range []string{`username = "bob"`, `password = "bobs"`, `auth_mechanism = "LOGIN"`, `scopes = ["x"]`, `client_id = "i"`} {
		p, err := load(t, parent+`
			[[inputs.smtpprobe.relay]]
			name = "own"
			url = "smtp://b.example"
			`+own)
		require.NoError(t, err)
		require.ErrorContains(t, p.Init(), `relay "own": `, "relay sets only %s", own)
	}
	p := initialized(t, parent+`
		[[inputs.smtpprobe.relay]]
		name = "own"
		url = "smtp://b.example"
		username = "bob"
		token = "bobs"`)
	auth, err := relayNamed(t, p, "own").login.auth()
	require.NoError(t, err)
	require.Equal(t, "bob", auth.Username)
	require.Empty(t, auth.Password)
	require.Empty(t, auth.Mechanism)
	require.True(t, auth.Cleartext, "inherited separately")
	token, err := auth.Token.Token(t.Context())
	require.NoError(t, err)
	require.Equal(t, "bobs", token)
}

func TestInherit_TLSServerName(t *testing.T) {
	p := initialized(t, parent+`
		[[inputs.smtpprobe.relay]]
		name = "child"
		url = "smtp://b.example"
		[[inputs.smtpprobe.relay]]
		name = "own"
		url = "smtp://c.example"
		tls_server_name = "other.example"`)
	require.Equal(t, "cert.example", relayNamed(t, p, "smtp://a.example").spec.prober.TLS.ServerName)
	require.Empty(t, relayNamed(t, p, "child").spec.prober.TLS.ServerName)
	require.Equal(t, "other.example", relayNamed(t, p, "own").spec.prober.TLS.ServerName)
}

func TestInherit_STARTTLS(t *testing.T) {
	p := initialized(t, `
		[[inputs.smtpprobe]]
		servers = ["smtp://a.example", "smtps://a.example", "submission://a.example", "lmtp://a.example", "mx://a.example"]
		starttls = "never"`)
	require.Equal(t, smtpprobe.TLSNever, relayNamed(t, p, "smtp://a.example").target.TLS)
	require.Equal(t, smtpprobe.TLSImplicit, relayNamed(t, p, "smtps://a.example").target.TLS)
	require.Equal(t, smtpprobe.TLSRequired, relayNamed(t, p, "submission://a.example").target.TLS)
	require.Equal(t, smtpprobe.TLSNever, relayNamed(t, p, "lmtp://a.example").target.TLS)
	require.Equal(t, smtpprobe.TLSOpportunistic, relayNamed(t, p, "mx://a.example").target.TLS)
}

func TestTLS_SharedConfiguration(t *testing.T) {
	p := initialized(t, `
		[[inputs.smtpprobe]]
		servers = ["smtp://a.example", "smtps://b.example"]
		[[inputs.smtpprobe.relay]]
		url = "smtp://c.example"
		insecure_skip_verify = false
		[[inputs.smtpprobe.relay]]
		url = "smtp://d.example"
		insecure_skip_verify = true`)
	require.Same(t, p.parsedRelays[0].spec.prober.TLS, p.parsedRelays[1].spec.prober.TLS)
	require.Same(t, p.parsedRelays[0].spec.prober.TLS, p.parsedRelays[2].spec.prober.TLS)
	require.NotSame(t, p.parsedRelays[0].spec.prober.TLS, p.parsedRelays[3].spec.prober.TLS)
}

func TestTLS_VersionAndCiphers(t *testing.T) {
	p := initialized(t, `
		[[inputs.smtpprobe]]
		servers = ["smtps://a.example"]
		tls_cipher_suites = ["TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"]
		[[inputs.smtpprobe.relay]]
		name = "version"
		url = "smtps://b.example"
		tls_cipher_suites = []
		tls_min_version = "TLS13"`)
	require.Equal(t, []uint16{tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256}, p.parsedRelays[0].spec.prober.TLS.CipherSuites)
	version := relayNamed(t, p, "version").spec.prober.TLS
	require.Empty(t, version.CipherSuites)
	require.EqualValues(t, tls.VersionTLS13, version.MinVersion)
}

func TestInherit_ClientCertificate(t *testing.T) {
	cert, key := pemFiles(t)
	plugin := `
		[[inputs.smtpprobe]]
		tls_cert = "` + cert + `"
		tls_key = "` + key + `"
		[[inputs.smtpprobe.relay]]
		name = "child"
		url = "smtps://b.example"
		`
	p := initialized(t, plugin)
	require.Len(t, relayNamed(t, p, "child").spec.prober.TLS.Certificates, 1)

	p = initialized(t, plugin+`tls_cert = ""`)
	require.Empty(t, relayNamed(t, p, "child").spec.prober.TLS.Certificates)

	p, err := load(t, plugin+`tls_cert = "`+cert+`"`)
	require.NoError(t, err)
	require.EqualError(t, p.Init(), `relay "child": tls_cert "`+cert+`" needs tls_key`)
}

// pemFiles writes a client certificate and its key.
func pemFiles(t *testing.T) (cert, key string) {
	t.Helper()
	cert, key, err := certs.WriteFiles(t.TempDir(), "client", certs.SelfSigned(certs.Client("probe")))
	require.NoError(t, err)
	// Backslashes are escapes in TOML.
	return filepath.ToSlash(cert), filepath.ToSlash(key)
}
