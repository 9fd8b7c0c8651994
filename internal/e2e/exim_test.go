//go:build e2e

package e2e

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest/certs"
)

func TestExim(t *testing.T) {
	tls := NewTLSFiles(t)
	e := StartExim(t, tls)
	cert, key := tls.IssueFiles(t, "client", certs.Client(Username))
	otherCert, otherKey := tls.IssueFiles(t, "other", certs.Client("other"))
	smtp, submission, smtps := "smtp://"+e.At(eximSMTP), "submission://"+e.At(eximSMTP), "smtps://"+e.At(eximSMTPS)

	to := func(recipients ...string) string {
		return fmt.Sprintf("probe = \"rcpt\"\nfrom = \"probe@sender.test\"\nto = %s\n", tomlList(recipients))
	}
	send := func(subject string) string {
		return strings.Replace(to("alice@mail.test"), "rcpt", "send", 1) + fmt.Sprintf("subject = %q\n", subject)
	}
	login := func(mechanism, secret string) string {
		return fmt.Sprintf("probe = \"auth\"\nusername = %q\npassword = %q\nauth_mechanism = %q\n", Username, secret, mechanism)
	}
	certificate := func(cert, key string) string { return fmt.Sprintf("tls_cert = %q\ntls_key = %q\n", cert, key) }
	external := "probe = \"auth\"\nauth_mechanism = \"EXTERNAL\"\n"

	relays := []Relay{
		{Name: "EHLO in plaintext", URL: smtp, Settings: `starttls = "never"`, Want: "none/none:250:done"},
		{Name: "STARTTLS verified", URL: submission, Want: "none/none:250:done", Fields: map[string]any{"tls_verified": int64(1)}},
		{Name: "implicit TLS verified", URL: smtps, Want: "none/none:250:done", Fields: map[string]any{"tls_verified": int64(1)}},
		{Name: "recipient accepted", URL: smtp, Settings: to("alice@mail.test"), Want: "none/none:250:done"},
		{Name: "relaying denied", URL: smtp, Settings: to("someone@example.com"), Want: "recipients_refused/relay_denied:550:rcpt"},
		{Name: "unknown user", URL: smtp, Settings: to("nobody@mail.test"), Want: "recipients_refused/mailbox_unavailable:550:rcpt"},
		{Name: "greylisted", URL: smtp, Settings: to("grey@mail.test"), Want: "recipients_refused/greylisted:451:rcpt"},
		{Name: "message refused", URL: smtp, Settings: send("spam"), Want: "data_refused/spam_suspected:550:dot"},
		{Name: "message delivered", URL: smtps, Settings: send("by Exim"), Want: "none/none:250:done"},
		{Name: "PLAIN, right password", URL: submission, Settings: login("PLAIN", Password), Want: "none/none:235:done"},
		{Name: "PLAIN, wrong password", URL: submission, Settings: login("PLAIN", WrongPassword), Want: "auth_failed/auth_credentials_invalid:535:auth"},
		{Name: "LOGIN, right password", URL: smtps, Settings: login("LOGIN", Password), Want: "none/none:235:done"},
		{Name: "LOGIN, wrong password", URL: smtps, Settings: login("LOGIN", WrongPassword), Want: "auth_failed/auth_credentials_invalid:535:auth"},
		{Name: "CRAM-MD5, right password", URL: smtps, Settings: login("CRAM-MD5", Password), Want: "none/none:235:done"},
		{Name: "CRAM-MD5, wrong password", URL: smtps, Settings: login("CRAM-MD5", WrongPassword), Want: "auth_failed/auth_credentials_invalid:535:auth"},
		{Name: "EXTERNAL, known certificate", URL: smtps, Settings: external + certificate(cert, key), Want: "none/none:235:done"},
		{
			Name: "EXTERNAL, unknown certificate", URL: smtps, Settings: external + certificate(otherCert, otherKey),
			Want: "auth_failed/auth_credentials_invalid:535:auth",
		},
		{Name: "client certificate", URL: "smtps://" + e.At(eximCertificate), Settings: certificate(cert, key), Want: "none/none:250:done"},
		{
			Name: "no client certificate", URL: "smtps://" + e.At(eximCertificate),
			Want: "tls_error/client_cert_required:none:greeting", ByRelay: true, // in TLS 1.3 the alert follows the handshake
		},
		{Name: "AUTH without TLS", URL: smtp, Settings: login("", Password) + `starttls = "never"`, Want: "not_supported/auth_not_offered:none:auth"},
	}
	ProbeOnce(t, fmt.Sprintf("helo = \"probe.test\"\ntls_ca = %q\n", tls.CA), relays)
	for _, r := range relays {
		if !r.ByRelay {
			t.Run("clean session/"+r.Name, func(t *testing.T) { e.RequireCleanSession(t, r.Source) })
		}
	}
	require.Contains(t, e.awaitMail(t, e.File("mail/alice")), "Subject: by Exim")
}
