package smtperr_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest/certs"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// What crypto/tls really says, not what a test believes that it says.
func TestClassify_Handshakes(t *testing.T) {
	t.Parallel()
	ca, stranger := certs.NewAuthority("ours"), certs.NewAuthority("theirs")
	here := certs.For("localhost")
	withRoot := stranger.Issue(here)
	withRoot.Certificate = append(withRoot.Certificate, stranger.Certificate().Raw)
	for _, tt := range []struct {
		name   string
		script smtptest.Script
		client *tls.Config
		class  smtperr.Class
		reason smtperr.Reason
	}{
		{"expired", smtptest.Script{TLS: certs.Server(ca.Issue(certs.Expired(here)))}, nil, smtperr.ClassTLSVerifyError, smtperr.ReasonExpired},
		{"not yet valid", smtptest.Script{TLS: certs.Server(ca.Issue(certs.NotYetValid(here)))}, nil, smtperr.ClassTLSVerifyError, smtperr.ReasonNotYetValid},
		{"another host's", smtptest.Script{TLS: certs.Server(ca.Issue(certs.For("other.test")))}, nil, smtperr.ClassTLSVerifyError, smtperr.ReasonHostMismatch},
		{"an unknown authority's", smtptest.Script{TLS: certs.Server(stranger.Issue(here))}, nil, smtperr.ClassTLSVerifyError, smtperr.ReasonUnknownAuthority},
		{"an unknown authority's that is sent along", smtptest.Script{TLS: certs.Server(withRoot)}, nil, smtperr.ClassTLSVerifyError, smtperr.ReasonUnknownAuthority},
		{"self-signed", smtptest.Script{TLS: certs.Server(certs.SelfSigned(here))}, nil, smtperr.ClassTLSVerifyError, smtperr.ReasonSelfSigned},
		{
			"versions apart", smtptest.Script{TLS: certs.ServerUpTo(tls.VersionTLS12, ca.Issue(here))},
			&tls.Config{MinVersion: tls.VersionTLS13}, smtperr.ClassTLSError, smtperr.ReasonProtocolVersion,
		},
		{"plain SMTP", smtptest.Script{Handshake: smtptest.Say("220 relay.test ESMTP")}, nil, smtperr.ClassTLSError, smtperr.ReasonPlaintextSMTP},
		{"a web server", smtptest.Script{Handshake: smtptest.Raw("HTTP/1.1 400 Bad Request\r\n\r\n")}, nil, smtperr.ClassTLSError, smtperr.ReasonNotSMTPHTTP},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			script := tt.script
			script.ImplicitTLS = true
			if script.TLS == nil {
				script.TLS = certs.Server(ca.Issue(here))
			}
			client := tt.client
			if client == nil {
				client = &tls.Config{MinVersion: tls.VersionTLS12}
			}
			client.RootCAs, client.ServerName = ca.Pool(), "localhost"
			_, err := tls.Dial("tcp", smtptest.Start(t, script).Addr().String(), client)
			require.Error(t, err)
			e := classify(smtperr.PhaseTLS, err)
			require.Equal(t, tt.class, e.Class, err)
			require.Equal(t, tt.reason, e.Reason, err)
		})
	}
}

func TestClassify_ClientCertRequired(t *testing.T) {
	t.Parallel()
	ca, stranger := certs.NewAuthority("ours"), certs.NewAuthority("theirs")
	for _, tt := range []struct {
		name    string
		version uint16
		ours    []tls.Certificate
	}{
		{"none given", tls.VersionTLS13, nil},
		{"a stranger's given", tls.VersionTLS12, []tls.Certificate{stranger.Issue(certs.Client("probe"))}},
		{"a stranger's given, TLS 1.3", tls.VersionTLS13, []tls.Certificate{stranger.Issue(certs.Client("probe"))}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			server := ca.DemandClient(certs.ServerUpTo(tt.version, ca.Issue(certs.For("localhost"))))
			srv := smtptest.Start(t, smtptest.Script{TLS: server, ImplicitTLS: true})
			given := func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
				if len(tt.ours) == 0 {
					return &tls.Certificate{}, nil
				}
				return &tt.ours[0], nil
			}
			conn, err := tls.Dial("tcp", srv.Addr().String(), &tls.Config{
				RootCAs: ca.Pool(), ServerName: "localhost", MinVersion: tls.VersionTLS12, GetClientCertificate: given,
			})
			if err == nil { // with TLS 1.3 the first read tells
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
	ca := certs.NewAuthority("theirs").Certificate()
	root := x509.UnknownAuthorityError{Cert: ca}
	require.Equal(t, smtperr.ReasonUnknownAuthority, classify(smtperr.PhaseTLS, root).Reason, "a root that was sent along")
	as := func(leaf *x509.Certificate) error {
		return &tls.CertificateVerificationError{UnverifiedCertificates: []*x509.Certificate{leaf}, Err: root}
	}
	require.Equal(t, smtperr.ReasonSelfSigned, classify(smtperr.PhaseTLS, as(ca)).Reason, "an authority's as the server's")
	require.Equal(t, smtperr.ReasonUnknownAuthority, classify(smtperr.PhaseTLS, as(&x509.Certificate{})).Reason)
	own := certs.SelfSigned(certs.For("localhost")).Leaf
	require.Equal(t, smtperr.ReasonSelfSigned, classify(smtperr.PhaseTLS, x509.UnknownAuthorityError{Cert: own}).Reason)
}

func TestClassify_ClosedInHandshake(t *testing.T) {
	t.Parallel()
	here, there := net.Pipe()
	read := make(chan error, 1)
	go func() {
		_, err := there.Read(make([]byte, 1<<10))
		there.Close()
		read <- err
	}()
	err := tls.Client(here, &tls.Config{ServerName: "localhost", MinVersion: tls.VersionTLS12}).Handshake()
	require.NoError(t, <-read)
	e := classify(smtperr.PhaseTLS, err)
	require.Equal(t, smtperr.ClassTLSError, e.Class, err)
	require.Equal(t, smtperr.ReasonClosed, e.Reason, err)
}

func TestClassify_Dials(t *testing.T) {
	t.Parallel()
	const closed = "127.0.0.1:1" // of tcpmux (RFC 1078), which nobody runs
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
		{"a closed port", dial(t.Context(), "tcp", closed), smtperr.PhaseConnect, smtperr.ClassConnectError, smtperr.ReasonRefused},
		{"no unix socket", dial(t.Context(), "unix", filepath.Join(t.TempDir(), "none")), smtperr.PhaseConnect, smtperr.ClassConnectError, smtperr.ReasonNotFound},
		{"a port that is none", dial(t.Context(), "tcp", "127.0.0.1:70000"), smtperr.PhaseConfig, smtperr.ClassConfigError, smtperr.ReasonInvalidPort},
		{"a service that is none", dial(t.Context(), "tcp", "127.0.0.1:nosuchservice"), smtperr.PhaseConfig, smtperr.ClassConfigError, smtperr.ReasonInvalidPort},
		{"no port", dial(t.Context(), "tcp", "127.0.0.1"), smtperr.PhaseConfig, smtperr.ClassConfigError, smtperr.ReasonInvalidPort},
		{"an unknown network", dial(t.Context(), "smtp", closed), smtperr.PhaseConfig, smtperr.ClassConfigError, smtperr.ReasonInvalidAddress},
		{"a cancelled dial", dial(canceled, "tcp", closed), smtperr.PhaseConnect, smtperr.ClassCanceled, ""},
		{"a dial past its deadline", dial(late, "tcp", closed), smtperr.PhaseConnect, smtperr.ClassConnectTimeout, ""},
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
	t.Run("a read past its deadline", func(t *testing.T) {
		t.Parallel()
		here, there := pipe()
		defer there.Close()
		require.NoError(t, here.SetDeadline(time.Unix(1, 0)))
		_, err := here.Read(make([]byte, 1))
		require.Equal(t, smtperr.ClassReadTimeout, classify(smtperr.PhaseMail, err).Class)
	})
	t.Run("a read after the other side's close", func(t *testing.T) {
		t.Parallel()
		here, there := pipe()
		require.NoError(t, there.Close())
		_, err := here.Read(make([]byte, 1))
		require.Equal(t, smtperr.ClassDisconnected, classify(smtperr.PhaseMail, err).Class)
	})
	t.Run("a read after our own close", func(t *testing.T) {
		t.Parallel()
		conn, err := net.Dial("tcp", smtptest.Start(t, smtptest.Script{}).Addr().String())
		require.NoError(t, err)
		require.NoError(t, conn.Close())
		_, err = conn.Read(make([]byte, 1))
		require.Equal(t, smtperr.ClassCanceled, classify(smtperr.PhaseMail, err).Class)
	})
	t.Run("a write past its deadline", func(t *testing.T) {
		t.Parallel()
		conn, err := net.Dial("tcp", smtptest.Start(t, smtptest.Script{}).Addr().String())
		require.NoError(t, err)
		defer conn.Close()
		require.NoError(t, conn.SetWriteDeadline(time.Unix(1, 0)))
		_, err = conn.Write([]byte("x"))
		require.Equal(t, smtperr.ClassWriteTimeout, classify(smtperr.PhaseMail, err).Class)
	})
	t.Run("a name that cannot exist", func(t *testing.T) {
		t.Parallel()
		resolver := &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
			return nil, errors.New("no network in tests")
		}}
		_, err := resolver.LookupHost(t.Context(), "host.invalid")
		require.ErrorIs(t, classify(smtperr.PhaseDNS, err), smtperr.ErrDNS)
	})
}
