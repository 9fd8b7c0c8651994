package smtperr_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/textproto"
	"os"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

func dialing(err error) error {
	return &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", err)}
}

func reading(err error) error {
	return &net.OpError{Op: "read", Net: "tcp", Err: os.NewSyscallError("read", err)}
}

func writing(err error) error {
	return &net.OpError{Op: "write", Net: "tcp", Err: err}
}

func alert(n int) error {
	return &net.OpError{Op: "remote error", Err: tls.AlertError(n)}
}

type netTimeout struct{}

func (netTimeout) Error() string { return "i/o timeout" }
func (netTimeout) Timeout() bool { return true }

func TestClassify(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		phase  smtperr.Phase
		err    error
		class  smtperr.Class
		reason smtperr.Reason
	}{
		{"a cancelled context", smtperr.PhaseMail, context.Canceled, smtperr.ClassCanceled, ""},
		{"our own closing", smtperr.PhaseMail, reading(net.ErrClosed), smtperr.ClassCanceled, ""},
		{"cancellation goes before DNS", smtperr.PhaseDNS, fmt.Errorf("%w: %w", &net.DNSError{IsTimeout: true}, context.Canceled), smtperr.ClassCanceled, ""},

		{"a name that does not exist", smtperr.PhaseDNS, &net.DNSError{Err: "no such host", IsNotFound: true}, smtperr.ClassDNSNotFound, smtperr.ReasonNotFound},
		{"a resolver that is late", smtperr.PhaseDNS, &net.DNSError{Err: "i/o timeout", IsTimeout: true, IsTemporary: true}, smtperr.ClassDNSTimeout, ""},
		{"a DNS timeout while connecting stays one", smtperr.PhaseConnect, dialing(&net.DNSError{Err: "i/o timeout", IsTimeout: true}), smtperr.ClassDNSTimeout, ""},
		{"a resolver that wraps the deadline only", smtperr.PhaseDNS, &net.DNSError{Err: "x", UnwrapErr: context.DeadlineExceeded}, smtperr.ClassDNSTimeout, ""},
		{"a resolver that fails", smtperr.PhaseDNS, &net.DNSError{Err: "server misbehaving", IsTemporary: true}, smtperr.ClassDNSError, smtperr.ReasonServerFailure},
		{"an unknown port is our mistake", smtperr.PhaseDNS, &net.DNSError{Err: "unknown port", IsNotFound: true}, smtperr.ClassConfigError, smtperr.ReasonInvalidPort},
		{"the overall timeout during DNS", smtperr.PhaseDNS, context.DeadlineExceeded, smtperr.ClassDNSTimeout, ""},
		{"a malformed address", smtperr.PhaseConnect, &net.AddrError{Err: "missing port in address", Addr: "x"}, smtperr.ClassConfigError, smtperr.ReasonInvalidPort},

		{"a closed port", smtperr.PhaseConnect, dialing(syscall.ECONNREFUSED), smtperr.ClassConnectError, smtperr.ReasonRefused},
		{"a host out of reach", smtperr.PhaseConnect, dialing(syscall.EHOSTUNREACH), smtperr.ClassConnectError, smtperr.ReasonHostUnreachable},
		{"a network out of reach", smtperr.PhaseConnect, dialing(syscall.ENETUNREACH), smtperr.ClassConnectError, smtperr.ReasonNetworkUnreachable},
		{"a reset while dialing", smtperr.PhaseConnect, dialing(syscall.ECONNRESET), smtperr.ClassConnectError, smtperr.ReasonReset},
		{"a missing socket", smtperr.PhaseConnect, dialing(syscall.ENOENT), smtperr.ClassConnectError, smtperr.ReasonNotFound},
		{"no answer to a dial", smtperr.PhaseConnect, dialing(syscall.ETIMEDOUT), smtperr.ClassConnectTimeout, ""},
		{"a dial's deadline", smtperr.PhaseConnect, dialing(os.ErrDeadlineExceeded), smtperr.ClassConnectTimeout, ""},
		{"no descriptors left", smtperr.PhaseConnect, dialing(syscall.EMFILE), smtperr.ClassLocalError, smtperr.ReasonTooManyOpenFiles},
		{"no source address", smtperr.PhaseConnect, dialing(syscall.EADDRNOTAVAIL), smtperr.ClassLocalError, smtperr.ReasonNoSourceAddress},
		{"a local firewall", smtperr.PhaseConnect, dialing(syscall.EPERM), smtperr.ClassLocalError, smtperr.ReasonPermission},
		{"no descriptors left for the resolver", smtperr.PhaseDNS, &net.DNSError{Err: "x", UnwrapErr: dialing(syscall.EMFILE)}, smtperr.ClassLocalError, smtperr.ReasonTooManyOpenFiles},

		{"a plaintext server", smtperr.PhaseTLS, tls.RecordHeaderError{Msg: "first record does not look like a TLS handshake", RecordHeader: [5]byte{'2', '2', '0', ' ', 'r'}}, smtperr.ClassTLSError, smtperr.ReasonPlaintextSMTP},
		{"a server of another kind", smtperr.PhaseTLS, tls.RecordHeaderError{RecordHeader: [5]byte{'S', 'S', 'H', '-', '2'}}, smtperr.ClassTLSError, smtperr.ReasonNotSMTPSSH},
		{"an alert about the version", smtperr.PhaseTLS, alert(70), smtperr.ClassTLSError, smtperr.ReasonProtocolVersion},
		{"an alert about a missing certificate", smtperr.PhaseGreeting, alert(116), smtperr.ClassTLSError, smtperr.ReasonClientCertRequired},
		{"another alert", smtperr.PhaseTLS, alert(40), smtperr.ClassTLSError, smtperr.ReasonHandshakeFailure},
		{"the end within a handshake", smtperr.PhaseTLS, io.EOF, smtperr.ClassTLSError, smtperr.ReasonClosed},
		{"a reset within a handshake", smtperr.PhaseTLS, reading(syscall.ECONNRESET), smtperr.ClassTLSError, smtperr.ReasonReset},
		{"a handshake's deadline", smtperr.PhaseTLS, reading(os.ErrDeadlineExceeded), smtperr.ClassTLSTimeout, ""},
		{"an unknown authority", smtperr.PhaseTLS, &tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}, smtperr.ClassTLSVerifyError, smtperr.ReasonUnknownAuthority},
		{"an expired certificate", smtperr.PhaseTLS, x509.CertificateInvalidError{Reason: x509.Expired}, smtperr.ClassTLSVerifyError, smtperr.ReasonExpired},
		{"a certificate without names", smtperr.PhaseTLS, x509.HostnameError{Certificate: &x509.Certificate{}, Host: "x"}, smtperr.ClassTLSVerifyError, smtperr.ReasonCertNoNames},
		{"another host's certificate", smtperr.PhaseTLS, x509.HostnameError{Certificate: &x509.Certificate{DNSNames: []string{"a"}}, Host: "x"}, smtperr.ClassTLSVerifyError, smtperr.ReasonHostMismatch},
		{"a certificate with a signature that Go does not know", smtperr.PhaseTLS, fmt.Errorf("x: %w", x509.ErrUnsupportedAlgorithm), smtperr.ClassTLSVerifyError, smtperr.ReasonCertSignature},
		{"a certificate that does not verify, in words", smtperr.PhaseTLS, errors.New("tls: failed to verify certificate: x"), smtperr.ClassTLSVerifyError, smtperr.ReasonUnknownAuthority},
		{"a certificate that cannot be parsed", smtperr.PhaseTLS, errors.New("tls: failed to parse certificate from server: x509: x"), smtperr.ClassTLSError, ""},

		{"the end of the stream", smtperr.PhaseMail, io.EOF, smtperr.ClassDisconnected, smtperr.ReasonClosed},
		{"a reset", smtperr.PhaseMail, reading(syscall.ECONNRESET), smtperr.ClassDisconnected, smtperr.ReasonReset},
		{"a broken pipe", smtperr.PhaseBody, writing(syscall.EPIPE), smtperr.ClassDisconnected, smtperr.ReasonClosed},
		{"a late reply", smtperr.PhaseMail, reading(os.ErrDeadlineExceeded), smtperr.ClassReadTimeout, smtperr.ReasonNoReply},
		{"a late greeting", smtperr.PhaseGreeting, netTimeout{}, smtperr.ClassReadTimeout, smtperr.ReasonNoGreeting},
		{"a stuck write", smtperr.PhaseMail, writing(os.ErrDeadlineExceeded), smtperr.ClassWriteTimeout, ""},

		{"Windows: timed out", smtperr.PhaseConnect, dialing(syscall.Errno(10060)), smtperr.ClassConnectTimeout, ""},
		{"Windows: refused", smtperr.PhaseConnect, dialing(syscall.Errno(10061)), smtperr.ClassConnectError, smtperr.ReasonRefused},
		{"Windows: reset", smtperr.PhaseMail, reading(syscall.Errno(10054)), smtperr.ClassDisconnected, smtperr.ReasonReset},
		{"Windows: network unreachable", smtperr.PhaseConnect, dialing(syscall.Errno(10051)), smtperr.ClassConnectError, smtperr.ReasonNetworkUnreachable},
		{"Windows: host unreachable", smtperr.PhaseConnect, dialing(syscall.Errno(10065)), smtperr.ClassConnectError, smtperr.ReasonHostUnreachable},

		{"net/textproto's reply", smtperr.PhaseMail, &textproto.Error{Code: 550, Msg: "5.7.1 no"}, smtperr.ClassSenderRefused, smtperr.ReasonNotAuthorized},
		{"net/textproto's 421", smtperr.PhaseMail, fmt.Errorf("mail: %w", &textproto.Error{Code: 421, Msg: "bye"}), smtperr.ClassServiceUnavailable, smtperr.ReasonRefused},
		{"net/textproto's malformed reply", smtperr.PhaseMail, textproto.ProtocolError("short response: x"), smtperr.ClassProtocolError, smtperr.ReasonBadCode},

		{"cancellation goes before a deadline", smtperr.PhaseMail, errors.Join(os.ErrDeadlineExceeded, context.Canceled), smtperr.ClassCanceled, ""},
		{"our own mistake goes before DNS", smtperr.PhaseDNS, errors.Join(&net.DNSError{IsNotFound: true}, &net.AddrError{Err: "x"}), smtperr.ClassConfigError, smtperr.ReasonInvalidAddress},
		{"a local fault goes before DNS", smtperr.PhaseDNS, errors.Join(&net.DNSError{IsTimeout: true}, syscall.EMFILE), smtperr.ClassLocalError, smtperr.ReasonTooManyOpenFiles},
		{"DNS goes before a deadline", smtperr.PhaseConnect, errors.Join(context.DeadlineExceeded, &net.DNSError{IsNotFound: true}), smtperr.ClassDNSNotFound, smtperr.ReasonNotFound},
		{"TLS goes before a deadline", smtperr.PhaseMail, errors.Join(os.ErrDeadlineExceeded, alert(40)), smtperr.ClassTLSError, smtperr.ReasonHandshakeFailure},
		{"a deadline goes before a disconnect", smtperr.PhaseMail, errors.Join(io.EOF, os.ErrDeadlineExceeded), smtperr.ClassReadTimeout, smtperr.ReasonNoReply},
		{"a disconnect goes before a malformed reply", smtperr.PhaseMail, errors.Join(textproto.ProtocolError("x"), io.EOF), smtperr.ClassDisconnected, smtperr.ReasonClosed},
		{"a reply goes before the disconnect after it", smtperr.PhaseAuth, errors.Join(io.EOF, &textproto.Error{Code: 535, Msg: "no"}), smtperr.ClassAuthFailed, smtperr.ReasonAuthCredentialsInvalid},

		{"an unknown network", smtperr.PhaseConnect, net.UnknownNetworkError("x"), smtperr.ClassConfigError, smtperr.ReasonInvalidAddress},
		{"an invalid IP address", smtperr.PhaseConnect, &net.ParseError{Type: "IP address", Text: "x"}, smtperr.ClassConfigError, smtperr.ReasonInvalidAddress},
		{"a unix socket's name that is too long", smtperr.PhaseConnect, net.InvalidAddrError("x"), smtperr.ClassConfigError, smtperr.ReasonInvalidAddress},
		{"a unix socket that this process may not use", smtperr.PhaseConnect, dialing(syscall.EACCES), smtperr.ClassLocalError, smtperr.ReasonPermission},
		{"a unix socket whose queue is full", smtperr.PhaseConnect, dialing(syscall.EAGAIN), smtperr.ClassConnectTimeout, ""},
		{"a file of ours that is missing", smtperr.PhaseAuth, &fs.PathError{Op: "open", Path: "token", Err: syscall.ENOENT}, smtperr.ClassLocalError, smtperr.ReasonNotFound},
		{"a unix socket that is missing, in another shape", smtperr.PhaseConnect, fmt.Errorf("x: %w", fs.ErrNotExist), smtperr.ClassConnectError, smtperr.ReasonNotFound},
		{"a permission in another shape", smtperr.PhaseConnect, fmt.Errorf("x: %w", fs.ErrPermission), smtperr.ClassLocalError, smtperr.ReasonPermission},
		{"a number that no table has, while dialing", smtperr.PhaseConnect, dialing(syscall.Errno(0x7777)), smtperr.ClassConnectError, ""},
		{"a number that no table has, in a conversation", smtperr.PhaseMail, reading(syscall.Errno(0x7777)), smtperr.ClassUnknown, ""},
		{"a host that goes away in a conversation", smtperr.PhaseMail, reading(syscall.EHOSTUNREACH), smtperr.ClassDisconnected, smtperr.ReasonHostUnreachable},
		{"a connection that TCP gives up", smtperr.PhaseMail, reading(syscall.ETIMEDOUT), smtperr.ClassReadTimeout, smtperr.ReasonNoReply},
		{"a connection that TCP gives up while writing", smtperr.PhaseMail, writing(syscall.ETIMEDOUT), smtperr.ClassWriteTimeout, ""},
		{"a deadline while the body is written", smtperr.PhaseBody, os.ErrDeadlineExceeded, smtperr.ClassWriteTimeout, ""},
		{"a deadline after the dot", smtperr.PhaseDot, reading(os.ErrDeadlineExceeded), smtperr.ClassReadTimeout, smtperr.ReasonNoReply},
		{"a pipe that the other side closed", smtperr.PhaseMail, io.ErrClosedPipe, smtperr.ClassDisconnected, smtperr.ReasonClosed},
		{"half a reply", smtperr.PhaseMail, io.ErrUnexpectedEOF, smtperr.ClassDisconnected, smtperr.ReasonClosed},

		{"an HTTP server", smtperr.PhaseTLS, tls.RecordHeaderError{RecordHeader: [5]byte([]byte("HTTP/"))}, smtperr.ClassTLSError, smtperr.ReasonNotSMTPHTTP},
		{"a plaintext server that is busy", smtperr.PhaseTLS, tls.RecordHeaderError{RecordHeader: [5]byte([]byte("421-b"))}, smtperr.ClassTLSError, smtperr.ReasonPlaintextSMTP},
		{"bytes of no protocol", smtperr.PhaseTLS, tls.RecordHeaderError{RecordHeader: [5]byte([]byte("99999"))}, smtperr.ClassTLSError, smtperr.ReasonNotSMTP},
		{"an alert about our certificate", smtperr.PhaseTLS, alert(42), smtperr.ClassTLSError, smtperr.ReasonClientCertRequired},
		{"an alert about our certificate's authority", smtperr.PhaseTLS, alert(48), smtperr.ClassTLSError, smtperr.ReasonClientCertRequired},
		{"an alert about the server's name", smtperr.PhaseTLS, alert(112), smtperr.ClassTLSError, smtperr.ReasonTLSAlert},
		{"an error of crypto/tls without a type", smtperr.PhaseMail, errors.New("tls: received record with a bad MAC"), smtperr.ClassTLSError, smtperr.ReasonRecordBroken},
		{"a version that was not offered", smtperr.PhaseTLS, errors.New("tls: server selected unsupported protocol version 301"), smtperr.ClassTLSError, smtperr.ReasonProtocolVersion},
		{"a chain that x509 does not like otherwise", smtperr.PhaseTLS, x509.CertificateInvalidError{Reason: x509.TooManyIntermediates}, smtperr.ClassTLSVerifyError, smtperr.ReasonCertConstraints},
		{"no roots on this system", smtperr.PhaseTLS, x509.SystemRootsError{}, smtperr.ClassTLSVerifyError, smtperr.ReasonNoRoots},
		{"a verification that failed otherwise", smtperr.PhaseTLS, &tls.CertificateVerificationError{Err: errors.New("x")}, smtperr.ClassTLSVerifyError, smtperr.ReasonUnknownAuthority},

		{"Windows: no descriptors", smtperr.PhaseConnect, dialing(syscall.Errno(10024)), smtperr.ClassLocalError, smtperr.ReasonTooManyOpenFiles},
		{"Windows: forbidden", smtperr.PhaseConnect, dialing(syscall.Errno(10013)), smtperr.ClassLocalError, smtperr.ReasonPermission},
		{"Windows: address in use", smtperr.PhaseConnect, dialing(syscall.Errno(10048)), smtperr.ClassLocalError, smtperr.ReasonNoSourceAddress},
		{"Windows: no such source address", smtperr.PhaseConnect, dialing(syscall.Errno(10049)), smtperr.ClassLocalError, smtperr.ReasonNoSourceAddress},
		{"Windows: no buffers", smtperr.PhaseConnect, dialing(syscall.Errno(10055)), smtperr.ClassLocalError, ""},
		{"Windows: aborted", smtperr.PhaseMail, reading(syscall.Errno(10053)), smtperr.ClassDisconnected, smtperr.ReasonReset},
		{"Windows: timed out in a conversation", smtperr.PhaseMail, reading(syscall.Errno(10060)), smtperr.ClassReadTimeout, smtperr.ReasonNoReply},
		{"Windows: reset in a handshake", smtperr.PhaseTLS, reading(syscall.Errno(10054)), smtperr.ClassTLSError, smtperr.ReasonReset},
		{"Windows: no such host", smtperr.PhaseDNS, os.NewSyscallError("getaddrinfow", syscall.Errno(11001)), smtperr.ClassDNSNotFound, smtperr.ReasonNotFound},

		{"anything else", smtperr.PhaseMail, errors.New("a plain error"), smtperr.ClassUnknown, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			e := classify(tt.phase, tt.err)
			require.Equal(t, tt.class, e.Class, e)
			require.Equal(t, tt.reason, e.Reason, e)
			require.Equal(t, tt.phase, e.Phase)
			require.Equal(t, tt.err, e.Cause, "the cause stays reachable")
			wrapped := fmt.Errorf("again: %w", e)
			require.Same(t, e, classify(smtperr.PhaseQuit, wrapped), "classifying again changes nothing")
		})
	}
}

func TestClassify_Details(t *testing.T) {
	t.Parallel()
	err := &tls.CertificateVerificationError{Err: errors.Join(
		x509.CertificateInvalidError{Reason: x509.Expired, Cert: &x509.Certificate{}},
		x509.HostnameError{Certificate: &x509.Certificate{DNSNames: []string{"a"}}, Host: "b"},
		x509.UnknownAuthorityError{})}
	e := classify(smtperr.PhaseTLS, err)
	require.Equal(t, smtperr.ReasonExpired, e.Reason)
	require.Len(t, e.Details, 3)
}

func TestClassify_OutcomeUnknown(t *testing.T) {
	t.Parallel()
	require.True(t, classify(smtperr.PhaseDot, io.EOF).OutcomeUnknown)
	require.True(t, classify(smtperr.PhaseDot, reading(os.ErrDeadlineExceeded)).OutcomeUnknown)
	require.False(t, classify(smtperr.PhaseDot, writing(syscall.EPIPE)).OutcomeUnknown, "the dot was not sent")
	require.False(t, classify(smtperr.PhaseBody, io.EOF).OutcomeUnknown)
	require.False(t, classifyReply(smtperr.PhaseDot, reply(451, "x"), smtperr.Session{}).OutcomeUnknown)
}

func TestError_Temporary(t *testing.T) {
	t.Parallel()
	record := func(header string) error { return tls.RecordHeaderError{RecordHeader: [5]byte([]byte(header))} }
	require.False(t, classify(smtperr.PhaseTLS, record("220 r")).Temporary())
	require.False(t, classify(smtperr.PhaseTLS, record("HTTP/")).Temporary())
	require.False(t, classify(smtperr.PhaseTLS, record("xxxxx")).Temporary(), "no TLS at all")
	require.False(t, classify(smtperr.PhaseTLS, alert(70)).Temporary())
	require.True(t, classify(smtperr.PhaseTLS, alert(40)).Temporary())
	require.True(t, classify(smtperr.PhaseTLS, io.EOF).Temporary())
	require.True(t, smtperr.New(smtperr.ClassAuthFailed, smtperr.ReasonTokenUnreachable, smtperr.PhaseAuth, nil).Temporary())
	require.False(t, smtperr.New(smtperr.ClassAuthFailed, smtperr.ReasonTokenRefused, smtperr.PhaseAuth, nil).Temporary())
	require.False(t, smtperr.New(smtperr.ClassProtocolError, smtperr.ReasonNotSMTPHTTP, smtperr.PhaseGreeting, nil).Temporary())
	require.True(t, smtperr.New(smtperr.ClassProtocolError, smtperr.ReasonBadCode, smtperr.PhaseGreeting, nil).Temporary())
	require.False(t, smtperr.New(smtperr.ClassConnectError, smtperr.ReasonProxyRefused, smtperr.PhaseConnect, nil).Temporary())
}

func TestError_Fault(t *testing.T) {
	t.Parallel()
	for reason, want := range map[smtperr.Reason]smtperr.Fault{
		smtperr.ReasonTokenUnreachable: smtperr.FaultNetwork,
		smtperr.ReasonTokenRefused:     smtperr.FaultCredentials,
		smtperr.ReasonAuthRequired:     smtperr.FaultConfig,
		smtperr.ReasonTLSRequired:      smtperr.FaultConfig,
		smtperr.ReasonRateLimited:      smtperr.FaultProber,
	} {
		require.Equal(t, want, smtperr.New(smtperr.ClassAuthFailed, reason, smtperr.PhaseAuth, nil).Fault(), reason)
	}
	require.Equal(t, smtperr.FaultConfig, smtperr.New(smtperr.ClassConnectError, smtperr.ReasonProxyRefused, smtperr.PhaseConnect, nil).Fault())
}

func TestClassify_DerivedPhase(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		err   error
		phase smtperr.Phase
		class smtperr.Class
	}{
		{dialing(syscall.ECONNREFUSED), smtperr.PhaseConnect, smtperr.ClassConnectError},
		{dialing(os.ErrDeadlineExceeded), smtperr.PhaseConnect, smtperr.ClassConnectTimeout},
		{dialing(&net.DNSError{IsNotFound: true}), smtperr.PhaseDNS, smtperr.ClassDNSNotFound},
		{dialing(&net.AddrError{Err: "missing port in address"}), smtperr.PhaseConfig, smtperr.ClassConfigError},
		{&tls.CertificateVerificationError{Err: x509.HostnameError{Certificate: &x509.Certificate{}}}, smtperr.PhaseTLS, smtperr.ClassTLSVerifyError},
		{io.EOF, "", smtperr.ClassDisconnected},
	} {
		e := classify("", tt.err)
		require.Equal(t, tt.phase, e.Phase, tt.err)
		require.Equal(t, tt.class, e.Class, tt.err)
	}
}

// Whatever a table of the classifier knows must never end as unknown.
func TestClassify_NothingKnownIsUnknown(t *testing.T) {
	t.Parallel()
	numbers := []syscall.Errno{
		syscall.ECONNREFUSED, syscall.EHOSTUNREACH, syscall.EHOSTDOWN, syscall.ENETUNREACH, syscall.ENETDOWN, syscall.ENOENT, syscall.ETIMEDOUT,
		syscall.EAGAIN, syscall.ECONNRESET, syscall.EPIPE, syscall.ECONNABORTED, syscall.ENETRESET, syscall.ENOTCONN, syscall.ESHUTDOWN, syscall.EMFILE,
		syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM, syscall.EADDRNOTAVAIL, syscall.EADDRINUSE, syscall.EACCES, syscall.EPERM, syscall.EAFNOSUPPORT,
		1225, 1231, 1232, 1234, 1236, 10013, 10024, 10047, 10048, 10049, 10050, 10051, 10052, 10053, 10054, 10055, 10057, 10058, 10060, 10061, 10064, 10065,
		10101, 11001, 11002, 11003, 11004,
	}
	for _, phase := range smtperr.Phases() {
		for _, number := range numbers {
			require.NotEqual(t, smtperr.ClassUnknown, classify(phase, reading(number)).Class, "%v at %s", number, phase)
		}
		for n := range 256 {
			require.Equal(t, smtperr.ClassTLSError, classify(phase, alert(n)).Class)
		}
	}
}

// sink keeps results from being optimized away.
var sink *smtperr.Error

func BenchmarkClassify(b *testing.B) {
	for name, err := range map[string]error{"refused": dialing(syscall.ECONNREFUSED), "EOF": io.EOF, "timeout": reading(os.ErrDeadlineExceeded)} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				sink = classify(smtperr.PhaseConnect, err)
			}
		})
	}
}

// net/smtp's handshake takes place in what its callers call greeting or STARTTLS.
func TestClassify_NoTLSInAnyPhase(t *testing.T) {
	t.Parallel()
	for _, phase := range smtperr.Phases() {
		e := classify(phase, tls.RecordHeaderError{RecordHeader: [5]byte([]byte("GET /"))})
		require.Equal(t, smtperr.ClassTLSError, e.Class)
		require.False(t, e.Temporary(), phase)
	}
}
