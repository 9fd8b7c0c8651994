package smtpprobe_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest/certs"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

func probeTLS(t *testing.T, server tls.Certificate, client *tls.Config) *smtpprobe.Result {
	t.Helper()
	srv := smtptest.Start(t, smtptest.Script{TLS: certs.Server(server), ImplicitTLS: true})
	p := prober(srv, implicit)
	p.Prober.TLS = client
	return p.probe(context.Background())
}

// An expired intermediate certificate is reported as such.
func TestProber_ChainExpired(t *testing.T) {
	t.Parallel()
	root := certs.NewAuthority("Example Root")
	expired := root.Intermediate("Example Intermediate", func(c *x509.Certificate) { c.NotAfter = time.Now().AddDate(0, 0, -1) })
	r := probeTLS(t, expired.Issue(certs.For("127.0.0.1")), &tls.Config{RootCAs: root.Pool(), MinVersion: tls.VersionTLS12})
	e := failure(r)
	require.Equal(t, smtperr.ClassTLSVerifyError, e.Class, e)
	require.Equal(t, smtperr.ReasonChainExpired, e.Reason, e)
	require.Regexp(t, `^smtp: TLS handshake: CA certificate "CN=Example Intermediate" expired at \d{4}-`, e.Error())
	require.Len(t, r.TLS.Problems, 1)
	require.Equal(t, e.Details, r.TLS.Problems[0].Details)
}

// Package x509 loads the system's roots once per process, hence the child process.
func TestProber_NoRoots(t *testing.T) {
	t.Parallel()
	const child = "SMTPPROBE_TEST_NO_ROOTS"
	if os.Getenv(child) == "" {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestProber_NoRoots$", "-test.v")
		missing := t.TempDir()
		cmd.Env = append(os.Environ(), child+"=1", "SSL_CERT_FILE="+missing+"/none.pem", "SSL_CERT_DIR="+missing)
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s", out)
		require.Contains(t, string(out), "--- PASS: TestProber_NoRoots")
		return
	}
	server := certs.NewAuthority("Example Root").Issue(certs.For("127.0.0.1"))
	e := failure(probeTLS(t, server, &tls.Config{MinVersion: tls.VersionTLS12}))
	require.Equal(t, smtperr.ClassTLSVerifyError, e.Class, e)
	require.Equal(t, smtperr.ReasonNoRoots, e.Reason, e)
	require.Equal(t, smtperr.FaultProber, e.Fault())

	other := certs.NewAuthority("Another Root")
	e = failure(probeTLS(t, server, &tls.Config{RootCAs: other.Pool(), MinVersion: tls.VersionTLS12}))
	require.Equal(t, smtperr.ReasonUnknownAuthority, e.Reason, "with roots of the caller")
}

// Up to TLS 1.2 OpenSSL sends handshake_failure if a client certificate is missing.
func TestProber_AlertAfterCertificateRequest(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		auth   tls.ClientAuthType
		alert  byte
		reason smtperr.Reason
	}{
		{name: "handshake failure after a request", auth: tls.RequestClientCert, alert: 40, reason: smtperr.ReasonClientCertRequired},
		{name: "handshake failure without a request", auth: tls.NoClientCert, alert: 40, reason: smtperr.ReasonHandshakeFailure},
		{name: "another alert after a request", auth: tls.RequestClientCert, alert: 80, reason: smtperr.ReasonTLSAlert},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			root := certs.NewAuthority("Example Root")
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			require.NoError(t, err)
			t.Cleanup(func() { listener.Close() })
			go func() {
				conn, err := listener.Accept()
				if err != nil {
					return
				}
				defer conn.Close()
				config := certs.ServerUpTo(tls.VersionTLS12, root.Issue(certs.For("127.0.0.1")))
				config.ClientAuth = tt.auth
				config.VerifyConnection = func(tls.ConnectionState) error {
					_, err := conn.Write([]byte{21, 3, 3, 0, 2, 2, tt.alert}) // a fatal alert (RFC 5246 §7.2)
					return errors.Join(errors.New("refused"), err)
				}
				_ = tls.Server(conn, config).Handshake() //nolint:errcheck // it fails
			}()
			addr := listener.Addr().(*net.TCPAddr)
			p := smtpprobe.Prober{Helo: "probe.test", TLS: &tls.Config{RootCAs: root.Pool(), MinVersion: tls.VersionTLS12}}
			r := p.Probe(t.Context(), smtpprobe.Target{Host: "127.0.0.1", Port: uint16(addr.Port), TLS: smtpprobe.TLSImplicit}, smtpprobe.Plan{Depth: smtpprobe.DepthEHLO})
			require.Equal(t, smtperr.ClassTLSError, failure(r).Class, r.Err)
			require.Equal(t, tt.reason, failure(r).Reason, r.Err)
		})
	}
}
