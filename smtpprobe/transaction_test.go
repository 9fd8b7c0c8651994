package smtpprobe_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

func TestMail_SizeLimitIsInclusive(t *testing.T) {
	t.Parallel()
	r, s := converse(t, plain, smtptest.Script{Extensions: offering("SIZE 5000")}, func(p *probing) {
		send(alice)(p)
		p.Message.Size = 5000
	})
	require.NoError(t, r.Err)
	require.True(t, wasSent(s, "MAIL FROM:<probe@example.org> SIZE=5000"))
}

func TestRecipients_LongReplies(t *testing.T) {
	t.Parallel()
	long := make([]string, 20)
	for i := range long {
		long[i] = "550-" + strings.Repeat("x", 500)
	}
	long[len(long)-1] = "550 end"
	r, _ := converse(t, plain, smtptest.Script{Rcpt: smtptest.Say(long...)}, rcpt(alice, bob))
	require.Equal(t, smtperr.ClassRecipientsRefused, failure(r).Class)
	for i := range r.Recipients {
		require.LessOrEqual(t, len(strings.Join(r.Recipients[i].Reply.Lines, "")), 1024)
		require.LessOrEqual(t, len(strings.Join(detail(r.Recipients[i].Err).Reply.Lines, "")), 1024)
	}
}
