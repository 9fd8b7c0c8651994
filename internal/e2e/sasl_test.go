//go:build e2e

package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestDovecot_Mechanisms(t *testing.T) {
	tls := NewTLSFiles(t)
	d := StartDovecot(t)
	p := StartPostfix(t, PostfixOptions{TLS: tls, SASL: d.SASL()})

	good := accessToken(Username, tokenKey, time.Now().Add(time.Hour))
	expired := accessToken(Username, tokenKey, time.Now().Add(-time.Minute))
	othersToken := accessToken("other", tokenKey, time.Now().Add(time.Hour))
	forged := accessToken(Username, "another key", time.Now().Add(time.Hour))
	login := func(mechanism, secret string) string {
		setting := "password"
		if strings.HasSuffix(mechanism, "AUTH2") || mechanism == "OAUTHBEARER" {
			setting = "token"
		}
		return fmt.Sprintf("probe = \"auth\"\nusername = %q\n%s = %q\nauth_mechanism = %q\n", Username, setting, secret, mechanism)
	}
	submission, smtps := "submission://"+p.At(postfixSubmission), "smtps://"+p.At(postfixSMTPS)
	const accepted, refused = Outcome("none/none:235:done"), Outcome("auth_failed/auth_credentials_invalid:535:auth")

	relays := []Relay{
		{Name: "strongest mechanism", URL: submission, Settings: login("", Password), Want: accepted},
		{Name: "wrong password", URL: submission, Settings: login("", WrongPassword), Want: refused},
		{Name: "unknown user", URL: submission, Settings: strings.Replace(login("PLAIN", Password), Username, "unknown", 1), Want: refused},
		{Name: "expired token", URL: submission, Settings: login("XOAUTH2", expired), Want: refused},
		{Name: "token of another user", URL: submission, Settings: login("OAUTHBEARER", othersToken), Want: refused},
		{
			Name: "PLAIN without TLS", URL: "smtp://" + p.At(postfixCleartext), Settings: login("PLAIN", Password),
			Want: "not_supported/cleartext_auth_forbidden:none:auth",
		},
		{
			Name: "PLAIN without TLS, allowed", URL: "smtp://" + p.At(postfixCleartext),
			Settings: login("PLAIN", Password) + "auth_cleartext = true", Want: accepted,
		},
		{
			Name: "no mechanism in common", URL: submission, Settings: login("SCRAM-SHA-256-PLUS", Password),
			Want: "not_supported/auth_no_mechanism:none:auth",
		},
		{
			Name: "relaying after AUTH", URL: submission,
			Settings: strings.Replace(login("", Password), `"auth"`, `"rcpt"`, 1) + "from = \"probe@sender.test\"\nto = [\"someone@example.com\"]",
			Want:     "none/none:250:done",
		},
	}
	for _, mechanism := range dovecotMechanisms {
		right, wrong := Password, WrongPassword
		if strings.Contains(login(mechanism, ""), "token") {
			right, wrong = good, forged
		}
		relays = append(relays,
			Relay{Name: mechanism + ", right credentials", URL: smtps, Settings: login(mechanism, right), Want: accepted},
			Relay{Name: mechanism + ", wrong credentials", URL: smtps, Settings: login(mechanism, wrong), Want: refused},
		)
	}
	metrics := ProbeOnce(t, fmt.Sprintf("helo = \"probe.test\"\ntls_ca = %q\n", tls.CA), relays)

	for _, r := range relays {
		t.Run("clean session/"+r.Name, func(t *testing.T) {
			p.RequireCleanSession(t, r.Source)
			require.LessOrEqual(t, strings.Count(strings.Join(p.Session(t, r.Source), "\n"), "authentication failed"), 1, "one attempt")
		})
	}
	offered := strings.Split(metrics["PLAIN, right credentials"].Fields()["auth_mechanisms"].(string), ",")
	require.ElementsMatch(t, dovecotMechanisms, offered)
}
