//go:build e2e

package differential

import (
	"slices"
	"strings"
)

// reason explains our verdict in a group of disagreements.
type reason struct {
	title string
	why   string
	of    []selector
}

// selector selects disagreements. An empty field selects all.
type selector struct {
	library string
	events  []string
	faults  []string
	cases   []string // prefixes of names
}

func (s selector) selects(library string, sc scenario) bool {
	if s.library != "" && s.library != library {
		return false
	}
	if len(s.cases) > 0 {
		return slices.ContainsFunc(s.cases, func(c string) bool { return strings.HasPrefix(sc.name, c) })
	}
	return sc.event != "" &&
		(len(s.events) == 0 || slices.Contains(s.events, sc.event)) &&
		(len(s.faults) == 0 || slices.Contains(s.faults, sc.fault))
}

// reasonFor returns the index of the first reason that selects a disagreement, or
// -1.
func reasonFor(library string, sc scenario) int {
	return slices.IndexFunc(reasons, func(r reason) bool {
		return slices.ContainsFunc(r.of, func(s selector) bool { return s.selects(library, sc) })
	})
}

const (
	smtplib    = "smtplib"
	aiosmtplib = "aiosmtplib"
)

// reasons lists the reasons in the order of the document. The first that selects a
// disagreement applies.
var reasons = []reason{
	{
		title: "Cleanup hides the cause",
		why: `
MAIL was refused, or everything succeeded; then RSET or QUIT failed. smtplib's context manager raises
the reply to QUIT, and its sendmail raises an overlong reply to RSET; aiosmtplib's sendmail raises the
timeout of its RSET. That exception hides the refusal, or reports a failure for a message that was
accepted. For smtpprobe the first failure is the verdict; failures of the cleanup are in the error's
Secondary.`,
		of: []selector{
			{events: []string{"RSET after a refusal", "QUIT after a refusal", "QUIT"}},
			{cases: []string{"RSET and QUIT failing after a delivery", "QUIT refused after a delivery"}},
		},
	},
	{
		title: "Another mechanism is tried after 535 or 421 to AUTH",
		why: `
Both libraries try the next mechanism whatever the reply to AUTH was, and report the result of that
attempt: a disconnect if the relay has closed the connection, or another refusal. The relay refused
the credentials, or shut down; that is the verdict, with its code. Each further attempt also counts
against the account. smtpprobe makes one attempt.`,
		of: []selector{{cases: []string{"535 to AUTH, then", "421 in AUTH"}}},
	},
	{
		title: "The session continues after 421",
		why: `
421 means that the relay closes the connection (RFC 5321 §3.8). smtplib answers a 421 to EHLO with
HELO, aiosmtplib a 421 between two recipients with DATA, and both then report a lost connection.
The 421 is the verdict.`,
		of: []selector{
			{cases: []string{"421 to EHLO", "421 between two recipients"}},
			{faults: []string{"shuts down (421)"}},
		},
	},
	{
		title: "An incomplete reply is accepted",
		why: `
The connection ended within a line. smtplib takes “250 2.0.0 que” and even “250 queu” after the final
dot for a delivery. A reply is complete at the end of its last line (RFC 5321 §4.2.1): this is a
disconnect, and after the final dot the outcome is unknown.`,
		of: []selector{
			{faults: []string{"sends half a line and closes"}},
			{cases: []string{"truncated reply"}},
		},
	},
	{
		title: "One reply has lines with different codes",
		why: `
All lines of a reply have the same code (RFC 5321 §4.2.1). If they differ, the meaning is unknown, and
these may be two replies. Both libraries use the last line, so that a refusal becomes a success, or a
success a refusal.`,
		of: []selector{
			{faults: []string{"mixes codes, refusal last", "mixes codes, acceptance last"}},
			{cases: []string{"different codes in the EHLO reply"}},
		},
	},
	{
		title: "An unsolicited reply shifts all later replies",
		why: `
The relay sent one reply too many. Both libraries take it for the reply to the next command, that
command's reply for the one after it, and so on, until a reply does not fit: DATA gets the 250 of RCPT,
RSET becomes part of a message, QUIT gets the 354 of DATA. The reported error is unrelated to the
fault. smtpprobe checks for an unsolicited reply before each command, and reports it.`,
		of: []selector{
			{faults: []string{"sends an unsolicited reply"}},
			{cases: []string{"unsolicited reply"}},
		},
	},
	{
		title: "Plaintext injected after the STARTTLS reply",
		why: `
An attacker who can write into the plaintext connection can put replies there that then count as
sent under TLS (CVE-2011-0411). smtplib silently drops them; aiosmtplib takes them for the reply to the
EHLO under TLS. It is an attack or a broken relay; either way the session must not go on.`,
		of: []selector{{cases: []string{"injection after the STARTTLS reply"}}},
	},
	{
		title: "HELO is tried after any reply to EHLO",
		why: `
Only a relay that does not implement EHLO (500 to 504) may accept HELO; a 550 or 451 refuses the
client, and a line that is not SMTP is not a reply. Both libraries send HELO all the same, then continue
without extensions, or report that STARTTLS or AUTH is not offered. The refusal of EHLO is the verdict,
with its code. LMTP does not have HELO (RFC 2033 §4.1).`,
		of: []selector{
			{events: []string{"EHLO", "EHLO after STARTTLS"}, faults: []string{
				"replies with the wrong first digit", "refuses temporarily (451)", "refuses permanently (550)", "sends invalid bytes",
			}},
			{cases: []string{"EHLO refused, HELO accepted", "EHLO and HELO refused", "LMTP: LHLO refused"}},
		},
	},
	{
		title: "A reply code that the relay did not send",
		why: `
A line of more than 8192 bytes ends the session in all three clients. The libraries give their
exception the code 500, which the relay did not send. smtpprobe gives no code, because no reply decided
the verdict.`,
		of: []selector{
			{faults: []string{"sends a line of 20000 bytes"}},
			{cases: []string{"line of 20000 bytes"}},
		},
	},
	{
		title: "An endless reply",
		why: `
Neither library limits the number of lines of a reply: a relay that never stops fills the memory, and
the timeout does not apply, because data keeps arriving. smtpprobe stops after 1000 lines or 64 KiB.`,
		of: []selector{
			{faults: []string{"sends a reply of 1500 lines"}},
			{cases: []string{"reply of 1500 lines"}},
		},
	},
	{
		title: "A reply that arrives byte by byte",
		why: `
smtplib's timeout is that of the socket and begins again with each byte. A relay that sends a byte
from time to time blocks the client for as long as it wants. smtpprobe has a timeout for the whole reply.`,
		of: []selector{{cases: []string{"reply byte by byte"}}},
	},
	{
		title: "Invalid reply codes",
		why: `
Both libraries pass the first three bytes to int(), which accepts “+22” and “2_0”. They check neither
the fourth byte nor that the first digit is 2 to 5 (RFC 5321 §4.2). They accept “2200” as a greeting;
the others become refusals with a code that the relay did not send.`,
		of: []selector{{cases: []string{"greeting “", "reply “"}}},
	},
	{
		title: "Any 2xx is an acceptance",
		why: `
A client has to act on the first digit of a code that it does not know (RFC 5321 §4.3.2). Both
libraries want 250 after the dot and 250 or 251 to RCPT, and report a refusal although the relay accepted.
The relay has the message, and a client that believes the exception sends it again.`,
		of: []selector{{cases: []string{"251 to RCPT", "252 to RCPT", "251 after the dot"}}},
	},
	{
		title: "503 to AUTH is not a success",
		why: `
smtplib takes 503 to AUTH for “already authenticated”. 503 is a bad sequence of commands, for any
reason (RFC 4954 §4); it can have that meaning only in a session that has already authenticated. The
relay has not accepted these credentials.`,
		of: []selector{{cases: []string{"503 to AUTH"}}},
	},
	{
		title: "An invalid challenge is answered",
		why: `
The relay's challenge is not valid base64. Both libraries decode it anyway, send a digest of the
result, and report that the credentials were refused. The credentials may be right: the relay violated
the protocol. smtpprobe cancels the exchange, as RFC 4954 §4 requires.`,
		of: []selector{{cases: []string{"invalid base64 in a challenge"}}},
	},
	{
		title: "Endless challenges",
		why: `
smtplib gives up after five challenges without canceling the exchange. The relay then takes QUIT for a
response, and its reply to that hides the cause. smtpprobe cancels, then quits.`,
		of: []selector{{cases: []string{"endless challenges"}}},
	},
	{
		title: "A TLS failure is reported as a lost connection",
		why: `
With TLS 1.3 the relay's request for a client certificate fails at the first read after the handshake,
where both libraries report a lost connection; only the text names the alert. A handshake that is aborted
after STARTTLS is ConnectionResetError or SMTPServerDisconnected. TLS failed, and the fix is in the
TLS configuration.`,
		of: []selector{{cases: []string{
			"closed after the STARTTLS reply", "reset after the STARTTLS reply", "stalled handshake", "client certificate required",
		}}},
	},
	{
		title: "A TLS alert is not recognized",
		why: `
The port expects TLS and sends an alert (0x15 0x03). Both libraries wait for the end of a line until
their timeout. smtpprobe recognizes the first bytes and reports that this is not a plaintext port.`,
		of: []selector{{cases: []string{"TLS alert on a plaintext port"}}},
	},
	{
		title: "A refusal arrives before the connection breaks",
		why: `
The relay sent 552 while the message was still being written, then reset the connection. smtplib
reports that writing failed, although the reply had arrived. A reply that has arrived is the verdict.`,
		of: []selector{{cases: []string{"552 and a reset during the body", "reset during the body"}}},
	},
	{
		title: "LMTP sends a reply for each recipient",
		why: `
After the final dot an LMTP server sends one reply for each accepted recipient (RFC 2033 §4.2).
smtplib.LMTP reads one of them. It takes the second for the reply to QUIT, so that a delivery to two
recipients is a failure and a refusal of the second does not name the recipient; if the second never
arrives, the delivery is a success. A refusal of the only recipient is SMTPDataError instead of a
refused recipient.`,
		of: []selector{{cases: []string{"LMTP:"}}},
	},
	{
		title: "A missing extension has no class of its own",
		why: `
aiosmtplib raises its base class, SMTPException, if STARTTLS, AUTH or a common mechanism is not
offered, and smtplib does for the mechanism; only the text distinguishes it from any other error.
SMTPNotSupported is the class for it.`,
		of: []selector{
			{cases: []string{
				"AUTH with HELO only", "STARTTLS with HELO only", "STARTTLS not offered", "AUTH not offered", "no common mechanism",
			}},
		},
	},
	{
		title: "A protocol error is reported as a refusal",
		why: `
A 354 as greeting or to RCPT is not a refusal: the relay violated the protocol. aiosmtplib has
SMTPResponseException for that elsewhere; here it raises SMTPConnectError or SMTPRecipientsRefused,
which are not derived from it.`,
		of: []selector{
			{library: aiosmtplib, events: []string{"greeting", "RCPT"}, faults: []string{"replies with the wrong first digit"}},
		},
	},
	{
		title: "A password is sent without TLS",
		why: `
Both libraries send a password over a connection without TLS if the relay offers AUTH there. smtpprobe
does not, unless auth_cleartext is set.`,
		of: []selector{{cases: []string{"password without TLS"}}},
	},
	{
		title: "A message is larger than SIZE",
		why: `
The relay announced its limit (SIZE, RFC 1870). The libraries do not compare the size, so the result
depends on whether the relay checks the SIZE= of MAIL. This relay does not, and accepts the message; most relays
would refuse it after all of it was sent.`,
		of: []selector{{cases: []string{"message larger than SIZE"}}},
	},
}
