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
		{"a cancelled context", smtperr.PhaseMail, context.Canceled, smtperr.Canceled, ""},
		{"our own closing", smtperr.PhaseMail, reading(net.ErrClosed), smtperr.Canceled, ""},
		{"cancellation goes before DNS", smtperr.PhaseDNS, fmt.Errorf("%w: %w", &net.DNSError{IsTimeout: true}, context.Canceled), smtperr.Canceled, ""},

		{"a name that does not exist", smtperr.PhaseDNS, &net.DNSError{Err: "no such host", IsNotFound: true}, smtperr.DNSNotFound, smtperr.ReasonNotFound},
		{"a resolver that is late", smtperr.PhaseDNS, &net.DNSError{Err: "i/o timeout", IsTimeout: true, IsTemporary: true}, smtperr.DNSTimeout, ""},
		{"a DNS timeout while connecting stays one", smtperr.PhaseConnect, dialing(&net.DNSError{Err: "i/o timeout", IsTimeout: true}), smtperr.DNSTimeout, ""},
		{"a resolver that wraps the deadline only", smtperr.PhaseDNS, &net.DNSError{Err: "x", UnwrapErr: context.DeadlineExceeded}, smtperr.DNSTimeout, ""},
		{"a resolver that fails", smtperr.PhaseDNS, &net.DNSError{Err: "server misbehaving", IsTemporary: true}, smtperr.DNSError, smtperr.ReasonServerFailure},
		{"an unknown port is our mistake", smtperr.PhaseDNS, &net.DNSError{Err: "unknown port", IsNotFound: true}, smtperr.ConfigError, smtperr.ReasonInvalidPort},
		{"the overall timeout during DNS", smtperr.PhaseDNS, context.DeadlineExceeded, smtperr.DNSTimeout, ""},
		{"a malformed address", smtperr.PhaseConnect, &net.AddrError{Err: "missing port in address", Addr: "x"}, smtperr.ConfigError, smtperr.ReasonInvalidPort},

		{"a closed port", smtperr.PhaseConnect, dialing(syscall.ECONNREFUSED), smtperr.ConnectError, smtperr.ReasonRefused},
		{"a host out of reach", smtperr.PhaseConnect, dialing(syscall.EHOSTUNREACH), smtperr.ConnectError, smtperr.ReasonHostUnreachable},
		{"a network out of reach", smtperr.PhaseConnect, dialing(syscall.ENETUNREACH), smtperr.ConnectError, smtperr.ReasonNetworkUnreachable},
		{"a reset while dialing", smtperr.PhaseConnect, dialing(syscall.ECONNRESET), smtperr.ConnectError, smtperr.ReasonReset},
		{"a missing socket", smtperr.PhaseConnect, dialing(syscall.ENOENT), smtperr.ConnectError, smtperr.ReasonNotFound},
		{"no answer to a dial", smtperr.PhaseConnect, dialing(syscall.ETIMEDOUT), smtperr.ConnectTimeout, ""},
		{"a dial's deadline", smtperr.PhaseConnect, dialing(os.ErrDeadlineExceeded), smtperr.ConnectTimeout, ""},
		{"no descriptors left", smtperr.PhaseConnect, dialing(syscall.EMFILE), smtperr.LocalError, smtperr.ReasonTooManyOpenFiles},
		{"no source address", smtperr.PhaseConnect, dialing(syscall.EADDRNOTAVAIL), smtperr.LocalError, smtperr.ReasonNoSourceAddress},
		{"a local firewall", smtperr.PhaseConnect, dialing(syscall.EPERM), smtperr.LocalError, smtperr.ReasonPermission},
		{"no descriptors left for the resolver", smtperr.PhaseDNS, &net.DNSError{Err: "x", UnwrapErr: dialing(syscall.EMFILE)}, smtperr.LocalError, smtperr.ReasonTooManyOpenFiles},

		{"a plaintext server", smtperr.PhaseTLS, tls.RecordHeaderError{Msg: "first record does not look like a TLS handshake", RecordHeader: [5]byte{'2', '2', '0', ' ', 'r'}}, smtperr.TLSError, smtperr.ReasonPlaintextSMTP},
		{"a server of another kind", smtperr.PhaseTLS, tls.RecordHeaderError{RecordHeader: [5]byte{'S', 'S', 'H', '-', '2'}}, smtperr.TLSError, smtperr.ReasonNotSMTPSSH},
		{"an alert about the version", smtperr.PhaseTLS, alert(70), smtperr.TLSError, smtperr.ReasonProtocolVersion},
		{"an alert about a missing certificate", smtperr.PhaseGreeting, alert(116), smtperr.TLSError, smtperr.ReasonClientCertRequired},
		{"another alert", smtperr.PhaseTLS, alert(40), smtperr.TLSError, smtperr.ReasonHandshakeFailure},
		{"the end within a handshake", smtperr.PhaseTLS, io.EOF, smtperr.TLSError, smtperr.ReasonClosed},
		{"a reset within a handshake", smtperr.PhaseTLS, reading(syscall.ECONNRESET), smtperr.TLSError, smtperr.ReasonReset},
		{"a handshake's deadline", smtperr.PhaseTLS, reading(os.ErrDeadlineExceeded), smtperr.TLSTimeout, ""},
		{"an unknown authority", smtperr.PhaseTLS, &tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}, smtperr.TLSVerifyError, smtperr.ReasonUnknownAuthority},
		{"an expired certificate", smtperr.PhaseTLS, x509.CertificateInvalidError{Reason: x509.Expired}, smtperr.TLSVerifyError, smtperr.ReasonExpired},
		{"another host's certificate", smtperr.PhaseTLS, x509.HostnameError{Certificate: &x509.Certificate{}, Host: "x"}, smtperr.TLSVerifyError, smtperr.ReasonHostMismatch},
		{"a certificate with a signature that Go does not know", smtperr.PhaseTLS, fmt.Errorf("x: %w", x509.ErrUnsupportedAlgorithm), smtperr.TLSVerifyError, smtperr.ReasonUnknownAuthority},
		{"a certificate that does not verify, in words", smtperr.PhaseTLS, errors.New("tls: failed to verify certificate: x"), smtperr.TLSVerifyError, smtperr.ReasonUnknownAuthority},
		{"a certificate that cannot be parsed", smtperr.PhaseTLS, errors.New("tls: failed to parse certificate from server: x509: x"), smtperr.TLSError, smtperr.ReasonHandshakeFailure},

		{"the end of the stream", smtperr.PhaseMail, io.EOF, smtperr.Disconnected, smtperr.ReasonClosed},
		{"a reset", smtperr.PhaseMail, reading(syscall.ECONNRESET), smtperr.Disconnected, smtperr.ReasonReset},
		{"a broken pipe", smtperr.PhaseBody, writing(syscall.EPIPE), smtperr.Disconnected, smtperr.ReasonClosed},
		{"a late reply", smtperr.PhaseMail, reading(os.ErrDeadlineExceeded), smtperr.ReadTimeout, smtperr.ReasonNoReply},
		{"a late greeting", smtperr.PhaseGreeting, netTimeout{}, smtperr.ReadTimeout, smtperr.ReasonNoGreeting},
		{"a stuck write", smtperr.PhaseMail, writing(os.ErrDeadlineExceeded), smtperr.WriteTimeout, ""},

		{"Windows: timed out", smtperr.PhaseConnect, dialing(syscall.Errno(10060)), smtperr.ConnectTimeout, ""},
		{"Windows: refused", smtperr.PhaseConnect, dialing(syscall.Errno(10061)), smtperr.ConnectError, smtperr.ReasonRefused},
		{"Windows: reset", smtperr.PhaseMail, reading(syscall.Errno(10054)), smtperr.Disconnected, smtperr.ReasonReset},
		{"Windows: network unreachable", smtperr.PhaseConnect, dialing(syscall.Errno(10051)), smtperr.ConnectError, smtperr.ReasonNetworkUnreachable},
		{"Windows: host unreachable", smtperr.PhaseConnect, dialing(syscall.Errno(10065)), smtperr.ConnectError, smtperr.ReasonHostUnreachable},

		{"net/textproto's reply", smtperr.PhaseMail, &textproto.Error{Code: 550, Msg: "5.7.1 no"}, smtperr.SenderRefused, smtperr.ReasonNotAuthorized},
		{"net/textproto's 421", smtperr.PhaseMail, fmt.Errorf("mail: %w", &textproto.Error{Code: 421, Msg: "bye"}), smtperr.ServiceUnavailable, smtperr.ReasonRefused},
		{"net/textproto's malformed reply", smtperr.PhaseMail, textproto.ProtocolError("short response: x"), smtperr.ProtocolError, smtperr.ReasonBadCode},

		{"cancellation goes before a deadline", smtperr.PhaseMail, errors.Join(os.ErrDeadlineExceeded, context.Canceled), smtperr.Canceled, ""},
		{"our own mistake goes before DNS", smtperr.PhaseDNS, errors.Join(&net.DNSError{IsNotFound: true}, &net.AddrError{Err: "x"}), smtperr.ConfigError, smtperr.ReasonInvalidAddress},
		{"a local fault goes before DNS", smtperr.PhaseDNS, errors.Join(&net.DNSError{IsTimeout: true}, syscall.EMFILE), smtperr.LocalError, smtperr.ReasonTooManyOpenFiles},
		{"DNS goes before a deadline", smtperr.PhaseConnect, errors.Join(context.DeadlineExceeded, &net.DNSError{IsNotFound: true}), smtperr.DNSNotFound, smtperr.ReasonNotFound},
		{"TLS goes before a deadline", smtperr.PhaseMail, errors.Join(os.ErrDeadlineExceeded, alert(40)), smtperr.TLSError, smtperr.ReasonHandshakeFailure},
		{"a deadline goes before a disconnect", smtperr.PhaseMail, errors.Join(io.EOF, os.ErrDeadlineExceeded), smtperr.ReadTimeout, smtperr.ReasonNoReply},
		{"a disconnect goes before a malformed reply", smtperr.PhaseMail, errors.Join(textproto.ProtocolError("x"), io.EOF), smtperr.Disconnected, smtperr.ReasonClosed},
		{"a reply goes before the disconnect after it", smtperr.PhaseAuth, errors.Join(io.EOF, &textproto.Error{Code: 535, Msg: "no"}), smtperr.AuthFailed, smtperr.ReasonAuthCredentialsInvalid},

		{"an unknown network", smtperr.PhaseConnect, net.UnknownNetworkError("x"), smtperr.ConfigError, smtperr.ReasonInvalidAddress},
		{"an invalid IP address", smtperr.PhaseConnect, &net.ParseError{Type: "IP address", Text: "x"}, smtperr.ConfigError, smtperr.ReasonInvalidAddress},
		{"a unix socket's name that is too long", smtperr.PhaseConnect, net.InvalidAddrError("x"), smtperr.ConfigError, smtperr.ReasonInvalidAddress},
		{"a unix socket that this process may not use", smtperr.PhaseConnect, dialing(syscall.EACCES), smtperr.LocalError, smtperr.ReasonPermission},
		{"a unix socket whose queue is full", smtperr.PhaseConnect, dialing(syscall.EAGAIN), smtperr.ConnectTimeout, ""},
		{"a file of ours that is missing", smtperr.PhaseAuth, &fs.PathError{Op: "open", Path: "token", Err: syscall.ENOENT}, smtperr.LocalError, smtperr.ReasonNotFound},
		{"a unix socket that is missing, in another shape", smtperr.PhaseConnect, fmt.Errorf("x: %w", fs.ErrNotExist), smtperr.ConnectError, smtperr.ReasonNotFound},
		{"a permission in another shape", smtperr.PhaseConnect, fmt.Errorf("x: %w", fs.ErrPermission), smtperr.LocalError, smtperr.ReasonPermission},
		{"a number that no table has, while dialing", smtperr.PhaseConnect, dialing(syscall.Errno(0x7777)), smtperr.ConnectError, ""},
		{"a number that no table has, in a conversation", smtperr.PhaseMail, reading(syscall.Errno(0x7777)), smtperr.Unknown, ""},
		{"a host that goes away in a conversation", smtperr.PhaseMail, reading(syscall.EHOSTUNREACH), smtperr.Disconnected, smtperr.ReasonHostUnreachable},
		{"a connection that TCP gives up", smtperr.PhaseMail, reading(syscall.ETIMEDOUT), smtperr.ReadTimeout, smtperr.ReasonNoReply},
		{"a connection that TCP gives up while writing", smtperr.PhaseMail, writing(syscall.ETIMEDOUT), smtperr.WriteTimeout, ""},
		{"a deadline while the body is written", smtperr.PhaseBody, os.ErrDeadlineExceeded, smtperr.WriteTimeout, ""},
		{"a deadline after the dot", smtperr.PhaseDot, reading(os.ErrDeadlineExceeded), smtperr.ReadTimeout, smtperr.ReasonNoReply},
		{"a pipe that the other side closed", smtperr.PhaseMail, io.ErrClosedPipe, smtperr.Disconnected, smtperr.ReasonClosed},
		{"half a reply", smtperr.PhaseMail, io.ErrUnexpectedEOF, smtperr.Disconnected, smtperr.ReasonClosed},

		{"an HTTP server", smtperr.PhaseTLS, tls.RecordHeaderError{RecordHeader: [5]byte([]byte("HTTP/"))}, smtperr.TLSError, smtperr.ReasonNotSMTPHTTP},
		{"a plaintext server that is busy", smtperr.PhaseTLS, tls.RecordHeaderError{RecordHeader: [5]byte([]byte("421-b"))}, smtperr.TLSError, smtperr.ReasonPlaintextSMTP},
		{"bytes of no protocol", smtperr.PhaseTLS, tls.RecordHeaderError{RecordHeader: [5]byte([]byte("99999"))}, smtperr.TLSError, smtperr.ReasonHandshakeFailure},
		{"an alert about our certificate", smtperr.PhaseTLS, alert(42), smtperr.TLSError, smtperr.ReasonClientCertRequired},
		{"an alert about our certificate's authority", smtperr.PhaseTLS, alert(48), smtperr.TLSError, smtperr.ReasonClientCertRequired},
		{"an alert about the server's name", smtperr.PhaseTLS, alert(112), smtperr.TLSError, smtperr.ReasonHandshakeFailure},
		{"an error of crypto/tls without a type", smtperr.PhaseMail, errors.New("tls: received record with a bad MAC"), smtperr.TLSError, smtperr.ReasonHandshakeFailure},
		{"a version that was not offered", smtperr.PhaseTLS, errors.New("tls: server selected unsupported protocol version 301"), smtperr.TLSError, smtperr.ReasonProtocolVersion},
		{"a chain that x509 does not like otherwise", smtperr.PhaseTLS, x509.CertificateInvalidError{Reason: x509.TooManyIntermediates}, smtperr.TLSVerifyError, smtperr.ReasonUnknownAuthority},
		{"no roots on this system", smtperr.PhaseTLS, x509.SystemRootsError{}, smtperr.TLSVerifyError, smtperr.ReasonUnknownAuthority},
		{"a verification that failed otherwise", smtperr.PhaseTLS, &tls.CertificateVerificationError{Err: errors.New("x")}, smtperr.TLSVerifyError, smtperr.ReasonUnknownAuthority},

		{"Windows: no descriptors", smtperr.PhaseConnect, dialing(syscall.Errno(10024)), smtperr.LocalError, smtperr.ReasonTooManyOpenFiles},
		{"Windows: forbidden", smtperr.PhaseConnect, dialing(syscall.Errno(10013)), smtperr.LocalError, smtperr.ReasonPermission},
		{"Windows: address in use", smtperr.PhaseConnect, dialing(syscall.Errno(10048)), smtperr.LocalError, smtperr.ReasonNoSourceAddress},
		{"Windows: no such source address", smtperr.PhaseConnect, dialing(syscall.Errno(10049)), smtperr.LocalError, smtperr.ReasonNoSourceAddress},
		{"Windows: no buffers", smtperr.PhaseConnect, dialing(syscall.Errno(10055)), smtperr.LocalError, ""},
		{"Windows: aborted", smtperr.PhaseMail, reading(syscall.Errno(10053)), smtperr.Disconnected, smtperr.ReasonReset},
		{"Windows: timed out in a conversation", smtperr.PhaseMail, reading(syscall.Errno(10060)), smtperr.ReadTimeout, smtperr.ReasonNoReply},
		{"Windows: reset in a handshake", smtperr.PhaseTLS, reading(syscall.Errno(10054)), smtperr.TLSError, smtperr.ReasonReset},
		{"Windows: no such host", smtperr.PhaseDNS, os.NewSyscallError("getaddrinfow", syscall.Errno(11001)), smtperr.DNSNotFound, smtperr.ReasonNotFound},

		{"anything else", smtperr.PhaseMail, errors.New("a plain error"), smtperr.Unknown, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			e := smtperr.Classify(tt.phase, tt.err)
			require.Equal(t, tt.class, e.Class, e)
			require.Equal(t, tt.reason, e.Reason, e)
			require.Equal(t, tt.phase, e.Phase)
			require.ErrorIs(t, e, smtperr.ErrSMTP)
			require.Equal(t, tt.err, e.Cause, "the cause stays reachable")
			wrapped := fmt.Errorf("again: %w", e)
			require.Same(t, e, smtperr.Classify(smtperr.PhaseQuit, wrapped), "classifying again changes nothing")
		})
	}
}

func TestEveryFailingCheckIsListed(t *testing.T) {
	t.Parallel()
	err := &tls.CertificateVerificationError{Err: errors.Join(
		x509.CertificateInvalidError{Reason: x509.Expired, Cert: &x509.Certificate{}},
		x509.HostnameError{Certificate: &x509.Certificate{DNSNames: []string{"a"}}, Host: "b"},
		x509.UnknownAuthorityError{})}
	e := smtperr.Classify(smtperr.PhaseTLS, err)
	require.Equal(t, smtperr.ReasonExpired, e.Reason)
	require.Len(t, e.Details, 3)
}

func TestALostReplyAfterTheDotLeavesTheOutcomeOpen(t *testing.T) {
	t.Parallel()
	require.True(t, smtperr.Classify(smtperr.PhaseDot, io.EOF).OutcomeUnknown)
	require.True(t, smtperr.Classify(smtperr.PhaseDot, reading(os.ErrDeadlineExceeded)).OutcomeUnknown)
	require.False(t, smtperr.Classify(smtperr.PhaseDot, writing(syscall.EPIPE)).OutcomeUnknown, "the dot was not sent")
	require.False(t, smtperr.Classify(smtperr.PhaseBody, io.EOF).OutcomeUnknown)
	require.False(t, smtperr.ClassifyReply(smtperr.PhaseDot, reply(451, "x"), smtperr.Circumstances{}).OutcomeUnknown)
}

func TestPermanenceOfCauses(t *testing.T) {
	t.Parallel()
	record := func(header string) error { return tls.RecordHeaderError{RecordHeader: [5]byte([]byte(header))} }
	require.False(t, smtperr.Classify(smtperr.PhaseTLS, record("220 r")).Temporary)
	require.False(t, smtperr.Classify(smtperr.PhaseTLS, record("HTTP/")).Temporary)
	require.False(t, smtperr.Classify(smtperr.PhaseTLS, record("xxxxx")).Temporary, "no TLS at all")
	require.False(t, smtperr.Classify(smtperr.PhaseTLS, alert(70)).Temporary)
	require.True(t, smtperr.Classify(smtperr.PhaseTLS, alert(40)).Temporary)
	require.True(t, smtperr.Classify(smtperr.PhaseTLS, io.EOF).Temporary)
	require.True(t, smtperr.New(smtperr.AuthFailed, smtperr.ReasonTokenUnreachable, smtperr.PhaseAuth, nil).Temporary)
	require.False(t, smtperr.New(smtperr.AuthFailed, smtperr.ReasonTokenRefused, smtperr.PhaseAuth, nil).Temporary)
	require.False(t, smtperr.New(smtperr.ProtocolError, smtperr.ReasonNotSMTPHTTP, smtperr.PhaseGreeting, nil).Temporary)
	require.True(t, smtperr.New(smtperr.ProtocolError, smtperr.ReasonBadCode, smtperr.PhaseGreeting, nil).Temporary)
	require.False(t, smtperr.New(smtperr.ConnectError, smtperr.ReasonProxyRefused, smtperr.PhaseConnect, nil).Temporary)
}

func TestFaultsThatTheReasonKnows(t *testing.T) {
	t.Parallel()
	for reason, want := range map[smtperr.Reason]smtperr.Fault{
		smtperr.ReasonTokenUnreachable: smtperr.FaultNetwork,
		smtperr.ReasonTokenRefused:     smtperr.FaultCredentials,
		smtperr.ReasonAuthRequired:     smtperr.FaultConfig,
		smtperr.ReasonTLSRequired:      smtperr.FaultConfig,
		smtperr.ReasonRateLimited:      smtperr.FaultProber,
	} {
		require.Equal(t, want, smtperr.New(smtperr.AuthFailed, reason, smtperr.PhaseAuth, nil).Fault(), reason)
	}
	require.Equal(t, smtperr.FaultConfig, smtperr.New(smtperr.ConnectError, smtperr.ReasonProxyRefused, smtperr.PhaseConnect, nil).Fault())
}

func TestAnEmptyPhaseIsDerived(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		err   error
		phase smtperr.Phase
		class smtperr.Class
	}{
		{dialing(syscall.ECONNREFUSED), smtperr.PhaseConnect, smtperr.ConnectError},
		{dialing(os.ErrDeadlineExceeded), smtperr.PhaseConnect, smtperr.ConnectTimeout},
		{dialing(&net.DNSError{IsNotFound: true}), smtperr.PhaseDNS, smtperr.DNSNotFound},
		{dialing(&net.AddrError{Err: "missing port in address"}), smtperr.PhaseConfig, smtperr.ConfigError},
		{&tls.CertificateVerificationError{Err: x509.HostnameError{Certificate: &x509.Certificate{}}}, smtperr.PhaseTLS, smtperr.TLSVerifyError},
		{io.EOF, "", smtperr.Disconnected},
	} {
		e := smtperr.Classify("", tt.err)
		require.Equal(t, tt.phase, e.Phase, tt.err)
		require.Equal(t, tt.class, e.Class, tt.err)
	}
}

// Whatever a table of the classifier knows must never end as unknown.
func TestNoKnownCauseIsUnknown(t *testing.T) {
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
			require.NotEqual(t, smtperr.Unknown, smtperr.Classify(phase, reading(number)).Class, "%v at %s", number, phase)
		}
		for n := range 256 {
			require.Equal(t, smtperr.TLSError, smtperr.Classify(phase, alert(n)).Class)
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
				sink = smtperr.Classify(smtperr.PhaseConnect, err)
			}
		})
	}
}

// net/smtp's handshake takes place in what its callers call greeting or STARTTLS.
func TestWhatDoesNotSpeakTLSIsPermanentInEveryPhase(t *testing.T) {
	t.Parallel()
	for _, phase := range smtperr.Phases() {
		e := smtperr.Classify(phase, tls.RecordHeaderError{RecordHeader: [5]byte([]byte("GET /"))})
		require.Equal(t, smtperr.TLSError, e.Class)
		require.False(t, e.Temporary, phase)
	}
}
