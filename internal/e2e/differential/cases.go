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

// cases are the numbered test cases that the Python libraries can run, and a
// few more. See uncompared for the others.
var cases = []scenario{
	{
		name: "1 one of two recipients is unknown", does: toBoth,
		script: smtptest.Script{Rcpt: smtptest.Seq(smtptest.Healthy(), smtptest.Say("550 5.1.1 no such user"))},
	},
	{name: "2 all recipients are refused by policy", does: toBoth, script: smtptest.Script{Rcpt: smtptest.Say("550 5.7.1 go away")}},
	{name: "2 relaying is denied", does: toAlice, script: smtptest.Script{Rcpt: smtptest.Say("554 5.7.1 Relay access denied")}},
	{
		name: "3 one recipient is refused permanently, one temporarily", does: toBoth,
		script: smtptest.Script{Rcpt: smtptest.Seq(smtptest.Say("550 5.1.1 no"), smtptest.Say("450 4.2.1 later"))},
	},
	{name: "4 reply 251 to RCPT", does: toAlice, script: smtptest.Script{Rcpt: smtptest.Say("251 will forward")}},
	{name: "4 reply 252 to RCPT", does: toAlice, script: smtptest.Script{Rcpt: smtptest.Say("252 will try")}},
	{
		name: "5 the relay shuts down between two recipients", does: toBoth,
		script: smtptest.Script{Rcpt: smtptest.Seq(smtptest.Healthy(), shutdown)},
	},
	{name: "6 421 in the greeting", over: untilTLS, script: smtptest.Script{Greeting: shutdown}},
	{name: "6 421 to EHLO", script: smtptest.Script{EHLO: shutdown}},
	{name: "6 421 to STARTTLS", over: onlySTARTTLS, script: smtptest.Script{StartTLS: shutdown}},
	{name: "6 421 in AUTH", does: loginIn, script: smtptest.Script{Extensions: offering("AUTH PLAIN LOGIN"), Auth: shutdown}},
	{name: "6 421 to MAIL", does: toAlice, script: smtptest.Script{Mail: shutdown}},
	{name: "6 421 to DATA", does: toAlice, script: smtptest.Script{Data: shutdown}},
	{name: "6 421 after the dot", does: toAlice, script: smtptest.Script{Dot: shutdown}},
	{name: "7 a shutdown notice after the reply to MAIL", does: toAlice, script: smtptest.Script{Mail: smtptest.Say("250 ok", "421 4.4.2 timeout exceeded")}},
	{name: "8 reply 250 to DATA", does: toAlice, script: smtptest.Script{Data: smtptest.Say("250 ok")}},
	{name: "9 DATA is refused, 503", does: toAlice, script: smtptest.Script{Data: smtptest.Say("503 5.5.1 no valid recipients")}},
	{name: "9 DATA is refused, 554", does: toAlice, script: smtptest.Script{Data: smtptest.Say("554 5.5.1 no valid recipients")}},
	{name: "10 reply 251 to the final dot", does: toAlice, script: smtptest.Script{Dot: smtptest.Say("251 2.6.0 ok")}},
	{name: "11 a relay with HELO only", over: untilTLS, script: smtptest.Script{EHLO: smtptest.Say("502 5.5.1 not implemented")}},
	{name: "11 STARTTLS at a relay with HELO only", over: onlySTARTTLS, script: smtptest.Script{EHLO: smtptest.Say("500 5.5.1 what")}},
	{name: "11 AUTH at a relay with HELO only", over: untilTLS, does: loginIn, script: smtptest.Script{EHLO: smtptest.Say("504 5.5.1 what")}},
	{name: "12 EHLO is refused, HELO is accepted", script: smtptest.Script{EHLO: smtptest.Say("550 5.7.1 not you")}},
	{name: "12 EHLO and HELO are refused", script: smtptest.Script{EHLO: smtptest.Say("550 5.7.1 not you"), HELO: smtptest.Say("550 5.7.1 not you")}},
	{name: "13 the lines of the EHLO reply have different codes", script: smtptest.Script{EHLO: smtptest.Say("250-a", "550 b")}},
	{name: "14 an HTTP server", over: onlyPlain, script: smtptest.Script{Greeting: smtptest.Say("HTTP/1.1 400 Bad Request", "")}},
	{name: "14 an SSH server", over: onlyPlain, script: smtptest.Script{Greeting: smtptest.Say("SSH-2.0-OpenSSH_9.2")}},
	{
		name: "15 a TLS alert on a plaintext port", over: onlyPlain, impatient: true,
		script: smtptest.Script{Greeting: smtptest.Then(smtptest.Raw("\x15\x03\x01\x00\x02\x02\x46"), smtptest.Silence())},
	},
	{name: "16 silence instead of a greeting", over: untilTLS, impatient: true, script: smtptest.Script{Greeting: smtptest.Silence()}},
	{name: "17 implicit TLS to a plaintext port", over: onlyImplicit, server: noTLS},
	{name: "18 STARTTLS is temporarily unavailable", over: onlySTARTTLS, script: smtptest.Script{StartTLS: smtptest.Say("454 4.7.0 TLS not available")}},
	{name: "19 STARTTLS is not offered", over: onlySTARTTLS, server: noTLS},
	{
		name: "20 bytes are injected after the STARTTLS reply", over: onlySTARTTLS, impatient: true, does: toAlice,
		script: smtptest.Script{StartTLS: smtptest.Say("220 go", "250 evil")},
	},
	{name: "21 the relay closes after the STARTTLS reply", over: onlySTARTTLS, script: smtptest.Script{Handshake: smtptest.HalfClose()}},
	{name: "21 the relay resets after the STARTTLS reply", over: onlySTARTTLS, script: smtptest.Script{Handshake: smtptest.Then(smtptest.Pause(resetPause), smtptest.Reset())}},
	{name: "21 the handshake stalls", over: withTLS, impatient: true, script: smtptest.Script{Handshake: smtptest.Silence()}},
	{name: "22 the certificate has expired", over: withTLS, server: issued(certs.Expired(certs.For(host)))},
	{name: "22 the certificate is not yet valid", over: withTLS, server: issued(certs.NotYetValid(certs.For(host)))},
	{name: "22 the certificate is for another host", over: withTLS, server: issued(certs.For("other.test"))},
	{name: "22 the certificate is from an unknown CA", over: withTLS, server: ofStranger},
	{name: "22 the certificate is self-signed", over: withTLS, server: selfSigned},
	{name: "23 the relay requires a client certificate, TLS 1.2", over: withTLS, server: demanding(tls.VersionTLS12)},
	{name: "23 the relay requires a client certificate, TLS 1.3", over: withTLS, server: demanding(tls.VersionTLS13)},
	{name: "25 MAIL requires TLS", over: onlyPlain, does: toAlice, script: smtptest.Script{Mail: smtptest.Say("530 5.7.0 Must issue a STARTTLS command first")}},
	{name: "25 MAIL requires AUTH", over: withTLS, does: toAlice, script: smtptest.Script{Mail: smtptest.Say("530 5.7.0 Authentication required")}},
	{
		name: "26 AUTH is refused and the relay closes", does: loginIn,
		script: smtptest.Script{Extensions: offering("AUTH PLAIN LOGIN"), Auth: smtptest.Then(smtptest.Say("535 5.7.8 bad credentials"), smtptest.HalfClose())},
	},
	{
		name: "26 AUTH is refused, and a second mechanism gets another refusal", does: loginIn,
		script: smtptest.Script{
			Extensions: offering("AUTH PLAIN LOGIN"),
			Auth:       smtptest.Seq(smtptest.Say("535 5.7.8 bad credentials"), smtptest.Say("454 4.7.0 too many attempts")),
		},
	},
	{name: "27 AUTH is not offered", does: loginIn},
	{name: "27 no mechanism in common", does: loginIn, script: smtptest.Script{Extensions: offering("AUTH GSSAPI")}},
	{
		name: "28 a challenge that is not base64", does: loginIn,
		script: smtptest.Script{Extensions: offering("AUTH CRAM-MD5"), Auth: smtptest.Say("334 %%%"), AuthResponse: smtptest.Say("501 5.5.2 cancelled")},
	},
	{
		name: "28 endless challenges", does: loginIn,
		script: smtptest.Script{Extensions: offering("AUTH LOGIN"), Auth: smtptest.Say("334 VXNlcm5hbWU6"), AuthResponse: askAgain},
	},
	{
		name: "29 the relay claims that AUTH is done", does: loginIn,
		script: smtptest.Script{Extensions: offering("AUTH PLAIN"), Auth: smtptest.Say("503 5.5.1 already authenticated")},
	},
	{name: "31 the greeting is a refusal", over: untilTLS, script: smtptest.Script{Greeting: smtptest.Say("554 5.7.1 no")}},
	{name: "31 a host that does not accept mail", over: untilTLS, script: smtptest.Script{Greeting: smtptest.Say("521 does not accept mail")}},
	{
		name: "33 a refusal while the body is written, then a reset", over: onlyPlain, does: session{to: []string{alice}, size: large},
		script: smtptest.Script{BodyAfter: 1000, Body: smtptest.Then(smtptest.Say("552 5.3.4 too big"), smtptest.Pause(50*time.Millisecond), smtptest.Reset())},
	},
	{
		name: "33 a reset while the body is written", over: onlyPlain, does: session{to: []string{alice}, size: large},
		script: smtptest.Script{BodyAfter: 1000, Body: smtptest.Reset()},
	},
	{name: "34 the connection ends after the dot", does: toAlice, script: smtptest.Script{Dot: smtptest.HalfClose()}},
	{name: "34 silence after the dot", does: toAlice, impatient: true, script: smtptest.Script{Dot: smtptest.Silence()}},
	{name: "35 half a reply to the final dot", does: toAlice, script: smtptest.Script{Dot: smtptest.Then(smtptest.Raw("250 2.0.0 que"), smtptest.HalfClose())}},
	{name: "35 less than half a reply to the final dot", does: toAlice, script: smtptest.Script{Dot: smtptest.Then(smtptest.Raw("250 queu"), smtptest.HalfClose())}},
	{
		name: "36 a reply arrives byte by byte past its deadline", over: onlyPlain, does: toAlice, impatient: true,
		script: smtptest.Script{Mail: smtptest.Drip("250 "+strings.Repeat("x", dripTooLong)+"\r\n", dripPause)},
	},
	{name: "37 a line of 20000 bytes", script: smtptest.Script{EHLO: smtptest.Say("250 " + strings.Repeat("x", overlong))}},
	{name: "37 a reply of 1500 lines", script: smtptest.Script{EHLO: smtptest.Raw(strings.Repeat("250-more\r\n", endlessly) + "250 end\r\n")}},
	{name: "38 a bare code", does: toAlice, script: smtptest.Script{Mail: smtptest.Say("250")}},
	{name: "38 a bare LF, a bare CR, NUL and 8-bit text", does: toAlice, script: smtptest.Script{Rcpt: smtptest.Raw("250 a\x00b\rc\xff\n")}},
	{name: "40 an unsolicited reply while idle", impatient: true, does: toAlice, script: smtptest.Script{Mail: smtptest.Say("250 ok", "250 and another")}},
	{name: "41 an enhanced code of another class", does: toAlice, script: smtptest.Script{Rcpt: smtptest.Say("550 4.2.1 x")}},
	{name: "44 RSET and QUIT fail after a delivery", does: toAlice, script: smtptest.Script{Rset: smtptest.Say("500 5.5.1 what"), Quit: smtptest.HalfClose()}},
	{name: "44 QUIT is refused after a delivery", does: toAlice, script: smtptest.Script{Quit: smtptest.Say("500 5.5.1 what")}},
	{
		name: "46 a greeting with a pause between its lines", over: untilTLS,
		script: smtptest.Script{Greeting: smtptest.Then(smtptest.Say("220-wait"), smtptest.Pause(60*time.Millisecond), smtptest.Say("220 go"))},
	},
	{
		name: "47 a password without TLS", over: onlyPlain, does: session{login: true, secretive: true},
		script: smtptest.Script{Extensions: offering("AUTH PLAIN"), Auth: smtptest.Say("235 2.7.0 welcome")},
	},
	{
		name: "the message is larger than the SIZE offered", over: onlyPlain, does: session{to: []string{alice}, size: 6000},
		script: smtptest.Script{Extensions: offering("SIZE 5000")},
	},
	{name: "LMTP: delivered to one", over: onlyPlain, does: toAlice, script: smtptest.Script{LMTP: true}},
	{name: "LMTP: delivered to two", over: onlyPlain, does: toBoth, script: smtptest.Script{LMTP: true}},
	{
		name: "LMTP: one of two is refused after the dot", over: onlyPlain, does: toBoth,
		script: smtptest.Script{LMTP: true, Dot: smtptest.Match("bob", smtptest.Say("552 5.2.2 full"))},
	},
	{name: "LMTP: the only one is refused after the dot", over: onlyPlain, does: toAlice, script: smtptest.Script{LMTP: true, Dot: smtptest.Say("550 5.7.1 no")}},
	{
		name: "LMTP: the connection ends after the first of two replies", over: onlyPlain, does: toBoth,
		script: smtptest.Script{LMTP: true, Dot: smtptest.Seq(smtptest.Healthy(), smtptest.HalfClose())},
	},
	{name: "LMTP: LHLO is refused", over: onlyPlain, script: smtptest.Script{LMTP: true, LHLO: smtptest.Say("550 5.7.1 not you")}},
	{name: "SMTPUTF8 is needed and not offered", over: onlyPlain, does: session{to: []string{"jürgen@example.org"}}},
}

// taxonomy returns all cases.
func taxonomy() []scenario { return slices.Concat(cases, authRefusals(), badCodes()) }

func authRefusals() []scenario {
	replies := []string{"535 5.7.8 no", "534 5.7.9 no", "538 5.7.11 no", "454 4.7.0 no", "432 4.7.12 no", "504 5.7.4 no", "500 5.5.6 no"}
	list := make([]scenario, 0, len(replies))
	for _, reply := range replies {
		list = append(list, scenario{
			name: "24 AUTH gets " + reply[:3], does: loginIn,
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
			scenario{name: "39 the greeting “" + line + "”", over: untilTLS, script: smtptest.Script{Greeting: smtptest.Say(line)}},
			scenario{name: "39 the reply to MAIL “" + line + "”", does: toAlice, script: smtptest.Script{Mail: smtptest.Say(line)}},
		)
	}
	return list
}

// uncompared lists the cases that the Python libraries cannot run, and why.
var uncompared = []struct {
	numbers []int
	why     string
}{
	{[]int{30}, "neither library has SCRAM"},
	{[]int{32}, "neither library looks up MX records"},
	{[]int{42, 43}, "no session: the resolver or the configuration fails before a connection"},
	{[]int{45}, "Windows' socket errors do not occur here"},
	{[]int{48}, "neither library has XOAUTH2"},
	{[]int{49}, "neither library has expected outcomes"},
	{[]int{50}, "needs a name with several addresses; both libraries also try one after the other"},
}

var (
	shutdown = smtptest.Then(smtptest.Say("421 4.3.2 shutting down"), smtptest.HalfClose())

	untilTLS     = []transport{plain, implicit}
	withTLS      = []transport{starttls, implicit}
	onlyPlain    = []transport{plain}
	onlySTARTTLS = []transport{starttls}
	onlyImplicit = []transport{implicit}
)

// large is the size of a message that does not fit into the socket buffers.
const large = 9 << 20

func offering(extensions ...string) []string { return extensions }

// noTLS is a relay without TLS.
func noTLS(*authorities) *tls.Config { return nil }

// askAgain sends challenges until the client cancels.
func askAgain(c *smtptest.Conn) error {
	if c.Line() == "*" {
		return smtptest.Say("501 5.5.2 cancelled")(c)
	}
	return smtptest.Say("334 VXNlcm5hbWU6")(c)
}
