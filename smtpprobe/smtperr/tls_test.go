package smtperr_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest/certs"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

func TestClassify_Certificates(t *testing.T) {
	t.Parallel()
	ca, stranger := certs.NewAuthority("Example Root"), certs.NewAuthority("Unknown Root")
	leaf := certs.For("localhost")
	changed := func(change func(*x509.Certificate)) certs.Leaf {
		leaf := certs.For("localhost")
		leaf.Change = change
		return leaf
	}
	below := func(change func(*x509.Certificate)) *certs.Authority {
		return ca.Intermediate("Example Intermediate", change)
	}
	withRoot := stranger.Issue(leaf)
	withRoot.Certificate = append(withRoot.Certificate, stranger.Certificate().Raw)
	for _, tt := range []struct {
		name   string
		server tls.Certificate
		reason smtperr.Reason
		detail string // of the first failed check, a regular expression
	}{
		{
			name: "expired", server: ca.Issue(certs.Expired(leaf)),
			reason: smtperr.ReasonExpired, detail: `^certificate expired at \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$`,
		},
		{
			name: "not yet valid", server: ca.Issue(certs.NotYetValid(leaf)),
			reason: smtperr.ReasonNotYetValid, detail: `^certificate is not valid before \d{4}-`,
		},
		{
			name: "other host name", server: ca.Issue(certs.For("other.test")),
			reason: smtperr.ReasonHostMismatch, detail: `^certificate is valid for other.test, not localhost$`,
		},
		{
			name: "unknown CA", server: stranger.Issue(leaf),
			reason: smtperr.ReasonUnknownAuthority, detail: `^certificate signed by unknown authority$`,
		},
		{
			name: "unknown CA with its root", server: withRoot,
			reason: smtperr.ReasonUnknownAuthority, detail: `^certificate signed by unknown authority$`,
		},
		{name: "self-signed", server: certs.SelfSigned(leaf), reason: smtperr.ReasonSelfSigned, detail: `^certificate is self-signed$`},
		{name: "without names", server: ca.Issue(certs.Client("localhost")), reason: smtperr.ReasonCertNoNames, detail: `legacy Common Name`},
		{
			name:   "client certificate",
			server: ca.Issue(changed(func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} })),
			reason: smtperr.ReasonCertUsage, detail: `incompatible key usage`,
		},
		{
			name: "name constraint of CA",
			server: below(func(c *x509.Certificate) {
				c.PermittedDNSDomainsCritical, c.PermittedDNSDomains = true, []string{"other.test"}
			}).Issue(leaf),
			reason: smtperr.ReasonCertConstraints, detail: `not authorized to sign for this name`,
		},
		{
			name:   "path length exceeded",
			server: below(func(c *x509.Certificate) { c.MaxPathLen, c.MaxPathLenZero = 0, true }).Intermediate("Second Intermediate").Issue(leaf),
			reason: smtperr.ReasonCertConstraints, detail: `^CA certificate "CN=Example Intermediate": too many intermediates`,
		},
		{
			name:   "issuer without CA flag",
			server: below(func(c *x509.Certificate) { c.IsCA = false }).Issue(leaf),
			reason: smtperr.ReasonCertConstraints, detail: `parent certificate cannot sign`,
		},
		{
			name:   "signed with SHA-1",
			server: ca.Issue(changed(func(c *x509.Certificate) { c.SignatureAlgorithm = x509.ECDSAWithSHA1 })),
			reason: smtperr.ReasonCertSignature, detail: `insecure algorithm ECDSA-SHA1`,
		},
		{
			name:   "expired CA",
			server: below(func(c *x509.Certificate) { c.NotAfter = time.Now().AddDate(0, 0, -1) }).Issue(leaf),
			reason: smtperr.ReasonChainExpired, detail: `^CA certificate "CN=Example Intermediate" expired at \d{4}-`,
		},
		{
			name:   "CA not yet valid",
			server: below(func(c *x509.Certificate) { c.NotBefore = time.Now().AddDate(0, 0, 1) }).Issue(leaf),
			reason: smtperr.ReasonNotYetValid, detail: `^CA certificate "CN=Example Intermediate" is not valid before \d{4}-`,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			err := handshake(t, certs.Server(tt.server), &tls.Config{RootCAs: ca.Pool()})
			e := classify(smtperr.PhaseTLS, err)
			require.Equal(t, smtperr.ClassTLSVerifyError, e.Class, err)
			require.Equal(t, tt.reason, e.Reason, err)
			require.False(t, e.Temporary())
			require.Len(t, e.Details, 1)
			require.Regexp(t, tt.detail, e.Details[0])
			require.EqualError(t, e, "smtp: TLS handshake: "+e.Details[0])
			require.NotContains(t, e.Error(), "current time", "stable text")
		})
	}
}

// These errors do not occur in handshakes with a server of crypto/tls.
func TestClassify_CertificateErrors(t *testing.T) {
	t.Parallel()
	unverified := func(err error) error { return &tls.CertificateVerificationError{Err: err} }
	for _, tt := range []struct {
		name   string
		err    error
		reason smtperr.Reason
	}{
		{name: "no roots", err: unverified(x509.SystemRootsError{}), reason: smtperr.ReasonNoRoots},
		{name: "unsupported algorithm", err: unverified(x509.ErrUnsupportedAlgorithm), reason: smtperr.ReasonCertSignature},
		{name: "MD5", err: unverified(x509.InsecureAlgorithmError(x509.MD5WithRSA)), reason: smtperr.ReasonCertSignature},
		{
			name:   "RSA key of 512 bits",
			err:    errors.New("tls: invalid signature by the server certificate: crypto/rsa: 512-bit keys are insecure (see https://go.dev/x)"),
			reason: smtperr.ReasonCertSignature,
		},
		{
			name: "expired issuer",
			err: unverified(errors.New(`x509: certificate signed by unknown authority (possibly because of "x509: certificate has expired or is not ` +
				`yet valid: current time 2026-01-02T00:00:00Z is after 2025-01-01T00:00:00Z" while trying to verify candidate authority certificate "X")`)),
			reason: smtperr.ReasonChainExpired,
		},
		{name: "CA usage", err: x509.CertificateInvalidError{Reason: x509.CANotAuthorizedForExtKeyUsage}, reason: smtperr.ReasonCertUsage},
		{name: "no chain for usage", err: x509.CertificateInvalidError{Reason: x509.NoValidChains, Detail: "1 candidate chains with incompatible key usage, x"}, reason: smtperr.ReasonCertUsage},
		{name: "no chain for policy", err: x509.CertificateInvalidError{Reason: x509.NoValidChains, Detail: "1 candidate chains with invalid policies"}, reason: smtperr.ReasonCertConstraints},
		{name: "unknown critical extension", err: x509.UnhandledCriticalExtension{}, reason: smtperr.ReasonCertConstraints},
		{name: "constraint violation", err: x509.ConstraintViolationError{}, reason: smtperr.ReasonCertConstraints},
		{name: "issuer name mismatch", err: x509.CertificateInvalidError{Reason: x509.NameMismatch}, reason: smtperr.ReasonUnknownAuthority},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			e := classify(smtperr.PhaseTLS, tt.err)
			require.Equal(t, smtperr.ClassTLSVerifyError, e.Class)
			require.Equal(t, tt.reason, e.Reason)
			require.NotContains(t, e.Error(), "current time")
		})
	}
}

func TestClassify_Handshakes(t *testing.T) {
	t.Parallel()
	ca := certs.NewAuthority("Example Root")
	good := ca.Issue(certs.For("localhost"))
	client := func() *tls.Config { return &tls.Config{RootCAs: ca.Pool()} }
	for _, tt := range []struct {
		name      string
		server    *tls.Config
		client    *tls.Config
		reason    smtperr.Reason
		temporary bool
		text      string
	}{
		{
			name: "no common version", server: certs.ServerUpTo(tls.VersionTLS12, good), client: &tls.Config{MinVersion: tls.VersionTLS13},
			reason: smtperr.ReasonProtocolVersion, text: "protocol version not supported",
		},
		{
			name:   "no common cipher suite",
			server: certs.ServerUpTo(tls.VersionTLS12, good), client: &tls.Config{CipherSuites: []uint16{tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256}},
			reason: smtperr.ReasonHandshakeFailure, temporary: true, text: "handshake failure",
		},
		{
			name:   "unrecognized_name alert",
			server: &tls.Config{GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return nil, nil }}, client: client(), //nolint:nilnil // as crypto/tls has it
			reason: smtperr.ReasonTLSAlert, temporary: true, text: "unrecognized name",
		},
		{
			name:   "internal_error alert",
			server: &tls.Config{GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) { return nil, errors.New("x") }}, client: client(),
			reason: smtperr.ReasonTLSAlert, temporary: true, text: "internal error",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			e := classify(smtperr.PhaseTLS, handshake(t, tt.server, tt.client))
			require.Equal(t, smtperr.ClassTLSError, e.Class)
			require.Equal(t, tt.reason, e.Reason)
			require.Equal(t, tt.temporary, e.Temporary())
			require.ErrorContains(t, e, tt.text)
		})
	}
}

func TestClassify_NotTLS(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		sends  smtptest.Step
		reason smtperr.Reason
	}{
		{name: "SMTP", sends: smtptest.Say("220 relay.test ESMTP"), reason: smtperr.ReasonPlaintextSMTP},
		{name: "HTTP", sends: smtptest.Raw("HTTP/1.1 400 Bad Request\r\n\r\n"), reason: smtperr.ReasonNotSMTPHTTP},
		{name: "SSH", sends: smtptest.Raw("SSH-2.0-OpenSSH_9.9\r\n"), reason: smtperr.ReasonNotSMTPSSH},
		{name: "IMAP", sends: smtptest.Raw("* OK IMAP4rev1 ready\r\n"), reason: smtperr.ReasonNotSMTP},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			ca := certs.NewAuthority("Example Root")
			script := smtptest.Script{ImplicitTLS: true, TLS: certs.Server(ca.Issue(certs.For("localhost"))), Handshake: tt.sends}
			_, err := tls.Dial("tcp", smtptest.Start(t, script).Addr().String(), &tls.Config{ServerName: "localhost", MinVersion: tls.VersionTLS12})
			e := classify(smtperr.PhaseTLS, err)
			require.Equal(t, smtperr.ClassTLSError, e.Class, err)
			require.Equal(t, tt.reason, e.Reason, err)
			require.False(t, e.Temporary(), "another protocol")
		})
	}
}

func TestClassify_RecordBroken(t *testing.T) {
	t.Parallel()
	for name, damage := range map[string]func(record []byte) []byte{
		"flipped bit":      func(record []byte) []byte { record[len(record)-1] ^= 1; return record },
		"plaintext":        func([]byte) []byte { return []byte("421 4.3.2 shutting down\r\n") },
		"oversized record": func(record []byte) []byte { record[3], record[4] = 0xff, 0xff; return record },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ca := certs.NewAuthority("Example Root")
			clientConn, serverConn := net.Pipe()
			t.Cleanup(func() { clientConn.Close(); serverConn.Close() })
			wire := &damagedConn{Conn: serverConn}
			go func() {
				server := tls.Server(wire, certs.ServerUpTo(tls.VersionTLS12, ca.Issue(certs.For("localhost"))))
				if server.Handshake() == nil {
					wire.damage = damage
					fmt.Fprint(server, "220 relay.test ESMTP\r\n")
				}
			}()
			client := tls.Client(clientConn, &tls.Config{RootCAs: ca.Pool(), ServerName: "localhost", MinVersion: tls.VersionTLS12})
			require.NoError(t, client.Handshake())
			go func() { _, _ = io.Copy(io.Discard, serverConn) }() //nolint:errcheck // the client's alert
			_, err := client.Read(make([]byte, 100))
			e := classify(smtperr.PhaseGreeting, err)
			require.Equal(t, smtperr.ClassTLSError, e.Class, err)
			require.Equal(t, smtperr.ReasonRecordBroken, e.Reason, err)
			require.True(t, e.Temporary())
			require.Equal(t, smtperr.FaultNetwork, e.Fault())
		})
	}
}

// damagedConn applies damage to written data once it is set.
type damagedConn struct {
	net.Conn

	damage func([]byte) []byte
}

func (d *damagedConn) Write(b []byte) (int, error) {
	if d.damage == nil {
		return d.Conn.Write(b)
	}
	_, err := d.Conn.Write(d.damage(append([]byte(nil), b...)))
	return len(b), err
}

// handshake returns the error of the client. With TLS 1.3 it may occur on the first
// read.
func handshake(t *testing.T, server, client *tls.Config) error {
	t.Helper()
	srv := smtptest.Start(t, smtptest.Script{TLS: server, ImplicitTLS: true})
	client.ServerName = "localhost"
	if client.MinVersion == 0 {
		client.MinVersion = tls.VersionTLS12
	}
	conn, err := tls.Dial("tcp", srv.Addr().String(), client)
	if err == nil {
		_, err = conn.Read(make([]byte, 1))
		conn.Close()
	}
	require.Error(t, err)
	return err
}

func TestClassify_ClientCertRequired(t *testing.T) {
	t.Parallel()
	ca, stranger := certs.NewAuthority("Example Root"), certs.NewAuthority("Unknown Root")
	for _, tt := range []struct {
		name    string
		version uint16
		client  []tls.Certificate
	}{
		{name: "no certificate, TLS 1.3", version: tls.VersionTLS13, client: nil},
		{name: "untrusted certificate, TLS 1.2", version: tls.VersionTLS12, client: []tls.Certificate{stranger.Issue(certs.Client("probe"))}},
		{name: "untrusted certificate, TLS 1.3", version: tls.VersionTLS13, client: []tls.Certificate{stranger.Issue(certs.Client("probe"))}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			server := ca.DemandClient(certs.ServerUpTo(tt.version, ca.Issue(certs.For("localhost"))))
			srv := smtptest.Start(t, smtptest.Script{TLS: server, ImplicitTLS: true})
			given := func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
				if len(tt.client) == 0 {
					return &tls.Certificate{}, nil
				}
				return &tt.client[0], nil
			}
			conn, err := tls.Dial("tcp", srv.Addr().String(), &tls.Config{
				RootCAs: ca.Pool(), ServerName: "localhost", MinVersion: tls.VersionTLS12, GetClientCertificate: given,
			})
			if err == nil { // with TLS 1.3 the alert arrives on the first read
				_, err = conn.Read(make([]byte, 1))
				conn.Close()
			}
			require.Error(t, err)
			e := classify(smtperr.PhaseGreeting, err)
			require.Equal(t, smtperr.ClassTLSError, e.Class, err)
			require.Equal(t, smtperr.ReasonClientCertRequired, e.Reason, err)
		})
	}
}

func TestClassify_SelfSigned(t *testing.T) {
	t.Parallel()
	ca := certs.NewAuthority("Unknown Root").Certificate()
	root := x509.UnknownAuthorityError{Cert: ca}
	require.Equal(t, smtperr.ReasonUnknownAuthority, classify(smtperr.PhaseTLS, root).Reason, "root of the chain")
	as := func(leaf *x509.Certificate) error {
		return &tls.CertificateVerificationError{UnverifiedCertificates: []*x509.Certificate{leaf}, Err: root}
	}
	require.Equal(t, smtperr.ReasonSelfSigned, classify(smtperr.PhaseTLS, as(ca)).Reason, "CA certificate of the server")
	require.Equal(t, smtperr.ReasonUnknownAuthority, classify(smtperr.PhaseTLS, as(&x509.Certificate{})).Reason)
	own := certs.SelfSigned(certs.For("localhost")).Leaf
	require.Equal(t, smtperr.ReasonSelfSigned, classify(smtperr.PhaseTLS, x509.UnknownAuthorityError{Cert: own}).Reason)
}

func TestClassify_ClosedInHandshake(t *testing.T) {
	t.Parallel()
	client, server := net.Pipe()
	read := make(chan error, 1)
	go func() {
		_, err := server.Read(make([]byte, 1<<10))
		server.Close()
		read <- err
	}()
	err := tls.Client(client, &tls.Config{ServerName: "localhost", MinVersion: tls.VersionTLS12}).Handshake()
	require.NoError(t, <-read)
	e := classify(smtperr.PhaseTLS, err)
	require.Equal(t, smtperr.ClassTLSError, e.Class, err)
	require.Equal(t, smtperr.ReasonClosed, e.Reason, err)
}

func TestClassify_Dials(t *testing.T) {
	t.Parallel()
	const closed = "127.0.0.1:1" // tcpmux (RFC 1078), unused in practice
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	late, cancelLate := context.WithDeadline(t.Context(), time.Unix(1, 0))
	t.Cleanup(cancelLate)
	dial := func(ctx context.Context, network, address string) error {
		conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
		if err == nil {
			conn.Close()
		}
		return err
	}
	for _, tt := range []struct {
		name   string
		err    error
		phase  smtperr.Phase
		class  smtperr.Class
		reason smtperr.Reason
	}{
		{name: "connection refused", err: dial(t.Context(), "tcp", closed), phase: smtperr.PhaseConnect, class: smtperr.ClassConnectError, reason: smtperr.ReasonRefused},
		{name: "missing unix socket", err: dial(t.Context(), "unix", filepath.Join(t.TempDir(), "none")), phase: smtperr.PhaseConnect, class: smtperr.ClassConnectError, reason: smtperr.ReasonNotFound},
		{name: "port out of range", err: dial(t.Context(), "tcp", "127.0.0.1:70000"), phase: smtperr.PhaseConfig, class: smtperr.ClassConfigError, reason: smtperr.ReasonInvalidPort},
		{name: "unknown service", err: dial(t.Context(), "tcp", "127.0.0.1:nosuchservice"), phase: smtperr.PhaseConfig, class: smtperr.ClassConfigError, reason: smtperr.ReasonInvalidPort},
		{name: "no port", err: dial(t.Context(), "tcp", "127.0.0.1"), phase: smtperr.PhaseConfig, class: smtperr.ClassConfigError, reason: smtperr.ReasonInvalidPort},
		{name: "unknown network", err: dial(t.Context(), "smtp", closed), phase: smtperr.PhaseConfig, class: smtperr.ClassConfigError, reason: smtperr.ReasonInvalidAddress},
		{name: "canceled dial", err: dial(canceled, "tcp", closed), phase: smtperr.PhaseConnect, class: smtperr.ClassCanceled},
		{name: "deadline exceeded before dial", err: dial(late, "tcp", closed), phase: smtperr.PhaseConnect, class: smtperr.ClassConnectTimeout},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			require.Error(t, tt.err)
			e := classify("", tt.err)
			require.Equal(t, tt.class, e.Class, tt.err)
			require.Equal(t, tt.reason, e.Reason, tt.err)
			require.Equal(t, tt.phase, e.Phase, "derived")
		})
	}
}

func TestClassify_ReadsAndWrites(t *testing.T) {
	t.Parallel()
	pipe := func() (net.Conn, net.Conn) { return net.Pipe() }
	t.Run("read deadline", func(t *testing.T) {
		t.Parallel()
		client, server := pipe()
		defer server.Close()
		require.NoError(t, client.SetDeadline(time.Unix(1, 0)))
		_, err := client.Read(make([]byte, 1))
		require.Equal(t, smtperr.ClassReadTimeout, classify(smtperr.PhaseMail, err).Class)
	})
	t.Run("read after close by peer", func(t *testing.T) {
		t.Parallel()
		client, server := pipe()
		require.NoError(t, server.Close())
		_, err := client.Read(make([]byte, 1))
		require.Equal(t, smtperr.ClassDisconnected, classify(smtperr.PhaseMail, err).Class)
	})
	t.Run("read after own close", func(t *testing.T) {
		t.Parallel()
		conn, err := net.Dial("tcp", smtptest.Start(t, smtptest.Script{}).Addr().String())
		require.NoError(t, err)
		require.NoError(t, conn.Close())
		_, err = conn.Read(make([]byte, 1))
		require.Equal(t, smtperr.ClassCanceled, classify(smtperr.PhaseMail, err).Class)
	})
	t.Run("write deadline", func(t *testing.T) {
		t.Parallel()
		conn, err := net.Dial("tcp", smtptest.Start(t, smtptest.Script{}).Addr().String())
		require.NoError(t, err)
		defer conn.Close()
		require.NoError(t, conn.SetWriteDeadline(time.Unix(1, 0)))
		_, err = conn.Write([]byte("x"))
		require.Equal(t, smtperr.ClassWriteTimeout, classify(smtperr.PhaseMail, err).Class)
	})
	t.Run("lookup without network", func(t *testing.T) {
		t.Parallel()
		resolver := &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
			return nil, errors.New("no network in tests")
		}}
		_, err := resolver.LookupHost(t.Context(), "host.invalid")
		require.ErrorIs(t, classify(smtperr.PhaseDNS, err), smtperr.ErrDNS)
	})
}
