package smtpprobe_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// withIdentity sends a message whose Identify returns id and err, and counts the
// calls.
func withIdentity(id string, err error, calls *int) func(*probing) {
	return func(p *probing) {
		send(alice)(p)
		p.Identify = func() (string, error) { *calls++; return id, err }
	}
}

func TestIdentify(t *testing.T) {
	t.Parallel()
	const id = "1.01234567.89abcdef.1.1764091479123.AAAAAAAAAAAAAAAAAAAAAA"
	calls := 0
	r, s := converse(t, plain, smtptest.Script{Extensions: offering("DSN")}, withIdentity(id+"+=", nil, &calls))
	require.NoError(t, r.Err)
	require.Equal(t, 1, calls)
	require.Contains(t, string(s.Messages[0].Text()), "\r\nX-Smtpprobe-Id: "+id+"+=\r\n")
	require.Equal(t, "<"+id+"+=@example.org>", r.MessageID)
	require.True(t, wasSent(s, "MAIL FROM:<probe@example.org> RET=HDRS ENVID="+id+"+2B+3D"), "RFC 3461 §4.4")
	require.True(t, wasSent(s, "RCPT TO:<alice@example.org> NOTIFY=FAILURE,DELAY"))

	_, s = converse(t, plain, smtptest.Script{Extensions: offering("SIZE 1000000")}, withIdentity(id, nil, &calls))
	require.NotContains(t, s.Commands()[1], "ENVID", "without DSN")
	require.NotContains(t, s.Commands()[2], "NOTIFY")
}

func TestIdentify_NoMessage(t *testing.T) {
	t.Parallel()
	calls := 0
	r, _ := converse(t, plain, smtptest.Script{EHLO: smtptest.Say("421 4.3.2 busy")}, withIdentity("1", nil, &calls))
	require.Error(t, r.Err)
	require.Zero(t, calls, "no message is sent")

	converse(t, plain, smtptest.Script{}, func(p *probing) {
		withIdentity("1", nil, &calls)(p)
		p.Depth = smtpprobe.DepthRcpt
	})
	require.Zero(t, calls)
}

func TestIdentify_Error(t *testing.T) {
	t.Parallel()
	calls := 0
	r, s := converse(t, plain, smtptest.Script{}, withIdentity("", errors.New("no space left on device"), &calls))
	require.Equal(t, smtperr.ClassLocalError, failure(r).Class)
	require.Equal(t, smtperr.PhaseMail, failure(r).Phase)
	require.False(t, wasSent(s, "MAIL"), "the message must not be sent")
	require.True(t, wasSent(s, "QUIT"))
}
