package smtpprobe_test

import (
	"crypto/tls"
	"encoding/base64"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest/certs"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe"
)

func TestAuth_EmptyInitialResponse(t *testing.T) {
	t.Parallel()
	client := authority().Issue(certs.Client("probe"))
	r, s := converse(t, implicit, smtptest.Script{Extensions: offering("AUTH EXTERNAL"), Auth: smtptest.Say("235 2.7.0 welcome")}, func(p *probing) {
		p.Depth, p.Auth = smtpprobe.DepthAuth, &smtpprobe.Auth{Mechanism: "EXTERNAL"}
		p.Prober.TLS.Certificates = []tls.Certificate{client}
	})
	require.NoError(t, r.Err)
	require.Equal(t, "AUTH EXTERNAL =", s.Commands()[1])
	require.Equal(t, "EXTERNAL", r.AuthMechanism)
}

func TestAuth_LoginPlainTextPrompts(t *testing.T) {
	t.Parallel()
	r, s := converse(t, plain, smtptest.Script{
		Extensions:   offering("AUTH LOGIN"),
		Auth:         smtptest.Say("334 Username?"),
		AuthResponse: smtptest.Seq(smtptest.Say("334 Password?"), smtptest.Say("235 2.7.0 welcome")),
	}, login(""))
	require.NoError(t, r.Err)
	require.Equal(t, []string{"AUTH LOGIN", base64.StdEncoding.EncodeToString([]byte("user")), base64.StdEncoding.EncodeToString([]byte("secret-pw"))}, s.Commands()[1:4])
}
