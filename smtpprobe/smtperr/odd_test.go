package smtperr_test

import (
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

func TestNilStaysNil(t *testing.T) {
	t.Parallel()
	require.Nil(t, smtperr.Classify(smtperr.PhaseMail, nil))
	require.NoError(t, smtperr.Wrap(smtperr.PhaseMail, nil))
	require.NoError(t, smtperr.Wrap(smtperr.PhaseMail, (*smtperr.Error)(nil)), "not as an error that holds nil")
	for _, err := range []error{nil, (*smtperr.Error)(nil)} {
		e, ok := smtperr.Of(err)
		require.False(t, ok)
		require.Nil(t, e)
	}
}

func TestANilErrorCanBeAsked(t *testing.T) {
	t.Parallel()
	var e *smtperr.Error
	require.Equal(t, "none", e.Error())
	require.Zero(t, e.Code())
	require.Empty(t, e.Fault())
	require.Empty(t, e.Advice())
	require.False(t, e.Timeout())
	require.NoError(t, e.Unwrap())
	require.NotErrorIs(t, e, smtperr.ErrSMTP)
	require.Equal(t, smtperr.NoAdvice, e.RetrySame())
	require.False(t, e.NextServer(smtperr.Seed))
}

// Odd are errors that break the habits of error types.
func odd() map[string]error {
	var (
		opError   *net.OpError
		dns       *net.DNSError
		addr      *net.AddrError
		parse     *net.ParseError
		reply     *textproto.Error
		cert      *tls.CertificateVerificationError
		system    *os.SyscallError
		pointer   *angry
		lmtp      strange
		wrapsSelf = &loop{}
	)
	wrapsSelf.err = wrapsSelf
	return map[string]error{
		"a nil *OpError": opError, "a nil *DNSError": dns, "a nil *AddrError": addr, "a nil *ParseError": parse, "a nil *textproto.Error": reply,
		"a nil *CertificateVerificationError": cert, "a nil *SyscallError": system, "a nil of an unknown type": pointer, "a nil map": lmtp,
		"an OpError of nothing":   &net.OpError{Op: "remote error"},
		"an OpError of a nil":     &net.OpError{Op: "read", Err: dns},
		"a SyscallError of a nil": &os.SyscallError{Syscall: "x"},
		"a verification of a nil": &tls.CertificateVerificationError{},
		"one that wraps itself":   wrapsSelf,
		"one that panics":         &angry{},
		"one that cannot compare": strange{"x"},
		"one without fields":      struct{ error }{},
	}
}

type (
	angry   struct{ text *string }
	strange []string
	loop    struct{ err error }
)

func (a *angry) Error() string  { return *a.text }
func (strange) Error() string   { return "listed" }
func (*loop) Error() string     { return "loop" }
func (l *loop) Unwrap() []error { return []error{l.err, l.err} }

func TestOddErrorsDoNotPanic(t *testing.T) {
	t.Parallel()
	for name, err := range odd() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := smtperr.Classify(smtperr.PhaseMail, err)
			require.NotEqual(t, smtperr.None, e.Class)
			requireHarmless(t, e.Error())
			if strings.HasPrefix(name, "a nil ") {
				require.NotErrorIs(t, e, io.EOF, "which asks the cause")
			}
			alert, alerted := smtperr.RemoteAlert(err)
			require.Zero(t, alert)
			require.False(t, alerted)
		})
	}
}

func TestAChainWithoutEndIsLeft(t *testing.T) {
	t.Parallel()
	err := io.EOF
	for range 1000 {
		err = fmt.Errorf("x: %w", err)
	}
	require.Equal(t, smtperr.Unknown, smtperr.Classify(smtperr.PhaseMail, err).Class, "too long to be followed")
}
