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

func TestClassify_Nil(t *testing.T) {
	t.Parallel()
	require.NoError(t, smtperr.Classify(smtperr.PhaseMail, nil))
	require.NoError(t, smtperr.Classify(smtperr.PhaseMail, (*smtperr.Error)(nil)), "not an error with a nil in it")
	require.NoError(t, smtperr.ClassifyReply(smtperr.PhaseMail, reply(250, "ok"), smtperr.Session{}))
	require.NoError(t, smtperr.Refusals(smtperr.PhaseRcpt, nil, 1))
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

func TestClassify_OddErrors(t *testing.T) {
	t.Parallel()
	for name, err := range odd() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := classify(smtperr.PhaseMail, err)
			require.NotEqual(t, smtperr.ClassNone, e.Class)
			requireHarmless(t, e.Error())
			if strings.HasPrefix(name, "a nil ") {
				require.NotErrorIs(t, e, io.EOF, "which asks the cause")
			}
		})
	}
}

func TestClassify_LongChain(t *testing.T) {
	t.Parallel()
	err := io.EOF
	for range 1000 {
		err = fmt.Errorf("x: %w", err)
	}
	require.Equal(t, smtperr.ClassUnknown, classify(smtperr.PhaseMail, err).Class, "too long to be followed")
}
