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

type netTimeoutError struct{}

func (netTimeoutError) Error() string { return "i/o timeout" }
func (netTimeoutError) Timeout() bool { return true }

func TestClassify(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		phase  smtperr.Phase
		err    error
		class  smtperr.Class
		reason smtperr.Reason
	}{
		{name: "canceled context", phase: smtperr.PhaseMail, err: context.Canceled, class: smtperr.ClassCanceled},
		{name: "connection closed by client", phase: smtperr.PhaseMail, err: reading(net.ErrClosed), class: smtperr.ClassCanceled},
		{name: "cancellation before DNS", phase: smtperr.PhaseDNS, err: fmt.Errorf("%w: %w", &net.DNSError{IsTimeout: true}, context.Canceled), class: smtperr.ClassCanceled},

		{name: "NXDOMAIN", phase: smtperr.PhaseDNS, err: &net.DNSError{Err: "no such host", IsNotFound: true}, class: smtperr.ClassDNSNotFound, reason: smtperr.ReasonNotFound},
		{name: "DNS timeout", phase: smtperr.PhaseDNS, err: &net.DNSError{Err: "i/o timeout", IsTimeout: true, IsTemporary: true}, class: smtperr.ClassDNSTimeout},
		{name: "DNS timeout in connect", phase: smtperr.PhaseConnect, err: dialing(&net.DNSError{Err: "i/o timeout", IsTimeout: true}), class: smtperr.ClassDNSTimeout},
		{name: "DNSError with wrapped deadline", phase: smtperr.PhaseDNS, err: &net.DNSError{Err: "x", UnwrapErr: context.DeadlineExceeded}, class: smtperr.ClassDNSTimeout},
		{name: "SERVFAIL", phase: smtperr.PhaseDNS, err: &net.DNSError{Err: "server misbehaving", IsTemporary: true}, class: smtperr.ClassDNSError, reason: smtperr.ReasonServerFailure},
		{name: "unknown port", phase: smtperr.PhaseDNS, err: &net.DNSError{Err: "unknown port", IsNotFound: true}, class: smtperr.ClassConfigError, reason: smtperr.ReasonInvalidPort},
		{name: "context deadline in DNS", phase: smtperr.PhaseDNS, err: context.DeadlineExceeded, class: smtperr.ClassDNSTimeout},
		{name: "address without port", phase: smtperr.PhaseConnect, err: &net.AddrError{Err: "missing port in address", Addr: "x"}, class: smtperr.ClassConfigError, reason: smtperr.ReasonInvalidPort},

		{name: "connection refused", phase: smtperr.PhaseConnect, err: dialing(syscall.ECONNREFUSED), class: smtperr.ClassConnectError, reason: smtperr.ReasonRefused},
		{name: "EHOSTUNREACH in connect", phase: smtperr.PhaseConnect, err: dialing(syscall.EHOSTUNREACH), class: smtperr.ClassConnectError, reason: smtperr.ReasonHostUnreachable},
		{name: "ENETUNREACH in connect", phase: smtperr.PhaseConnect, err: dialing(syscall.ENETUNREACH), class: smtperr.ClassConnectError, reason: smtperr.ReasonNetworkUnreachable},
		{name: "ECONNRESET in connect", phase: smtperr.PhaseConnect, err: dialing(syscall.ECONNRESET), class: smtperr.ClassConnectError, reason: smtperr.ReasonReset},
		{name: "ENOENT in connect", phase: smtperr.PhaseConnect, err: dialing(syscall.ENOENT), class: smtperr.ClassConnectError, reason: smtperr.ReasonNotFound},
		{name: "ETIMEDOUT in connect", phase: smtperr.PhaseConnect, err: dialing(syscall.ETIMEDOUT), class: smtperr.ClassConnectTimeout},
		{name: "deadline of dial", phase: smtperr.PhaseConnect, err: dialing(os.ErrDeadlineExceeded), class: smtperr.ClassConnectTimeout},
		{name: "EMFILE in connect", phase: smtperr.PhaseConnect, err: dialing(syscall.EMFILE), class: smtperr.ClassLocalError, reason: smtperr.ReasonTooManyOpenFiles},
		{name: "EADDRNOTAVAIL in connect", phase: smtperr.PhaseConnect, err: dialing(syscall.EADDRNOTAVAIL), class: smtperr.ClassLocalError, reason: smtperr.ReasonNoSourceAddress},
		{name: "EPERM in connect", phase: smtperr.PhaseConnect, err: dialing(syscall.EPERM), class: smtperr.ClassLocalError, reason: smtperr.ReasonPermission},
		{name: "EMFILE in DNS", phase: smtperr.PhaseDNS, err: &net.DNSError{Err: "x", UnwrapErr: dialing(syscall.EMFILE)}, class: smtperr.ClassLocalError, reason: smtperr.ReasonTooManyOpenFiles},

		{name: "plaintext 220", phase: smtperr.PhaseTLS, err: tls.RecordHeaderError{Msg: "first record does not look like a TLS handshake", RecordHeader: [5]byte{'2', '2', '0', ' ', 'r'}}, class: smtperr.ClassTLSError, reason: smtperr.ReasonPlaintextSMTP},
		{name: "SSH server", phase: smtperr.PhaseTLS, err: tls.RecordHeaderError{RecordHeader: [5]byte{'S', 'S', 'H', '-', '2'}}, class: smtperr.ClassTLSError, reason: smtperr.ReasonNotSMTPSSH},
		{name: "protocol_version alert", phase: smtperr.PhaseTLS, err: alert(70), class: smtperr.ClassTLSError, reason: smtperr.ReasonProtocolVersion},
		{name: "certificate_required alert", phase: smtperr.PhaseGreeting, err: alert(116), class: smtperr.ClassTLSError, reason: smtperr.ReasonClientCertRequired},
		{name: "handshake_failure alert", phase: smtperr.PhaseTLS, err: alert(40), class: smtperr.ClassTLSError, reason: smtperr.ReasonHandshakeFailure},
		{name: "EOF in TLS", phase: smtperr.PhaseTLS, err: io.EOF, class: smtperr.ClassTLSError, reason: smtperr.ReasonClosed},
		{name: "ECONNRESET in TLS", phase: smtperr.PhaseTLS, err: reading(syscall.ECONNRESET), class: smtperr.ClassTLSError, reason: smtperr.ReasonReset},
		{name: "deadline in TLS", phase: smtperr.PhaseTLS, err: reading(os.ErrDeadlineExceeded), class: smtperr.ClassTLSTimeout},
		{name: "unknown CA", phase: smtperr.PhaseTLS, err: &tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}, class: smtperr.ClassTLSVerifyError, reason: smtperr.ReasonUnknownAuthority},
		{name: "expired certificate", phase: smtperr.PhaseTLS, err: x509.CertificateInvalidError{Reason: x509.Expired}, class: smtperr.ClassTLSVerifyError, reason: smtperr.ReasonExpired},
		{name: "certificate without names", phase: smtperr.PhaseTLS, err: x509.HostnameError{Certificate: &x509.Certificate{}, Host: "x"}, class: smtperr.ClassTLSVerifyError, reason: smtperr.ReasonCertNoNames},
		{name: "other host name", phase: smtperr.PhaseTLS, err: x509.HostnameError{Certificate: &x509.Certificate{DNSNames: []string{"a"}}, Host: "x"}, class: smtperr.ClassTLSVerifyError, reason: smtperr.ReasonHostMismatch},
		{name: "unsupported signature algorithm", phase: smtperr.PhaseTLS, err: fmt.Errorf("x: %w", x509.ErrUnsupportedAlgorithm), class: smtperr.ClassTLSVerifyError, reason: smtperr.ReasonCertSignature},
		{name: "verification error without type", phase: smtperr.PhaseTLS, err: errors.New("tls: failed to verify certificate: x"), class: smtperr.ClassTLSVerifyError, reason: smtperr.ReasonUnknownAuthority},
		{name: "malformed certificate", phase: smtperr.PhaseTLS, err: errors.New("tls: failed to parse certificate from server: x509: x"), class: smtperr.ClassTLSError},

		{name: "EOF in MAIL", phase: smtperr.PhaseMail, err: io.EOF, class: smtperr.ClassDisconnected, reason: smtperr.ReasonClosed},
		{name: "a reset", phase: smtperr.PhaseMail, err: reading(syscall.ECONNRESET), class: smtperr.ClassDisconnected, reason: smtperr.ReasonReset},
		{name: "EPIPE in body", phase: smtperr.PhaseBody, err: writing(syscall.EPIPE), class: smtperr.ClassDisconnected, reason: smtperr.ReasonClosed},
		{name: "timeout of reply", phase: smtperr.PhaseMail, err: reading(os.ErrDeadlineExceeded), class: smtperr.ClassReadTimeout, reason: smtperr.ReasonNoReply},
		{name: "timeout before greeting", phase: smtperr.PhaseGreeting, err: netTimeoutError{}, class: smtperr.ClassReadTimeout, reason: smtperr.ReasonNoGreeting},
		{name: "write timeout", phase: smtperr.PhaseMail, err: writing(os.ErrDeadlineExceeded), class: smtperr.ClassWriteTimeout},

		{name: "WSAETIMEDOUT in connect", phase: smtperr.PhaseConnect, err: dialing(syscall.Errno(10060)), class: smtperr.ClassConnectTimeout},
		{name: "WSAECONNREFUSED in connect", phase: smtperr.PhaseConnect, err: dialing(syscall.Errno(10061)), class: smtperr.ClassConnectError, reason: smtperr.ReasonRefused},
		{name: "WSAECONNRESET in MAIL", phase: smtperr.PhaseMail, err: reading(syscall.Errno(10054)), class: smtperr.ClassDisconnected, reason: smtperr.ReasonReset},
		{name: "WSAENETUNREACH in connect", phase: smtperr.PhaseConnect, err: dialing(syscall.Errno(10051)), class: smtperr.ClassConnectError, reason: smtperr.ReasonNetworkUnreachable},
		{name: "WSAEHOSTUNREACH in connect", phase: smtperr.PhaseConnect, err: dialing(syscall.Errno(10065)), class: smtperr.ClassConnectError, reason: smtperr.ReasonHostUnreachable},

		{name: "reply of net/textproto", phase: smtperr.PhaseMail, err: &textproto.Error{Code: 550, Msg: "5.7.1 no"}, class: smtperr.ClassSenderRefused, reason: smtperr.ReasonNotAuthorized},
		{name: "421 of net/textproto", phase: smtperr.PhaseMail, err: fmt.Errorf("mail: %w", &textproto.Error{Code: 421, Msg: "bye"}), class: smtperr.ClassServiceUnavailable, reason: smtperr.ReasonRefused},
		{name: "malformed reply of net/textproto", phase: smtperr.PhaseMail, err: textproto.ProtocolError("short response: x"), class: smtperr.ClassProtocolError, reason: smtperr.ReasonBadCode},

		{name: "cancellation before deadline", phase: smtperr.PhaseMail, err: errors.Join(os.ErrDeadlineExceeded, context.Canceled), class: smtperr.ClassCanceled},
		{name: "configuration before DNS", phase: smtperr.PhaseDNS, err: errors.Join(&net.DNSError{IsNotFound: true}, &net.AddrError{Err: "x"}), class: smtperr.ClassConfigError, reason: smtperr.ReasonInvalidAddress},
		{name: "local error before DNS", phase: smtperr.PhaseDNS, err: errors.Join(&net.DNSError{IsTimeout: true}, syscall.EMFILE), class: smtperr.ClassLocalError, reason: smtperr.ReasonTooManyOpenFiles},
		{name: "DNS before deadline", phase: smtperr.PhaseConnect, err: errors.Join(context.DeadlineExceeded, &net.DNSError{IsNotFound: true}), class: smtperr.ClassDNSNotFound, reason: smtperr.ReasonNotFound},
		{name: "TLS before deadline", phase: smtperr.PhaseMail, err: errors.Join(os.ErrDeadlineExceeded, alert(40)), class: smtperr.ClassTLSError, reason: smtperr.ReasonHandshakeFailure},
		{name: "deadline before EOF", phase: smtperr.PhaseMail, err: errors.Join(io.EOF, os.ErrDeadlineExceeded), class: smtperr.ClassReadTimeout, reason: smtperr.ReasonNoReply},
		{name: "EOF before malformed reply", phase: smtperr.PhaseMail, err: errors.Join(textproto.ProtocolError("x"), io.EOF), class: smtperr.ClassDisconnected, reason: smtperr.ReasonClosed},
		{name: "reply before EOF", phase: smtperr.PhaseAuth, err: errors.Join(io.EOF, &textproto.Error{Code: 535, Msg: "no"}), class: smtperr.ClassAuthFailed, reason: smtperr.ReasonAuthCredentialsInvalid},

		{name: "unknown network", phase: smtperr.PhaseConnect, err: net.UnknownNetworkError("x"), class: smtperr.ClassConfigError, reason: smtperr.ReasonInvalidAddress},
		{name: "invalid IP address", phase: smtperr.PhaseConnect, err: &net.ParseError{Type: "IP address", Text: "x"}, class: smtperr.ClassConfigError, reason: smtperr.ReasonInvalidAddress},
		{name: "invalid unix socket address", phase: smtperr.PhaseConnect, err: net.InvalidAddrError("x"), class: smtperr.ClassConfigError, reason: smtperr.ReasonInvalidAddress},
		{name: "EACCES in connect", phase: smtperr.PhaseConnect, err: dialing(syscall.EACCES), class: smtperr.ClassLocalError, reason: smtperr.ReasonPermission},
		{name: "EAGAIN in connect", phase: smtperr.PhaseConnect, err: dialing(syscall.EAGAIN), class: smtperr.ClassConnectTimeout},
		{name: "missing token file", phase: smtperr.PhaseAuth, err: &fs.PathError{Op: "open", Path: "token", Err: syscall.ENOENT}, class: smtperr.ClassLocalError, reason: smtperr.ReasonNotFound},
		{name: "fs.ErrNotExist in connect", phase: smtperr.PhaseConnect, err: fmt.Errorf("x: %w", fs.ErrNotExist), class: smtperr.ClassConnectError, reason: smtperr.ReasonNotFound},
		{name: "fs.ErrPermission in connect", phase: smtperr.PhaseConnect, err: fmt.Errorf("x: %w", fs.ErrPermission), class: smtperr.ClassLocalError, reason: smtperr.ReasonPermission},
		{name: "unknown errno in connect", phase: smtperr.PhaseConnect, err: dialing(syscall.Errno(0x7777)), class: smtperr.ClassConnectError},
		{name: "unknown errno in MAIL", phase: smtperr.PhaseMail, err: reading(syscall.Errno(0x7777)), class: smtperr.ClassUnknown},
		{name: "EHOSTUNREACH in MAIL", phase: smtperr.PhaseMail, err: reading(syscall.EHOSTUNREACH), class: smtperr.ClassDisconnected, reason: smtperr.ReasonHostUnreachable},
		{name: "ETIMEDOUT of read", phase: smtperr.PhaseMail, err: reading(syscall.ETIMEDOUT), class: smtperr.ClassReadTimeout, reason: smtperr.ReasonNoReply},
		{name: "ETIMEDOUT of write", phase: smtperr.PhaseMail, err: writing(syscall.ETIMEDOUT), class: smtperr.ClassWriteTimeout},
		{name: "deadline in body", phase: smtperr.PhaseBody, err: os.ErrDeadlineExceeded, class: smtperr.ClassWriteTimeout},
		{name: "deadline after the dot", phase: smtperr.PhaseDot, err: reading(os.ErrDeadlineExceeded), class: smtperr.ClassReadTimeout, reason: smtperr.ReasonNoReply},
		{name: "closed pipe", phase: smtperr.PhaseMail, err: io.ErrClosedPipe, class: smtperr.ClassDisconnected, reason: smtperr.ReasonClosed},
		{name: "unexpected EOF", phase: smtperr.PhaseMail, err: io.ErrUnexpectedEOF, class: smtperr.ClassDisconnected, reason: smtperr.ReasonClosed},

		{name: "HTTP server", phase: smtperr.PhaseTLS, err: tls.RecordHeaderError{RecordHeader: [5]byte([]byte("HTTP/"))}, class: smtperr.ClassTLSError, reason: smtperr.ReasonNotSMTPHTTP},
		{name: "plaintext 421", phase: smtperr.PhaseTLS, err: tls.RecordHeaderError{RecordHeader: [5]byte([]byte("421-b"))}, class: smtperr.ClassTLSError, reason: smtperr.ReasonPlaintextSMTP},
		{name: "unknown protocol", phase: smtperr.PhaseTLS, err: tls.RecordHeaderError{RecordHeader: [5]byte([]byte("99999"))}, class: smtperr.ClassTLSError, reason: smtperr.ReasonNotSMTP},
		{name: "bad_certificate alert", phase: smtperr.PhaseTLS, err: alert(42), class: smtperr.ClassTLSError, reason: smtperr.ReasonClientCertRequired},
		{name: "unknown_ca alert", phase: smtperr.PhaseTLS, err: alert(48), class: smtperr.ClassTLSError, reason: smtperr.ReasonClientCertRequired},
		{name: "unrecognized_name alert", phase: smtperr.PhaseTLS, err: alert(112), class: smtperr.ClassTLSError, reason: smtperr.ReasonTLSAlert},
		{name: "bad MAC without type", phase: smtperr.PhaseMail, err: errors.New("tls: received record with a bad MAC"), class: smtperr.ClassTLSError, reason: smtperr.ReasonRecordBroken},
		{name: "version not offered", phase: smtperr.PhaseTLS, err: errors.New("tls: server selected unsupported protocol version 301"), class: smtperr.ClassTLSError, reason: smtperr.ReasonProtocolVersion},
		{name: "too many intermediates", phase: smtperr.PhaseTLS, err: x509.CertificateInvalidError{Reason: x509.TooManyIntermediates}, class: smtperr.ClassTLSVerifyError, reason: smtperr.ReasonCertConstraints},
		{name: "no system roots", phase: smtperr.PhaseTLS, err: x509.SystemRootsError{}, class: smtperr.ClassTLSVerifyError, reason: smtperr.ReasonNoRoots},
		{name: "other verification error", phase: smtperr.PhaseTLS, err: &tls.CertificateVerificationError{Err: errors.New("x")}, class: smtperr.ClassTLSVerifyError, reason: smtperr.ReasonUnknownAuthority},

		{name: "WSAEMFILE in connect", phase: smtperr.PhaseConnect, err: dialing(syscall.Errno(10024)), class: smtperr.ClassLocalError, reason: smtperr.ReasonTooManyOpenFiles},
		{name: "WSAEACCES in connect", phase: smtperr.PhaseConnect, err: dialing(syscall.Errno(10013)), class: smtperr.ClassLocalError, reason: smtperr.ReasonPermission},
		{name: "WSAEADDRINUSE in connect", phase: smtperr.PhaseConnect, err: dialing(syscall.Errno(10048)), class: smtperr.ClassLocalError, reason: smtperr.ReasonNoSourceAddress},
		{name: "WSAEADDRNOTAVAIL in connect", phase: smtperr.PhaseConnect, err: dialing(syscall.Errno(10049)), class: smtperr.ClassLocalError, reason: smtperr.ReasonNoSourceAddress},
		{name: "WSAENOBUFS in connect", phase: smtperr.PhaseConnect, err: dialing(syscall.Errno(10055)), class: smtperr.ClassLocalError},
		{name: "WSAECONNABORTED in MAIL", phase: smtperr.PhaseMail, err: reading(syscall.Errno(10053)), class: smtperr.ClassDisconnected, reason: smtperr.ReasonReset},
		{name: "WSAETIMEDOUT in MAIL", phase: smtperr.PhaseMail, err: reading(syscall.Errno(10060)), class: smtperr.ClassReadTimeout, reason: smtperr.ReasonNoReply},
		{name: "WSAECONNRESET in TLS", phase: smtperr.PhaseTLS, err: reading(syscall.Errno(10054)), class: smtperr.ClassTLSError, reason: smtperr.ReasonReset},
		{name: "WSAHOST_NOT_FOUND in DNS", phase: smtperr.PhaseDNS, err: os.NewSyscallError("getaddrinfow", syscall.Errno(11001)), class: smtperr.ClassDNSNotFound, reason: smtperr.ReasonNotFound},

		{name: "other error", phase: smtperr.PhaseMail, err: errors.New("a plain error"), class: smtperr.ClassUnknown},
		{name: "DNS before reply", phase: smtperr.PhaseDNS, err: errors.Join(&textproto.Error{Code: 550, Msg: "no"}, &net.DNSError{IsNotFound: true}), class: smtperr.ClassDNSNotFound, reason: smtperr.ReasonNotFound},
		{name: "cancellation before reply", phase: smtperr.PhaseMail, err: errors.Join(&textproto.Error{Code: 550, Msg: "no"}, context.Canceled), class: smtperr.ClassCanceled},
		{name: "two errnos", phase: smtperr.PhaseConnect, err: errors.Join(dialing(syscall.ECONNREFUSED), dialing(syscall.EHOSTUNREACH)), class: smtperr.ClassConnectError, reason: smtperr.ReasonRefused},
		{name: "two DNS errors", phase: smtperr.PhaseDNS, err: errors.Join(&net.DNSError{IsNotFound: true}, &net.DNSError{IsTimeout: true}), class: smtperr.ClassDNSNotFound, reason: smtperr.ReasonNotFound},
		{name: "access_denied alert", phase: smtperr.PhaseTLS, err: alert(49), class: smtperr.ClassTLSError, reason: smtperr.ReasonClientCertRequired},
		{name: "inappropriate_fallback alert", phase: smtperr.PhaseTLS, err: alert(86), class: smtperr.ClassTLSError, reason: smtperr.ReasonProtocolVersion},
		{name: "bad_record_mac alert", phase: smtperr.PhaseMail, err: alert(20), class: smtperr.ClassTLSError, reason: smtperr.ReasonRecordBroken},
		{name: "record_overflow alert", phase: smtperr.PhaseMail, err: alert(22), class: smtperr.ClassTLSError, reason: smtperr.ReasonRecordBroken},
		{name: "local bad_certificate alert", phase: smtperr.PhaseTLS, err: &net.OpError{Op: "local error", Err: tls.AlertError(42)}, class: smtperr.ClassTLSError},
		{name: "local protocol_version alert", phase: smtperr.PhaseTLS, err: &net.OpError{Op: "local error", Err: tls.AlertError(70)}, class: smtperr.ClassTLSError, reason: smtperr.ReasonProtocolVersion},
		{name: "RSA key above 8192 bits", phase: smtperr.PhaseTLS, err: errors.New("tls: server sent certificate containing RSA key larger than 8192 bits"), class: smtperr.ClassTLSVerifyError, reason: smtperr.ReasonCertSignature},
		{name: "expired CA certificate with DNS names", phase: smtperr.PhaseTLS, err: x509.CertificateInvalidError{Reason: x509.Expired, Cert: &x509.Certificate{IsCA: true, DNSNames: []string{"a"}}}, class: smtperr.ClassTLSVerifyError, reason: smtperr.ReasonExpired},
		{name: "expired CA certificate", phase: smtperr.PhaseTLS, err: x509.CertificateInvalidError{Reason: x509.Expired, Cert: &x509.Certificate{IsCA: true}}, class: smtperr.ClassTLSVerifyError, reason: smtperr.ReasonChainExpired},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			e := classify(tt.phase, tt.err)
			require.Equal(t, tt.class, e.Class, e)
			require.Equal(t, tt.reason, e.Reason, e)
			require.Equal(t, tt.phase, e.Phase)
			require.Equal(t, tt.err, e.Cause, "cause")
			wrapped := fmt.Errorf("wrapped: %w", e)
			require.Same(t, e, classify(smtperr.PhaseQuit, wrapped), "second classification")
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
	require.False(t, classify(smtperr.PhaseDot, writing(syscall.EPIPE)).OutcomeUnknown, "dot not written")
	require.False(t, classify(smtperr.PhaseBody, io.EOF).OutcomeUnknown)
	require.False(t, classifyReply(smtperr.PhaseDot, reply(451, "x"), smtperr.Session{}).OutcomeUnknown)
}

func TestError_Temporary(t *testing.T) {
	t.Parallel()
	record := func(header string) error { return tls.RecordHeaderError{RecordHeader: [5]byte([]byte(header))} }
	require.False(t, classify(smtperr.PhaseTLS, record("220 r")).Temporary())
	require.False(t, classify(smtperr.PhaseTLS, record("HTTP/")).Temporary())
	require.False(t, classify(smtperr.PhaseTLS, record("xxxxx")).Temporary(), "not TLS")
	require.False(t, classify(smtperr.PhaseTLS, alert(70)).Temporary())
	require.True(t, classify(smtperr.PhaseTLS, alert(40)).Temporary())
	require.True(t, classify(smtperr.PhaseTLS, io.EOF).Temporary())
	require.True(t, smtperr.New(smtperr.ClassAuthFailed, smtperr.ReasonTokenUnreachable, smtperr.PhaseAuth, nil).Temporary())
	require.False(t, smtperr.New(smtperr.ClassAuthFailed, smtperr.ReasonTokenRefused, smtperr.PhaseAuth, nil).Temporary())
	require.False(t, smtperr.New(smtperr.ClassProtocolError, smtperr.ReasonNotSMTPHTTP, smtperr.PhaseGreeting, nil).Temporary())
	require.True(t, smtperr.New(smtperr.ClassProtocolError, smtperr.ReasonBadCode, smtperr.PhaseGreeting, nil).Temporary())
	require.False(t, smtperr.New(smtperr.ClassConnectError, smtperr.ReasonProxyRefused, smtperr.PhaseConnect, nil).Temporary())
	require.False(t, smtperr.New(smtperr.ClassProtocolError, smtperr.ReasonTLSOnPlaintextPort, smtperr.PhaseGreeting, nil).Temporary())
	require.False(t, classify(smtperr.PhaseGreeting, alert(116)).Temporary(), "missing client certificate")
	require.True(t, classifyReply(smtperr.PhaseMail, reply(450, "4.5.5 x"), smtperr.Session{}).Temporary(), "the version of SMTP, not of TLS")
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
		{err: dialing(syscall.ECONNREFUSED), phase: smtperr.PhaseConnect, class: smtperr.ClassConnectError},
		{err: dialing(os.ErrDeadlineExceeded), phase: smtperr.PhaseConnect, class: smtperr.ClassConnectTimeout},
		{err: dialing(&net.DNSError{IsNotFound: true}), phase: smtperr.PhaseDNS, class: smtperr.ClassDNSNotFound},
		{err: dialing(&net.AddrError{Err: "missing port in address"}), phase: smtperr.PhaseConfig, class: smtperr.ClassConfigError},
		{err: &tls.CertificateVerificationError{Err: x509.HostnameError{Certificate: &x509.Certificate{}}}, phase: smtperr.PhaseTLS, class: smtperr.ClassTLSVerifyError},
		{err: io.EOF, phase: "", class: smtperr.ClassDisconnected},
		{err: tls.RecordHeaderError{Msg: "received record with version 3033 when expecting version 303"}, phase: "", class: smtperr.ClassTLSError},
		{err: tls.RecordHeaderError{Msg: "first record does not look like a TLS handshake"}, phase: smtperr.PhaseTLS, class: smtperr.ClassTLSError},
	} {
		e := classify("", tt.err)
		require.Equal(t, tt.phase, e.Phase, tt.err)
		require.Equal(t, tt.class, e.Class, tt.err)
	}
}

// Errors in the tables of the classifier have a class.
func TestClassify_KnownErrnos(t *testing.T) {
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

// Callers of net/smtp report handshakes as greeting or STARTTLS.
func TestClassify_NotTLSInAnyPhase(t *testing.T) {
	t.Parallel()
	for _, phase := range smtperr.Phases() {
		e := classify(phase, tls.RecordHeaderError{RecordHeader: [5]byte([]byte("GET /"))})
		require.Equal(t, smtperr.ClassTLSError, e.Class)
		require.False(t, e.Temporary(), phase)
	}
}
