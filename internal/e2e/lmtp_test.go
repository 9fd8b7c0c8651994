//go:build e2e

package e2e

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestDovecot_LMTP(t *testing.T) {
	d := StartDovecot(t)
	to := func(probe string, recipients ...string) string {
		return fmt.Sprintf("probe = %q\nfrom = \"probe@sender.test\"\nto = %s\n", probe, tomlList(recipients))
	}
	tcp, socket := "lmtp://"+d.At(DovecotLMTP), "lmtp://"+d.LMTPSocket()
	known, unknown := Username+"@mail.test", "nobody@mail.test"
	relays := []Relay{
		{Name: "LHLO", URL: tcp, Want: "none/none:250:done"},
		{Name: "LHLO, unix socket", URL: socket, Want: "none/none:250:done"},
		{Name: "RCPT", URL: tcp, Settings: to("rcpt", known), Want: "none/none:250:done"},
		{Name: "RCPT, unix socket", URL: socket, Settings: to("rcpt", known), Want: "none/none:250:done"},
		{Name: "unknown user", URL: tcp, Settings: to("rcpt", unknown), Want: "recipients_refused/mailbox_unknown:550:rcpt", Enhanced: "5.1.1"},
		{Name: "unknown user, unix socket", URL: socket, Settings: to("rcpt", unknown), Want: "recipients_refused/mailbox_unknown:550:rcpt"},
		{
			Name: "delivery", URL: tcp, Settings: to("send", otherUser+"@mail.test") + `subject = "by LMTP over TCP"`, Want: "none/none:250:done",
			Fields: map[string]any{"message_accepted": int64(1), "dot_code": int64(250)},
		},
		{
			Name: "delivery to one of two users, unix socket", URL: socket, Settings: to("send", known, unknown) + `subject = "by LMTP"`,
			Want:   "recipient_refused/mailbox_unknown:550:rcpt",
			Fields: map[string]any{"message_accepted": int64(1), "recipients_accepted": int64(1), "recipients_refused": int64(1), "dot_code": int64(250)},
		},
	}
	ProbeOnce(t, "helo = \"probe.test\"\n", relays)
	require.Contains(t, d.Mail(t, otherUser), "Subject: by LMTP over TCP")
	text := d.Mail(t, Username)
	require.Contains(t, text, "Subject: by LMTP\n")
	require.Contains(t, text, "Delivered-To: "+known)

	disconnects := d.Log.WaitFor(t, len(relays), "Disconnect from")
	for _, line := range disconnects {
		require.Contains(t, line, "Logged out", "every session ends with QUIT")
	}
}
