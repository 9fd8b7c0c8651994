//go:build e2e

package e2e

import (
	"fmt"
	"io"
	"mime/quotedprintable"
	"net/mail"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const toAlice = `
probe = "rcpt"
from = "probe@sender.test"
to = ["alice@mail.test"]`

func TestPostfix(t *testing.T) {
	tls := NewTLSFiles(t)
	p := StartPostfix(t, PostfixOptions{TLS: tls})
	other := NewTLSFiles(t)
	smtp := func(port int) string { return "smtp://" + p.At(port) }
	rcpt := func(from string, to ...string) string {
		return fmt.Sprintf("probe = \"rcpt\"\nfrom = %q\nto = %s\n", from, tomlList(to))
	}
	relays := []Relay{
		{Name: "connect", URL: smtp(postfixSMTP), Settings: `probe = "connect"`, Want: "none/none:220:done"},
		{
			Name: "opportunistic TLS, unverified", URL: smtp(postfixSMTP), Settings: "tls_ca = " + strconv.Quote(other.CA),
			Want: "none/none:250:done", Fields: map[string]any{"tls_verified": int64(0), "tls_version": "TLS 1.3", "starttls_code": int64(220)},
		},
		{
			Name: "EHLO in plaintext", URL: smtp(postfixSMTP), Settings: `starttls = "never"`, Want: "none/none:250:done",
			Fields: map[string]any{
				"extensions": "8BITMIME,CHUNKING,DSN,ENHANCEDSTATUSCODES,ETRN,PIPELINING,SIZE,SMTPUTF8,STARTTLS,VRFY", "size_limit": int64(10240000),
			},
		},
		{
			Name: "STARTTLS verified", URL: "submission://" + p.At(postfixSubmission), Want: "none/none:250:done",
			Fields: map[string]any{"tls_verified": int64(1)},
		},
		{
			Name: "implicit TLS verified", URL: "smtps://" + p.At(postfixSMTPS), Want: "none/none:250:done",
			Fields: map[string]any{"tls_verified": int64(1), "tls_version": "TLS 1.3"},
		},
		{
			Name: "STARTTLS, unknown authority", URL: "submission://" + p.At(postfixSubmission), Settings: "tls_ca = " + strconv.Quote(other.CA),
			Want: "tls_verify_error/unknown_authority:none:tls", ByRelay: true, Fields: map[string]any{"tls_verified": int64(0)},
		},
		{
			Name: "implicit TLS, unknown authority", URL: "smtps://" + p.At(postfixSMTPS), Settings: "tls_ca = " + strconv.Quote(other.CA),
			Want: "tls_verify_error/unknown_authority:none:tls", ByRelay: true,
		},
		{
			Name: "implicit TLS, certificate of another host", URL: "smtps://" + p.At(postfixSMTPS), Settings: `tls_server_name = "mx.example.org"`,
			Want: "tls_verify_error/host_mismatch:none:tls", ByRelay: true,
		},
		{
			Name: "STARTTLS required, not offered", URL: smtp(postfixCleartext), Settings: `starttls = "required"`,
			Want: "not_supported/starttls_not_offered:none:starttls",
		},
		{
			Name: "implicit TLS on a plaintext port", URL: "smtps://" + p.At(postfixSMTP),
			Want: "tls_error/plaintext_smtp:none:tls", ByRelay: true,
		},
		{
			Name: "STARTTLS required by the relay", URL: smtp(postfixSubmission), Settings: `starttls = "never"` + toAlice,
			Want: "sender_refused/tls_required:530:mail", Enhanced: "5.7.0",
		},
		{
			Name: "AUTH not offered", URL: "submission://" + p.At(postfixSubmission),
			Settings: fmt.Sprintf("probe = \"auth\"\nusername = %q\npassword = %q\n", Username, Password),
			Want:     "not_supported/auth_not_offered:none:auth",
		},
		{Name: "recipient accepted", URL: smtp(postfixSMTP), Settings: toAlice, Want: "none/none:250:done", Enhanced: "2.1.5"},
		{Name: "null sender", URL: smtp(postfixSMTP), Settings: rcpt("", "alice@mail.test"), Want: "none/none:250:done"},
		{
			Name: "relay access denied, 454", URL: smtp(postfixSMTP), Settings: rcpt("probe@sender.test", "someone@example.com"),
			Want: "recipients_refused/relay_denied:454:rcpt", Enhanced: "4.7.1", Fields: map[string]any{"temporary": int64(1)},
		},
		{
			Name: "relay access denied, 554", URL: smtp(postfixStrict), Settings: rcpt("probe@sender.test", "someone@example.com"),
			Want: "recipients_refused/relay_denied:554:rcpt", Enhanced: "5.7.1", Fields: map[string]any{"temporary": int64(0)},
		},
		{
			Name: "relay access denied as expected", URL: smtp(postfixStrict),
			Settings: rcpt("probe@sender.test", "someone@example.com") + `expect = ["recipients_refused/relay_denied"]`,
			Want:     "recipients_refused/relay_denied:554:rcpt",
		},
		{
			Name: "unknown user", URL: smtp(postfixSMTP), Settings: rcpt("probe@sender.test", "nobody@mail.test"),
			Want: "recipients_refused/mailbox_unknown:550:rcpt", Enhanced: "5.1.1",
		},
		{
			Name: "one of two users unknown", URL: smtp(postfixSMTP), Settings: rcpt("probe@sender.test", "alice@mail.test", "nobody@mail.test"),
			Want: "recipient_refused/mailbox_unknown:550:rcpt", Enhanced: "5.1.1",
			Fields: map[string]any{"recipients_accepted": int64(1), "recipients_refused": int64(1)},
		},
		{
			Name: "greylisted", URL: smtp(postfixSMTP), Settings: rcpt("probe@sender.test", "grey@mail.test"),
			Want: "recipients_refused/greylisted:450:rcpt", Enhanced: "4.7.1",
		},
		{
			Name: "421 in RCPT", URL: smtp(postfixSMTP), Settings: rcpt("probe@sender.test", "busy@mail.test"),
			Want: "service_unavailable/congested:421:rcpt", Enhanced: "4.3.2",
		},
		{
			Name: "message larger than SIZE", URL: smtp(postfixSmall),
			Settings: strings.Replace(toAlice, "rcpt", "send", 1) + "\nmessage_size = \"4KiB\"",
			Want:     "not_supported/message_too_large:none:mail",
		},
		{
			Name: "message refused as too large", URL: smtp(postfixSmallSilent),
			Settings: strings.Replace(toAlice, "rcpt", "send", 1) + "\nmessage_size = \"4KiB\"",
			Want:     "data_refused/message_too_large:552:dot", Enhanced: "5.3.4",
		},
		{
			Name: "554 in the greeting", URL: smtp(postfixNoClient), Want: "greeting_refused/access_denied:554:greeting", Enhanced: "5.7.1",
		},
		{Name: "521 in the greeting", URL: smtp(postfixNoMail), Want: "greeting_refused/host_no_mail:521:greeting"},
		{
			Name: "EHLO refused", URL: smtp(postfixNoHelo), Settings: `helo = "refused.test"`, Want: "helo_refused/helo_rejected:554:ehlo", Enhanced: "5.7.1",
		},
		{
			Name: "sender refused", URL: smtp(postfixNoSender), Settings: rcpt("probe@refused.test", "alice@mail.test"),
			Want: "sender_refused/sender_not_allowed:554:mail", Enhanced: "5.7.1",
		},
		{
			Name: "DATA refused", URL: smtp(postfixNoData), Settings: strings.Replace(toAlice, "rcpt", "send", 1),
			Want: "data_refused/not_authorized:554:data", Enhanced: "5.7.1",
		},
		{
			Name: "message refused", URL: smtp(postfixNoContent), Settings: strings.Replace(toAlice, "rcpt", "send", 1),
			Want: "data_refused/content_rejected:554:dot", Enhanced: "5.7.1",
		},
		{Name: "SMTPUTF8", URL: smtp(postfixSMTP), Settings: rcpt("probe@sender.test", "ålice@mail.test"), Want: "none/none:250:done"},
		{
			Name: "SMTPUTF8 not offered", URL: smtp(postfixASCII), Settings: rcpt("probe@sender.test", "ålice@mail.test"),
			Want: "not_supported/smtputf8_not_offered:none:mail",
		},
		{Name: "postscreen", URL: smtp(postfixPostscreen), Want: "none/none:250:done"},
		{Name: "closed port", URL: "smtp://" + p.At(1), Want: "connect_error/refused:none:connect"},
	}
	metrics := ProbeOnce(t, fmt.Sprintf("helo = \"probe.test\"\ntls_ca = %q\n", tls.CA), relays)

	require.Greater(t, metrics["postscreen"].Fields()["greeting_time"], 0.9, "postscreen delays the greeting by a second")
	p.Log.Wait(t, "/postscreen[", "PASS NEW")
	var endedByRelay []string
	for _, r := range relays {
		if r.Name == "closed port" {
			continue
		}
		if r.ByRelay {
			p.Session(t, r.Source)
			endedByRelay = append(endedByRelay, r.Source)
			continue
		}
		t.Run("clean session/"+r.Name, func(t *testing.T) { p.RequireCleanSession(t, r.Source) })
	}
	p.RequireNoLostConnection(t, endedByRelay...)
}

func TestPostfix_ConnectionRate(t *testing.T) {
	p := StartPostfix(t, PostfixOptions{})
	client := newAddress()
	for _, want := range []Outcome{"none/none:220:done", "service_unavailable/rate_limited:421:greeting"} {
		ProbeOnce(t, "", []Relay{{
			Name: string(want), URL: "smtp://" + p.At(postfixLimited), Settings: `probe = "connect"`, Want: want, Source: client,
		}})
	}
	p.Log.Wait(t, "Connection rate limit exceeded", client)
	p.Log.WaitFor(t, 2, "disconnect from", client)
	p.RequireNoLostConnection(t)
}

func TestPostfix_Delivery(t *testing.T) {
	tls := NewTLSFiles(t)
	p := StartPostfix(t, PostfixOptions{TLS: tls})
	relays := []Relay{{
		Name: "send", URL: "smtps://" + p.At(postfixSMTPS),
		Settings: `
probe = "send"
from = "probe@sender.test"
to = ["alice@mail.test"]
subject = "Delivery test"
body = "first line\n.line with a dot\n..two dots\n.\nlast line: ä"
headers = ["X-Environment: e2e"]
message_size = 4000`,
		Want: "none/none:250:done", Fields: map[string]any{"message_accepted": int64(1), "recipients_accepted": int64(1), "dot_code": int64(250)},
	}}
	ProbeOnce(t, fmt.Sprintf("helo = \"probe.test\"\ntls_ca = %q\n", tls.CA), relays)
	p.RequireCleanSession(t, relays[0].Source)

	text := p.Mail(t, "alice")
	m, err := mail.ReadMessage(strings.NewReader(text))
	require.NoError(t, err, text)
	for name, want := range map[string]string{
		"Return-Path": "<probe@sender.test>", "X-Original-To": "alice@mail.test", "Subject": "Delivery test", "Auto-Submitted": "auto-generated", "X-Environment": "e2e",
	} {
		require.Equal(t, want, m.Header.Get(name), text)
	}
	require.Contains(t, m.Header.Get("From"), "probe@sender.test")
	require.Contains(t, m.Header.Get("To"), "alice@mail.test")
	require.NotEmpty(t, m.Header.Get("X-Smtpprobe-Id"))
	require.Regexp(t, `^<[^<>@ ]+@sender\.test>$`, m.Header.Get("Message-Id"))
	_, err = m.Header.Date()
	require.NoError(t, err)
	require.Contains(t, m.Header.Get("Received"), "from probe.test (")
	require.Contains(t, text, "using TLSv1.3")
	require.Equal(t, "quoted-printable", m.Header.Get("Content-Transfer-Encoding"))
	body, err := io.ReadAll(quotedprintable.NewReader(m.Body))
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(string(body), "first line\n.line with a dot\n..two dots\n.\nlast line: ä\n"), "%q", body)
}
