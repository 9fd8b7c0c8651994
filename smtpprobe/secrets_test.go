package smtpprobe_test

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// The text of a reply is classified before secrets are masked in it.
func TestSecrets_MaskedAfterClassification(t *testing.T) {
	t.Parallel()
	r, _ := converse(t, plain, smtptest.Script{Rcpt: smtptest.Say("550 5.7.1 relay access denied for user")}, func(p *probing) {
		rcpt(alice)(p)
		p.Auth, p.Secrets = nil, []string{"denied", "relay access"}
	})
	require.Equal(t, smtperr.ReasonRelayDenied, failure(r).Reason)
	require.NotContains(t, fmt.Sprint(r.Err, r.Reply, r.Recipients[0].Reply, r.Transcript), "denied")
}

func TestSecrets_BeforeAuth(t *testing.T) {
	t.Parallel()
	const password = "correct horse"
	r, _ := converse(t, plain, smtptest.Script{
		Greeting: smtptest.Say("220-hello correct ", "220 horse, welcome"),
		EHLO:     smtptest.Say("250-relay.test", "250-AUTH PLAIN", "250 X-ECHO "+password),
		Auth:     smtptest.Say("535 5.7.8 no"),
	}, func(p *probing) {
		login("")(p)
		p.Auth.Password = password
	})
	require.Equal(t, smtperr.ClassAuthFailed, failure(r).Class)
	shown := fmt.Sprint(r.Transcript, r.Capabilities)
	require.NotContains(t, shown, "horse")
	require.NotContains(t, shown, "correct")
}

func TestSecrets_Trace(t *testing.T) {
	t.Parallel()
	srv := smtptest.Start(t, smtptest.Script{Extensions: offering("AUTH PLAIN"), Auth: smtptest.Say("535 5.7.8 secret-pw is wrong")})
	p := prober(srv, plain)
	login("PLAIN")(p)
	var traced strings.Builder
	ctx := smtpprobe.WithTrace(t.Context(), &smtpprobe.Trace{
		Command: func(_ smtperr.Phase, line string) { fmt.Fprintln(&traced, line) },
		Reply:   func(_ smtperr.Phase, r smtperr.Reply) { fmt.Fprintln(&traced, r.Text()) },
	})
	r := p.probe(ctx)
	require.Error(t, r.Err)
	require.NotContains(t, traced.String(), "secret-pw")
	require.NotContains(t, traced.String(), base64.StdEncoding.EncodeToString([]byte("\x00user\x00secret-pw")))
	require.Contains(t, traced.String(), "AUTH PLAIN *** (")
}

// knownToken is a TokenSource with a method Secrets.
type knownToken struct{ fixedToken }

func (k knownToken) Secrets() []string { return []string{string(k.fixedToken)} }

func TestSecrets_TokenBeforeAuth(t *testing.T) {
	t.Parallel()
	r, _ := converse(t, plain, smtptest.Script{Greeting: smtptest.Say("220 ya29.token is known here")}, func(p *probing) {
		p.Auth = &smtpprobe.Auth{Username: "user", Token: knownToken{"ya29.token"}}
	})
	require.NoError(t, r.Err)
	require.NotContains(t, fmt.Sprint(r.Transcript, r.GreetingHost), "ya29")
}
