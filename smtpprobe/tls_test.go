package smtpprobe_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest/certs"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

func TestTLS_BadCertificate(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		cert     tls.Certificate
		distrust bool
		reasons  []smtperr.Reason // of all failing checks; the first is that of the error
	}{
		{"expired", authority().Issue(certs.Expired(loopback())), false, []smtperr.Reason{smtperr.ReasonExpired}},
		{"not yet valid", authority().Issue(certs.NotYetValid(loopback())), false, []smtperr.Reason{smtperr.ReasonNotYetValid}},
		{"another host", authority().Issue(certs.For("other.example")), false, []smtperr.Reason{smtperr.ReasonHostMismatch}},
		{"unknown authority", authority().Issue(loopback()), true, []smtperr.Reason{smtperr.ReasonUnknownAuthority}},
		{"self-signed", certs.SelfSigned(loopback()), false, []smtperr.Reason{smtperr.ReasonSelfSigned}},
		{"expired, another host", authority().Issue(certs.Expired(certs.For("other.example"))), false, []smtperr.Reason{smtperr.ReasonExpired, smtperr.ReasonHostMismatch}},
		{"expired, another host, unknown authority", authority().Issue(certs.Expired(certs.For("other.example"))), true,
			[]smtperr.Reason{smtperr.ReasonExpired, smtperr.ReasonHostMismatch, smtperr.ReasonUnknownAuthority}},
	} {
		for _, mode := range []smtpprobe.TLSMode{smtpprobe.TLSImplicit, smtpprobe.TLSRequired, smtpprobe.TLSOpportunistic} {
			t.Run(tt.name+" with "+string(mode)+" TLS", func(t *testing.T) {
				t.Parallel()
				srv := smtptest.Start(t, smtptest.Script{TLS: &tls.Config{Certificates: []tls.Certificate{tt.cert}}, ImplicitTLS: mode == smtpprobe.TLSImplicit})
				p := prober(srv, starttls)
				p.Target.TLS = mode
				if tt.distrust {
					p.Prober.TLS.RootCAs = x509.NewCertPool()
				}
				r := p.probe(context.Background())
				require.NotNil(t, r.TLS)
				require.NotNil(t, r.TLS.Leaf)
				require.False(t, r.TLS.Verified)
				require.Len(t, r.TLS.Problems, len(tt.reasons))
				for i, reason := range tt.reasons {
					require.Equal(t, reason, r.TLS.Problems[i].Reason)
				}
				if mode == smtpprobe.TLSOpportunistic {
					require.NoError(t, r.Err)
					require.NotNil(t, timeOf(r, smtperr.PhaseTLS))
					return
				}
				require.Error(t, r.Err)
				require.Equal(t, smtperr.ClassTLSVerifyError, failure(r).Class)
				require.Equal(t, tt.reasons[0], failure(r).Reason)
				require.Equal(t, smtperr.PhaseTLS, failure(r).Phase)
				require.False(t, failure(r).Temporary())
				require.Len(t, failure(r).Details, len(tt.reasons))
				require.Nil(t, timeOf(r, smtperr.PhaseTLS))
			})
		}
	}
}

func TestTLS_ClientCertificateRequired(t *testing.T) {
	t.Parallel()
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		for _, tr := range []transport{starttls, implicit} {
			t.Run(tls.VersionName(version)+" over "+string(tr), func(t *testing.T) {
				t.Parallel()
				config := serverTLS().Clone()
				config.ClientAuth, config.MaxVersion = tls.RequireAnyClientCert, version
				srv := smtptest.Start(t, smtptest.Script{TLS: config, ImplicitTLS: tr == implicit})
				r := prober(srv, tr).probe(context.Background())
				require.Error(t, r.Err)
				require.Equal(t, smtperr.ClassTLSError, failure(r).Class, r.Err)
				require.Equal(t, smtperr.ReasonClientCertRequired, failure(r).Reason, r.Err)
			})
		}
	}
}

func TestTLS_PlaintextServer(t *testing.T) {
	srv := smtptest.Start(t, smtptest.Script{})
	p := prober(srv, implicit)
	r := p.probe(context.Background())
	require.Error(t, r.Err)
	require.Equal(t, smtperr.ClassTLSError, failure(r).Class)
	require.Equal(t, smtperr.ReasonPlaintextSMTP, failure(r).Reason)
	require.Equal(t, smtperr.PhaseTLS, failure(r).Phase)
	require.False(t, failure(r).Temporary())
}

func TestTLS_Timeout(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { l.Close() })
	p := &probing{
		Prober: smtpprobe.Prober{Helo: "probe.test", ReadTimeout: 100 * time.Millisecond},
		Target: smtpprobe.Target{Host: "127.0.0.1", Port: uint16(l.Addr().(*net.TCPAddr).Port), TLS: smtpprobe.TLSImplicit},
	}
	r := p.probe(context.Background())
	require.Equal(t, smtperr.ClassTLSTimeout, failure(r).Class)
	require.Equal(t, smtperr.PhaseTLS, failure(r).Phase)
}

func TestTLS_State(t *testing.T) {
	for _, tr := range []transport{starttls, implicit} {
		r, s := converse(t, tr, smtptest.Script{ExtensionsTLS: offering("SIZE 5", "AUTH PLAIN")}, nil)
		require.NoError(t, r.Err)
		require.True(t, r.TLS.Verified)
		require.True(t, r.TLS.Complete)
		require.Equal(t, "TLS 1.3", r.TLS.Version)
		require.NotEmpty(t, r.TLS.Cipher)
		require.Equal(t, []string{"AUTH", "SIZE"}, r.Capabilities.Keywords(), "those before TLS are discarded")
		require.Equal(t, smtptest.ClientQuit, s.End)
	}
}

// A TLS record that crypto/tls has received already is neither in the buffer of the
// reader nor in that of the kernel.
func TestUnsolicited_BufferedTLSRecord(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	go func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		wire := &coalescer{Conn: conn}
		server := tls.Server(wire, serverTLS())
		lines := bufio.NewScanner(server)
		for _, records := range [][]string{{"220 hi\r\n"}, {"250 relay.test\r\n"}, {"250 ok\r\n", "250 and another thing\r\n"}, {"550 no\r\n"}, {"500 what\r\n"}} {
			if err := server.Handshake(); err != nil {
				return
			}
			for _, record := range records {
				wire.hold = record != records[len(records)-1]
				if _, err := server.Write([]byte(record)); err != nil {
					return
				}
			}
			if !lines.Scan() {
				return
			}
		}
	}()
	at := netip.MustParseAddrPort(l.Addr().String())
	p := &probing{
		Prober: smtpprobe.Prober{Helo: "probe.test", TLS: &tls.Config{RootCAs: authority().Pool(), MinVersion: tls.VersionTLS12}},
		Target: smtpprobe.Target{Host: at.Addr().String(), Port: at.Port(), TLS: smtpprobe.TLSImplicit},
		Plan:   smtpprobe.Plan{Depth: smtpprobe.DepthRcpt, To: []string{alice}},
	}
	r := p.probe(context.Background())
	require.Error(t, r.Err)
	require.Equal(t, smtperr.ReasonUnsolicited, failure(r).Reason, "%v", r.Err)
	require.Equal(t, smtperr.PhaseRcpt, failure(r).Phase)
}

// coalescer is a connection that buffers writes while hold is set, so that they
// arrive together.
type coalescer struct {
	net.Conn
	hold   bool
	buffer []byte
}

func (c *coalescer) Write(b []byte) (int, error) {
	c.buffer = append(c.buffer, b...)
	if c.hold {
		return len(b), nil
	}
	_, err := c.Conn.Write(c.buffer)
	c.buffer = nil
	return len(b), err
}

func TestTLS_VerifyPeerCertificate(t *testing.T) {
	t.Parallel()
	r, _ := converse(t, implicit, smtptest.Script{}, func(p *probing) {
		p.Prober.TLS.VerifyPeerCertificate = func([][]byte, [][]*x509.Certificate) error {
			return x509.HostnameError{Certificate: &x509.Certificate{DNSNames: []string{"other.test"}}, Host: "relay.test"}
		}
	})
	require.Error(t, r.Err)
	require.Equal(t, smtperr.ClassTLSVerifyError, failure(r).Class)
	require.Equal(t, smtperr.ReasonHostMismatch, failure(r).Reason)
}
