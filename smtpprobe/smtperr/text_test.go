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
		{name: "refused recipient", err: at(smtperr.PhaseRcpt, 550, "5.7.1 no"), want: "smtp: RCPT <r@x>: 550 5.7.1 no"},
		{
			name: "several recipients", err: refusals(smtperr.PhaseRcpt, []*smtperr.Error{at(smtperr.PhaseRcpt, 550, "5.7.1 Relay access denied"), at(smtperr.PhaseRcpt, 550)}, 0),
			want: "smtp: RCPT <r@x> and 1 more: 550 5.7.1 Relay access denied",
		},
		{name: "refused sender", err: at(smtperr.PhaseMail, 550, "no"), want: "smtp: MAIL <s@x>: 550 no"},
		{name: "several lines", err: at(smtperr.PhaseEHLO, 550, "a", "b"), want: `smtp: EHLO: 550 a\nb`},
		{name: "code without text", err: at(smtperr.PhaseEHLO, 550, ""), want: "smtp: EHLO: 550"},
		{name: "reply without lines", err: at(smtperr.PhaseEHLO, 550), want: "smtp: EHLO: 550"},
		{name: "cause", err: smtperr.New(smtperr.ClassConfigError, "", "", errors.New("bad\nthing")), want: `smtp: bad\nthing`},
		{name: "class only", err: smtperr.New(smtperr.ClassNotSupported, smtperr.ReasonAuthNotOffered, smtperr.PhaseAuth, nil), want: "smtp: AUTH: the relay does not offer what the probe needs"},
		{name: "outcome unknown", err: lost, want: "smtp: end of message: connection closed (outcome unknown: the message may have been delivered)"},
		{
			name: "rejected challenge",
			err: &smtperr.Error{
				Class: smtperr.ClassProtocolError, Reason: smtperr.ReasonBadChallenge, Phase: smtperr.PhaseAuth,
				Reply: &smtperr.Reply{Code: 334, Lines: []string{"cj1h"}}, Cause: errors.New("the nonce (r=) does not extend the client's"),
			},
			want: "smtp: AUTH: the nonce (r=) does not extend the client's",
		},
		{
			name: "certificate checks", err: &smtperr.Error{Class: smtperr.ClassTLSVerifyError, Reason: smtperr.ReasonExpired, Details: []string{"expired", "wrong host"}},
			want: "smtp: expired; wrong host",
		},
		{name: "connection refused", err: classify(smtperr.PhaseConnect, connectError()), want: "smtp: connect: connection refused"},
		{name: "wrapped error", err: classify(smtperr.PhaseConnect, fmt.Errorf("proxy: %w", connectError())), want: "smtp: connect: proxy: connection refused"},
		{name: "connection reset", err: classify(smtperr.PhaseMail, &net.OpError{Op: "read", Net: "tcp", Source: local, Addr: remote, Err: os.NewSyscallError("read", syscall.ECONNRESET)}), want: "smtp: MAIL: connection reset by peer"},
		{name: "lookup timeout", err: classify(smtperr.PhaseDNS, &net.DNSError{Err: "read udp 127.0.0.1:4711->127.0.0.53:53: i/o timeout", Name: "relay.example", IsTimeout: true}), want: "smtp: dns: lookup relay.example: i/o timeout"},
		{name: "unix socket", err: classify(smtperr.PhaseConnect, &net.OpError{Op: "dial", Net: "unix", Addr: &net.UnixAddr{Name: "/run/x"}, Err: os.NewSyscallError("connect", syscall.ENOENT)}), want: "smtp: connect: no such file or directory"},
		{name: "name server address", err: classify(smtperr.PhaseDNS, &net.DNSError{Err: "no such host", Name: "relay.example", Server: "127.0.0.53:53", IsNotFound: true}), want: "smtp: dns: lookup relay.example: no such host"},
		{name: "unexpected EOF", err: classify(smtperr.PhaseMail, io.ErrUnexpectedEOF), want: "smtp: MAIL: connection closed"},
		{name: "context deadline", err: classify(smtperr.PhaseMail, context.DeadlineExceeded), want: "smtp: MAIL: i/o timeout"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			require.EqualError(t, tt.err, tt.want)
		})
	}
}

func TestError_Error_Hostile(t *testing.T) {
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
		requireSafeText(t, e.Error())
		require.Contains(t, e.Error(), "outcome unknown", "suffix")
	}
	requireSafeText(t, smtperr.New(smtperr.ClassUnknown, "", "", errors.New(hostile)).Error())
	requireSafeText(t, (&smtperr.Error{Class: smtperr.ClassTLSVerifyError, Details: []string{hostile}}).Error())
}

func requireSafeText(t *testing.T, text string) {
	t.Helper()
	require.LessOrEqual(t, len(text), 500)
	require.Regexp(t, "^[ -~]*$", text)
}
