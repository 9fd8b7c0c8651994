package smtperr_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"os"
	"syscall"
	"testing"

	gosmtp "github.com/emersion/go-smtp"
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
		{"go-smtp's reply", smtperr.PhaseRcpt, &gosmtp.SMTPError{Code: 550, EnhancedCode: gosmtp.EnhancedCode{5, 1, 1}, Message: "no"}, smtperr.RecipientRefused, smtperr.ReasonMailboxUnknown},
		{"go-smtp's reply without an enhanced code", smtperr.PhaseRcpt, &gosmtp.SMTPError{Code: 550, EnhancedCode: gosmtp.NoEnhancedCode, Message: "no"}, smtperr.RecipientRefused, smtperr.ReasonMailboxUnavailable},

		{"anything else", smtperr.PhaseMail, errors.New("a plain error"), smtperr.Unknown, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
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

func TestNilStaysNil(t *testing.T) {
	require.Nil(t, smtperr.Classify(smtperr.PhaseMail, nil))
	require.NoError(t, smtperr.Wrap(smtperr.PhaseMail, nil))
}

func TestATypedNilIsNoPanic(t *testing.T) {
	var reply *textproto.Error
	var other *gosmtp.SMTPError
	require.NotPanics(t, func() {
		_, _ = smtperr.Of(error((*smtperr.Error)(nil)))
	})
	for _, err := range []error{reply, other} {
		func() {
			defer func() { _ = recover() }() // the foreign type's own Error method may panic, ours must not
			_ = smtperr.Classify(smtperr.PhaseMail, err)
		}()
	}
}

func TestEveryFailingCheckIsListed(t *testing.T) {
	err := &tls.CertificateVerificationError{Err: errors.Join(
		x509.CertificateInvalidError{Reason: x509.Expired, Cert: &x509.Certificate{}},
		x509.HostnameError{Certificate: &x509.Certificate{DNSNames: []string{"a"}}, Host: "b"},
		x509.UnknownAuthorityError{})}
	e := smtperr.Classify(smtperr.PhaseTLS, err)
	require.Equal(t, smtperr.ReasonExpired, e.Reason)
	require.Len(t, e.Details, 3)
}

// A new errno in the tables, or a new class, must not end as unknown.
func TestEveryKnownErrnoHasAClass(t *testing.T) {
	for n := range 200 {
		errno := syscall.Errno(n)
		for _, phase := range smtperr.Phases() {
			e := smtperr.Classify(phase, reading(errno))
			if e.Class == smtperr.Unknown {
				require.NotErrorIs(t, errno, syscall.ECONNRESET)
				require.False(t, errno.Timeout(), "%v at %s", errno, phase)
			}
		}
	}
}

func BenchmarkClassify(b *testing.B) {
	for name, err := range map[string]error{"refused": dialing(syscall.ECONNREFUSED), "EOF": io.EOF, "timeout": reading(os.ErrDeadlineExceeded)} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_ = smtperr.Classify(smtperr.PhaseConnect, err)
			}
		})
	}
}
