package smtperr_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

func TestError_Error(t *testing.T) {
	t.Parallel()
	at := func(phase smtperr.Phase, code int, lines ...string) *smtperr.Error {
		return classifyReply(phase, smtperr.NewReply(code, lines), smtperr.Session{Sender: "s@x", Recipient: "r@x"})
	}
	lost := classify(smtperr.PhaseDot, io.EOF)
	local, remote := &net.TCPAddr{IP: net.IPv6loopback, Port: 56822}, &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 25}
	connectError := func() error {
		return &net.OpError{Op: "dial", Net: "tcp", Addr: remote, Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	}
	for _, tt := range []struct {
		name string
		err  *smtperr.Error
		want string
	}{
		{"a refused recipient", at(smtperr.PhaseRcpt, 550, "5.7.1 no"), "smtp: RCPT <r@x>: 550 5.7.1 no"},
		{
			"several", refusals(smtperr.PhaseRcpt, []*smtperr.Error{at(smtperr.PhaseRcpt, 550, "5.7.1 Relay access denied"), at(smtperr.PhaseRcpt, 550)}, 0),
			"smtp: RCPT <r@x> and 1 more: 550 5.7.1 Relay access denied",
		},
		{"a refused sender", at(smtperr.PhaseMail, 550, "no"), "smtp: MAIL <s@x>: 550 no"},
		{"several lines", at(smtperr.PhaseEHLO, 550, "a", "b"), `smtp: EHLO: 550 a\nb`},
		{"a code alone", at(smtperr.PhaseEHLO, 550, ""), "smtp: EHLO: 550"},
		{"no text at all", at(smtperr.PhaseEHLO, 550), "smtp: EHLO: 550"},
		{"a cause", smtperr.New(smtperr.ClassConfigError, "", "", errors.New("bad\nthing")), `smtp: bad\nthing`},
		{"nothing but a class", smtperr.New(smtperr.ClassNotSupported, smtperr.ReasonAuthNotOffered, smtperr.PhaseAuth, nil), "smtp: AUTH: the relay does not offer what the probe needs"},
		{"a message in doubt", lost, "smtp: end of message: connection closed (outcome unknown: the message may have been delivered)"},
		{
			"failing checks", &smtperr.Error{Class: smtperr.ClassTLSVerifyError, Reason: smtperr.ReasonExpired, Details: []string{"expired", "wrong host"}},
			"smtp: expired; wrong host",
		},
		{"a closed port", classify(smtperr.PhaseConnect, connectError()), "smtp: connect: connection refused"},
		{"a wrapped one", classify(smtperr.PhaseConnect, fmt.Errorf("proxy: %w", connectError())), "smtp: connect: proxy: connection refused"},
		{"a reset", classify(smtperr.PhaseMail, &net.OpError{Op: "read", Net: "tcp", Source: local, Addr: remote, Err: os.NewSyscallError("read", syscall.ECONNRESET)}), "smtp: MAIL: connection reset by peer"},
		{"a resolver", classify(smtperr.PhaseDNS, &net.DNSError{Err: "read udp 127.0.0.1:4711->127.0.0.53:53: i/o timeout", Name: "relay.example", IsTimeout: true}), "smtp: dns: lookup relay.example: i/o timeout"},
		{"a unix socket", classify(smtperr.PhaseConnect, &net.OpError{Op: "dial", Net: "unix", Addr: &net.UnixAddr{Name: "/run/x"}, Err: os.NewSyscallError("connect", syscall.ENOENT)}), "smtp: connect: no such file or directory"},
		{"a deadline", classify(smtperr.PhaseMail, context.DeadlineExceeded), "smtp: MAIL: i/o timeout"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			require.EqualError(t, tt.err, tt.want)
		})
	}
}

func TestError_ErrorIsBoundedASCII(t *testing.T) {
	t.Parallel()
	long := make([]byte, 10000)
	for i := range long {
		long[i] = byte(i)
	}
	hostile := string(long)
	c := smtperr.Session{Sender: hostile, Recipient: hostile}
	for _, phase := range smtperr.Phases() {
		e := classifyReply(phase, smtperr.NewReply(550, []string{hostile, "second"}), c)
		e.OutcomeUnknown = true
		requireHarmless(t, e.Error())
		require.Contains(t, e.Error(), "outcome unknown", "what is said at the end is not cut off")
	}
	requireHarmless(t, smtperr.New(smtperr.ClassUnknown, "", "", errors.New(hostile)).Error())
	requireHarmless(t, (&smtperr.Error{Class: smtperr.ClassTLSVerifyError, Details: []string{hostile}}).Error())
}

func requireHarmless(t *testing.T, text string) {
	t.Helper()
	require.LessOrEqual(t, len(text), 500)
	require.Regexp(t, "^[ -~]*$", text)
}
