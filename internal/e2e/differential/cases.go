//go:build e2e

package differential

import (
	"crypto/tls"
	"slices"
	"strings"
	"time"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest/certs"
)

// cases are the sessions that the Python libraries can run. See uncompared for
// the others.
var cases = []scenario{
	{
		name: "one of two recipients unknown", client: toBoth,
		script: smtptest.Script{Rcpt: smtptest.Seq(smtptest.Healthy(), smtptest.Say("550 5.1.1 no such user"))},
	},
	{name: "all recipients refused by policy", client: toBoth, script: smtptest.Script{Rcpt: smtptest.Say("550 5.7.1 go away")}},
	{name: "relaying denied", client: toAlice, script: smtptest.Script{Rcpt: smtptest.Say("554 5.7.1 Relay access denied")}},
	{
		name: "one recipient refused permanently, one temporarily", client: toBoth,
		script: smtptest.Script{Rcpt: smtptest.Seq(smtptest.Say("550 5.1.1 no"), smtptest.Say("450 4.2.1 later"))},
	},
	{name: "251 to RCPT", client: toAlice, script: smtptest.Script{Rcpt: smtptest.Say("251 will forward")}},
	{name: "252 to RCPT", client: toAlice, script: smtptest.Script{Rcpt: smtptest.Say("252 will try")}},
	{
		name: "421 between two recipients", client: toBoth,
		script: smtptest.Script{Rcpt: smtptest.Seq(smtptest.Healthy(), shutdown)},
	},
	{name: "421 in the greeting", over: exceptSTARTTLS, script: smtptest.Script{Greeting: shutdown}},
	{name: "421 to EHLO", script: smtptest.Script{EHLO: shutdown}},
	{name: "421 to STARTTLS", over: onlySTARTTLS, script: smtptest.Script{StartTLS: shutdown}},
	{name: "421 in AUTH", client: loginIn, script: smtptest.Script{Extensions: offering("AUTH PLAIN LOGIN"), Auth: shutdown}},
	{name: "421 to MAIL", client: toAlice, script: smtptest.Script{Mail: shutdown}},
	{name: "421 to DATA", client: toAlice, script: smtptest.Script{Data: shutdown}},
	{name: "421 after the dot", client: toAlice, script: smtptest.Script{Dot: shutdown}},
	{name: "421 after the reply to MAIL", client: toAlice, script: smtptest.Script{Mail: smtptest.Say("250 ok", "421 4.4.2 timeout exceeded")}},
	{name: "250 to DATA", client: toAlice, script: smtptest.Script{Data: smtptest.Say("250 ok")}},
	{name: "503 to DATA", client: toAlice, script: smtptest.Script{Data: smtptest.Say("503 5.5.1 no valid recipients")}},
	{name: "554 to DATA", client: toAlice, script: smtptest.Script{Data: smtptest.Say("554 5.5.1 no valid recipients")}},
	{name: "251 after the dot", client: toAlice, script: smtptest.Script{Dot: smtptest.Say("251 2.6.0 ok")}},
	{name: "HELO only", over: exceptSTARTTLS, script: smtptest.Script{EHLO: smtptest.Say("502 5.5.1 not implemented")}},
	{name: "STARTTLS with HELO only", over: onlySTARTTLS, script: smtptest.Script{EHLO: smtptest.Say("500 5.5.1 what")}},
	{name: "AUTH with HELO only", over: exceptSTARTTLS, client: loginIn, script: smtptest.Script{EHLO: smtptest.Say("504 5.5.1 what")}},
	{name: "EHLO refused, HELO accepted", script: smtptest.Script{EHLO: smtptest.Say("550 5.7.1 not you")}},
	{name: "EHLO and HELO refused", script: smtptest.Script{EHLO: smtptest.Say("550 5.7.1 not you"), HELO: smtptest.Say("550 5.7.1 not you")}},
	{name: "different codes in the EHLO reply", script: smtptest.Script{EHLO: smtptest.Say("250-a", "550 b")}},
	{name: "HTTP server", over: onlyPlain, script: smtptest.Script{Greeting: smtptest.Say("HTTP/1.1 400 Bad Request", "")}},
	{name: "SSH server", over: onlyPlain, script: smtptest.Script{Greeting: smtptest.Say("SSH-2.0-OpenSSH_9.2")}},
	{
		name: "TLS alert on a plaintext port", over: onlyPlain, stalls: true,
		script: smtptest.Script{Greeting: smtptest.Then(smtptest.Raw("\x15\x03\x01\x00\x02\x02\x46"), smtptest.Silence())},
	},
	{name: "no greeting", over: exceptSTARTTLS, stalls: true, script: smtptest.Script{Greeting: smtptest.Silence()}},
	{name: "implicit TLS to a plaintext port", over: onlyImplicit, server: noTLS},
	{name: "STARTTLS temporarily unavailable", over: onlySTARTTLS, script: smtptest.Script{StartTLS: smtptest.Say("454 4.7.0 TLS not available")}},
	{name: "STARTTLS not offered", over: onlySTARTTLS, server: noTLS},
	{
		name: "injection after the STARTTLS reply", over: onlySTARTTLS, stalls: true, client: toAlice,
		script: smtptest.Script{StartTLS: smtptest.Say("220 go", "250 evil")},
	},
	{name: "closed after the STARTTLS reply", over: onlySTARTTLS, script: smtptest.Script{Handshake: smtptest.HalfClose()}},
	{name: "reset after the STARTTLS reply", over: onlySTARTTLS, script: smtptest.Script{Handshake: smtptest.Then(smtptest.Pause(resetPause), smtptest.Reset())}},
	{name: "stalled handshake", over: withTLS, stalls: true, script: smtptest.Script{Handshake: smtptest.Silence()}},
	{name: "expired certificate", over: withTLS, server: issued(certs.Expired(certs.For(host)))},
	{name: "certificate not yet valid", over: withTLS, server: issued(certs.NotYetValid(certs.For(host)))},
	{name: "certificate for another host", over: withTLS, server: issued(certs.For("other.test"))},
	{name: "certificate from an unknown CA", over: withTLS, server: unknownCA},
	{name: "self-signed certificate", over: withTLS, server: selfSigned},
	{name: "client certificate required, TLS 1.2", over: withTLS, server: requiringClient(tls.VersionTLS12)},
	{name: "client certificate required, TLS 1.3", over: withTLS, server: requiringClient(tls.VersionTLS13)},
	{name: "TLS required for MAIL", over: onlyPlain, client: toAlice, script: smtptest.Script{Mail: smtptest.Say("530 5.7.0 Must issue a STARTTLS command first")}},
	{name: "AUTH required for MAIL", over: withTLS, client: toAlice, script: smtptest.Script{Mail: smtptest.Say("530 5.7.0 Authentication required")}},
	{
		name: "535 to AUTH, then closed", client: loginIn,
		script: smtptest.Script{Extensions: offering("AUTH PLAIN LOGIN"), Auth: smtptest.Then(smtptest.Say("535 5.7.8 bad credentials"), smtptest.HalfClose())},
	},
	{
		name: "535 to AUTH, then 454 to the next mechanism", client: loginIn,
		script: smtptest.Script{
			Extensions: offering("AUTH PLAIN LOGIN"),
			Auth:       smtptest.Seq(smtptest.Say("535 5.7.8 bad credentials"), smtptest.Say("454 4.7.0 too many attempts")),
		},
	},
	{name: "AUTH not offered", client: loginIn},
	{name: "no common mechanism", client: loginIn, script: smtptest.Script{Extensions: offering("AUTH GSSAPI")}},
	{
		name: "invalid base64 in a challenge", client: loginIn,
		script: smtptest.Script{Extensions: offering("AUTH CRAM-MD5"), Auth: smtptest.Say("334 %%%"), AuthResponse: smtptest.Say("501 5.5.2 cancelled")},
	},
	{
		name: "endless challenges", client: loginIn,
		script: smtptest.Script{Extensions: offering("AUTH LOGIN"), Auth: smtptest.Say("334 VXNlcm5hbWU6"), AuthResponse: askAgain},
	},
	{
		name: "503 to AUTH", client: loginIn,
		script: smtptest.Script{Extensions: offering("AUTH PLAIN"), Auth: smtptest.Say("503 5.5.1 already authenticated")},
	},
	{name: "554 in the greeting", over: exceptSTARTTLS, script: smtptest.Script{Greeting: smtptest.Say("554 5.7.1 no")}},
	{name: "521 in the greeting", over: exceptSTARTTLS, script: smtptest.Script{Greeting: smtptest.Say("521 does not accept mail")}},
	{
		name: "552 and a reset during the body", over: onlyPlain, client: session{to: []string{alice}, size: large},
		script: smtptest.Script{BodyAfter: 1000, Body: smtptest.Then(smtptest.Say("552 5.3.4 too big"), smtptest.Pause(50*time.Millisecond), smtptest.Reset())},
	},
	{
		name: "reset during the body", over: onlyPlain, client: session{to: []string{alice}, size: large},
		script: smtptest.Script{BodyAfter: 1000, Body: smtptest.Reset()},
	},
	{name: "closed after the dot", client: toAlice, script: smtptest.Script{Dot: smtptest.HalfClose()}},
	{name: "no reply after the dot", client: toAlice, stalls: true, script: smtptest.Script{Dot: smtptest.Silence()}},
	{name: "truncated reply “250 2.0.0 que” after the dot", client: toAlice, script: smtptest.Script{Dot: smtptest.Then(smtptest.Raw("250 2.0.0 que"), smtptest.HalfClose())}},
	{name: "truncated reply “250 queu” after the dot", client: toAlice, script: smtptest.Script{Dot: smtptest.Then(smtptest.Raw("250 queu"), smtptest.HalfClose())}},
	{
		name: "reply byte by byte past its deadline", over: onlyPlain, client: toAlice, stalls: true,
		script: smtptest.Script{Mail: smtptest.Drip("250 "+strings.Repeat("x", dripTooLong)+"\r\n", dripPause)},
	},
	{name: "line of 20000 bytes", script: smtptest.Script{EHLO: smtptest.Say("250 " + strings.Repeat("x", overlong))}},
	{name: "reply of 1500 lines", script: smtptest.Script{EHLO: smtptest.Raw(strings.Repeat("250-more\r\n", endlessly) + "250 end\r\n")}},
	{name: "bare code", client: toAlice, script: smtptest.Script{Mail: smtptest.Say("250")}},
	{name: "bare LF, bare CR, NUL and 8-bit text", client: toAlice, script: smtptest.Script{Rcpt: smtptest.Raw("250 a\x00b\rc\xff\n")}},
	{name: "unsolicited reply", stalls: true, client: toAlice, script: smtptest.Script{Mail: smtptest.Say("250 ok", "250 and another")}},
	{name: "enhanced code of another class", client: toAlice, script: smtptest.Script{Rcpt: smtptest.Say("550 4.2.1 x")}},
	{name: "RSET and QUIT failing after a delivery", client: toAlice, script: smtptest.Script{Rset: smtptest.Say("500 5.5.1 what"), Quit: smtptest.HalfClose()}},
	{name: "QUIT refused after a delivery", client: toAlice, script: smtptest.Script{Quit: smtptest.Say("500 5.5.1 what")}},
	{
		name: "greeting with a pause between its lines", over: exceptSTARTTLS,
		script: smtptest.Script{Greeting: smtptest.Then(smtptest.Say("220-wait"), smtptest.Pause(60*time.Millisecond), smtptest.Say("220 go"))},
	},
	{
		name: "password without TLS", over: onlyPlain, client: session{login: true, requireTLS: true},
		script: smtptest.Script{Extensions: offering("AUTH PLAIN"), Auth: smtptest.Say("235 2.7.0 welcome")},
	},
	{
		name: "message larger than SIZE", over: onlyPlain, client: session{to: []string{alice}, size: 6000},
		script: smtptest.Script{Extensions: offering("SIZE 5000")},
	},
	{name: "LMTP: delivery to one recipient", over: onlyPlain, client: toAlice, script: smtptest.Script{LMTP: true}},
	{name: "LMTP: delivery to two recipients", over: onlyPlain, client: toBoth, script: smtptest.Script{LMTP: true}},
	{
		name: "LMTP: one of two refused after the dot", over: onlyPlain, client: toBoth,
		script: smtptest.Script{LMTP: true, Dot: smtptest.Match("bob", smtptest.Say("552 5.2.2 full"))},
	},
	{name: "LMTP: only recipient refused after the dot", over: onlyPlain, client: toAlice, script: smtptest.Script{LMTP: true, Dot: smtptest.Say("550 5.7.1 no")}},
	{
		name: "LMTP: closed after the first of two replies", over: onlyPlain, client: toBoth,
		script: smtptest.Script{LMTP: true, Dot: smtptest.Seq(smtptest.Healthy(), smtptest.HalfClose())},
	},
	{name: "LMTP: LHLO refused", over: onlyPlain, script: smtptest.Script{LMTP: true, LHLO: smtptest.Say("550 5.7.1 not you")}},
	{name: "SMTPUTF8 needed, not offered", over: onlyPlain, client: session{to: []string{"jürgen@example.org"}}},
}

// allCases returns the cases, including generated ones.
func allCases() []scenario { return slices.Concat(cases, authRefusals(), badCodes()) }

func authRefusals() []scenario {
	replies := []string{"535 5.7.8 no", "534 5.7.9 no", "538 5.7.11 no", "454 4.7.0 no", "432 4.7.12 no", "504 5.7.4 no", "500 5.5.6 no"}
	list := make([]scenario, 0, len(replies))
	for _, reply := range replies {
		list = append(list, scenario{
			name: reply[:3] + " in AUTH", client: loginIn,
			script: smtptest.Script{Extensions: offering("AUTH PLAIN"), Auth: smtptest.Say(reply)},
		})
	}
	return list
}

func badCodes() []scenario {
	lines := []string{"2200 x", "099 x", "600 x", "+22 x", "2_0 x", ""}
	list := make([]scenario, 0, 2*len(lines))
	for _, line := range lines {
		list = append(list,
			scenario{name: "greeting “" + line + "”", over: exceptSTARTTLS, script: smtptest.Script{Greeting: smtptest.Say(line)}},
			scenario{name: "reply “" + line + "” to MAIL", client: toAlice, script: smtptest.Script{Mail: smtptest.Say(line)}},
		)
	}
	return list
}

// uncompared lists what the Python libraries cannot run, and why.
var uncompared = []string{
	"SCRAM and XOAUTH2: neither library has them",
	"MX records: neither library looks them up",
	"failures of the resolver and of the configuration: there is no session",
	"socket errors of Windows",
	"the setting `expect`: neither library has expected outcomes",
	"a host with several addresses: both libraries also try one after another",
}

var (
	shutdown = smtptest.Then(smtptest.Say("421 4.3.2 shutting down"), smtptest.HalfClose())

	exceptSTARTTLS = []transport{plain, implicit}
	withTLS        = []transport{starttls, implicit}
	onlyPlain      = []transport{plain}
	onlySTARTTLS   = []transport{starttls}
	onlyImplicit   = []transport{implicit}
)

// large is the size of a message that exceeds the socket buffers.
const large = 9 << 20

func offering(extensions ...string) []string { return extensions }

// noTLS returns no configuration: the relay does not support TLS.
func noTLS(*authorities) *tls.Config { return nil }

// askAgain sends challenges until the client cancels.
func askAgain(c *smtptest.Conn) error {
	if c.Line() == "*" {
		return smtptest.Say("501 5.5.2 cancelled")(c)
	}
	return smtptest.Say("334 VXNlcm5hbWU6")(c)
}
