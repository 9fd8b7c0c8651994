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
	require.NoError(t, smtperr.Classify(smtperr.PhaseMail, (*smtperr.Error)(nil)))
	require.NoError(t, smtperr.ClassifyReply(smtperr.PhaseMail, reply(250, "ok"), smtperr.Session{}))
	require.NoError(t, smtperr.Refusals(smtperr.PhaseRcpt, nil, 1))
}

// malformedErrors are errors that break the conventions of error types.
func malformedErrors() map[string]error {
	var (
		opError        *net.OpError
		dnsError       *net.DNSError
		addrError      *net.AddrError
		parseError     *net.ParseError
		textprotoError *textproto.Error
		certError      *tls.CertificateVerificationError
		syscallError   *os.SyscallError
		panicking      *panicError
		nilSlice       sliceError
		cyclic         = &cyclicError{}
	)
	cyclic.err = cyclic
	return map[string]error{
		"nil OpError": opError, "nil DNSError": dnsError, "nil AddrError": addrError, "nil ParseError": parseError, "nil textproto.Error": textprotoError,
		"nil CertificateVerificationError": certError, "nil SyscallError": syscallError, "nil of unknown type": panicking, "nil slice": nilSlice,
		"OpError without cause":                  &net.OpError{Op: "remote error"},
		"OpError with nil cause":                 &net.OpError{Op: "read", Err: dnsError},
		"SyscallError with nil cause":            &os.SyscallError{Syscall: "x"},
		"CertificateVerificationError, no cause": &tls.CertificateVerificationError{},
		"cycle":                                  cyclic,
		"panicking Error method":                 &panicError{},
		"type that is not comparable":            sliceError{"x"},
		"embedded nil error":                     struct{ error }{},
	}
}

type (
	panicError  struct{ text *string }
	sliceError  []string
	cyclicError struct{ err error }
)

func (e *panicError) Error() string    { return *e.text }
func (sliceError) Error() string       { return "slice" }
func (*cyclicError) Error() string     { return "cycle" }
func (e *cyclicError) Unwrap() []error { return []error{e.err, e.err} }

func TestClassify_Malformed(t *testing.T) {
	t.Parallel()
	for name, err := range malformedErrors() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := classify(smtperr.PhaseMail, err)
			require.NotEqual(t, smtperr.ClassNone, e.Class)
			requireSafeText(t, e.Error())
			if strings.HasPrefix(name, "nil ") {
				require.NotErrorIs(t, e, io.EOF) // calls methods of the cause
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
	require.Equal(t, smtperr.ClassUnknown, classify(smtperr.PhaseMail, err).Class, "chain of 1000 errors")
}
