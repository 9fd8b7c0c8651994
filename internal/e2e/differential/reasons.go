//go:build e2e

package differential

import (
	"slices"
	"strings"
)

// reason is why our verdict is the right one in a group of disagreements.
type reason struct {
	title string
	why   string
	of    []selector
}

// selector picks disagreements. What is empty picks all.
type selector struct {
	library string
	moments []string
	faults  []string
	cases   []string // numbers, or names
}

func (s selector) picks(library string, sc scenario) bool {
	if s.library != "" && s.library != library {
		return false
	}
	if len(s.cases) > 0 {
		return slices.ContainsFunc(s.cases, func(c string) bool { return strings.HasPrefix(sc.name+" ", c+" ") })
	}
	return sc.moment != "" &&
		(len(s.moments) == 0 || slices.Contains(s.moments, sc.moment)) &&
		(len(s.faults) == 0 || slices.Contains(s.faults, sc.fault))
}

// reasonFor is the index of the first reason that picks a disagreement, -1
// without one.
func reasonFor(library string, sc scenario) int {
	return slices.IndexFunc(reasons, func(r reason) bool {
		return slices.ContainsFunc(r.of, func(s selector) bool { return s.picks(library, sc) })
	})
}

const (
	smtplib    = "smtplib"
	aiosmtplib = "aiosmtplib"
)

// reasons is every reason that there is, in the order of the document. The
// first that picks a disagreement is its reason.
var reasons = []reason{
	{
		title: "Cleaning up replaces the cause",
		why: `
MAIL was refused, or everything worked; then RSET or QUIT went wrong. smtplib's context manager
raises what QUIT was answered, and its sendmail what an overlong reply to RSET raises; aiosmtplib's
sendmail raises the timeout of its RSET. What is raised hides the refusal, or makes a failure of a
message that was accepted. The first failure is the verdict; what cleaning up adds is in the error's
Secondary.`,
		of: []selector{
			{moments: []string{"RSET after a refusal", "QUIT after a refusal", "QUIT"}},
			{cases: []string{"44"}},
		},
	},
	{
		title: "After 535 or 421 in AUTH, another mechanism is tried",
		why: `
Both libraries go on to the next mechanism whatever AUTH was answered, and report what became of
that: a disconnect, where the relay has closed, or another refusal. The credentials were refused, or
the relay shut down; that is the verdict, with its code. Besides, each further attempt counts
against the account. We make one.`,
		of: []selector{{cases: []string{"26", "6 421 in AUTH"}}},
	},
	{
		title: "421 is not the end",
		why: `
421 means that the relay closes the connection (RFC 5321 §3.8). smtplib answers a 421 to EHLO with
HELO, aiosmtplib a 421 between two recipients with DATA, and both then report that the connection is
gone. The relay said why: that is the verdict.`,
		of: []selector{
			{cases: []string{"6 421 to EHLO", "5"}},
			{faults: []string{"shuts down (421)"}},
		},
	},
	{
		title: "Half a reply is taken for a reply",
		why: `
The connection ended within a line: what came of it is not what the relay meant to say. smtplib
takes “250 2.0.0 que” and even “250 queu” after the dot for a delivery. A reply is complete with the
end of its last line (RFC 5321 §4.2.1): this is a disconnect, and after the dot the outcome is
unknown.`,
		of: []selector{
			{faults: []string{"says half a line and closes"}},
			{cases: []string{"35"}},
		},
	},
	{
		title: "Lines of one reply with different codes",
		why: `
All lines of a reply carry one code (RFC 5321 §4.2.1). Where they do not, nobody knows what was
meant, nor whether these are two replies. Both libraries go by the last line, so that a refusal
becomes a success, or a success a refusal.`,
		of: []selector{
			{faults: []string{"mixes codes, a refusal last", "mixes codes, an acceptance last"}},
			{cases: []string{"13"}},
		},
	},
	{
		title: "A line that nobody asked for shifts every reply after it",
		why: `
The relay sent one line too many. Both libraries take it for the reply to the next command, that
command's reply for the one after it, and so on, until something does not fit: DATA gets RCPT's 250,
RSET becomes part of a message, QUIT gets DATA's 354. What they report has nothing to do with what
happened. We look before each command whether the relay has spoken already, and say so.`,
		of: []selector{
			{faults: []string{"talks on unasked"}},
			{cases: []string{"40"}},
		},
	},
	{
		title: "Plaintext that was injected behind STARTTLS' 220",
		why: `
An attacker who can write into the plaintext connection can put replies there that then count as
sent under TLS (CVE-2011-0411). smtplib drops them without a word; aiosmtplib takes them for the reply to the
EHLO under TLS. It is an attack or a broken relay; either way the session must not go on.`,
		of: []selector{{cases: []string{"20"}}},
	},
	{
		title: "HELO is tried after any answer to EHLO, and what HELO lacks is the error",
		why: `
Only a relay that does not know EHLO (500 to 504) may know HELO; one that says 550 or 451 refuses
the client, and what is not SMTP is no answer at all. Both libraries say HELO to it, then go on
without extensions, or report that STARTTLS or AUTH is not offered. The refusal of EHLO is the
verdict, with its code. LMTP has no HELO at all (RFC 2033 §4.1).`,
		of: []selector{
			{moments: []string{"EHLO", "EHLO after STARTTLS"}, faults: []string{
				"answers with the wrong digit", "refuses for now (451)", "refuses for good (550)", "talks garbage",
			}},
			{cases: []string{"12", "LMTP: LHLO is refused"}},
		},
	},
	{
		title: "A code that the relay did not send",
		why: `
A line of more than 8192 bytes ends the session in all three clients. The libraries give their
exception the code 500, as if the relay had said so. No reply decided, so we give no code.`,
		of: []selector{
			{faults: []string{"sends a line of 20000 bytes"}},
			{cases: []string{"37 a line"}},
		},
	},
	{
		title: "A reply without end",
		why: `
Neither library bounds how many lines a reply has: a relay that never stops fills the memory, and no
timeout helps, since something arrives all the time. We stop at 1000 lines or 64 KiB.`,
		of: []selector{
			{faults: []string{"sends a reply of 1500 lines"}},
			{cases: []string{"37 a reply"}},
		},
	},
	{
		title: "A reply that drips",
		why: `
smtplib's timeout is that of the socket and begins again with each byte. A relay that sends a byte
every now and then keeps the client for as long as it likes. Ours is a timeout of the whole reply.`,
		of: []selector{{cases: []string{"36"}}},
	},
	{
		title: "What is no reply code",
		why: `
Both libraries give the first three bytes to int(), which takes “+22” and “2_0”, and do not look at
the fourth, nor whether the first is one of 2 to 5 (RFC 5321 §4.2). “2200” greets them; the others
become refusals with a code that nobody sent.`,
		of: []selector{{cases: []string{"39"}}},
	},
	{
		title: "Any 2xx accepts",
		why: `
A client has to go by the first digit of a code that it does not know (RFC 5321 §4.3.2). Both
libraries want 250 after the dot and 250 or 251 to RCPT, and report a refusal of what was accepted.
The relay has the message, and a client that believes the exception sends it again.`,
		of: []selector{{cases: []string{"4", "10"}}},
	},
	{
		title: "503 in AUTH is no success",
		why: `
smtplib takes 503 to AUTH for “already authenticated”. 503 is a bad sequence of commands, for
whatever reason (RFC 4954 §4); only where this session has authenticated before can it mean that.
The relay has not accepted these credentials.`,
		of: []selector{{cases: []string{"29"}}},
	},
	{
		title: "A challenge that cannot be read is answered",
		why: `
The relay's challenge is no base64. Both libraries make something of it all the same, send a digest
of that, and report that the credentials were refused. The credentials may well be right: the relay
broke the protocol. We cancel the exchange, as RFC 4954 §4 has it.`,
		of: []selector{{cases: []string{"28 a challenge"}}},
	},
	{
		title: "Challenges without end",
		why: `
smtplib gives up after five challenges without cancelling the exchange, so that the relay takes its
QUIT for a response, and the answer to that hides the cause. We cancel, then quit.`,
		of: []selector{{cases: []string{"28 challenges"}}},
	},
	{
		title: "TLS that fails is shown as a lost connection",
		why: `
With TLS 1.3 a relay's demand for a client certificate shows on the first read after the handshake,
where both libraries report a lost connection; only the text has the alert. A handshake that breaks
off after STARTTLS is ConnectionResetError or SMTPServerDisconnected. TLS failed, and what to do is
about TLS.`,
		of: []selector{{cases: []string{"21", "23"}}},
	},
	{
		title: "A TLS alert is waited out",
		why: `
The port speaks TLS and says so by an alert (0x15 0x03). Both libraries wait for the end of a line
until their timeout. The first bytes tell, and the verdict is that this is no plaintext port.`,
		of: []selector{{cases: []string{"15"}}},
	},
	{
		title: "A refusal that came before the connection broke",
		why: `
The relay said 552 while the message was still being written, then reset the connection. smtplib
reports that writing failed; the reply was there to be read. A reply that has arrived is the
verdict.`,
		of: []selector{{cases: []string{"33"}}},
	},
	{
		title: "LMTP has a reply for each recipient",
		why: `
After the dot an LMTP server answers once for each accepted recipient (RFC 2033 §4.2). smtplib.LMTP
reads one of these replies. The second it takes for the answer to QUIT, so that a delivery to two is a
failure and a refusal of the second has no recipient; if the second never comes, that is a success. A
refusal of the only recipient is SMTPDataError, though it is the recipient that was refused.`,
		of: []selector{{cases: []string{"LMTP:"}}},
	},
	{
		title: "What is not offered has no class of its own",
		why: `
aiosmtplib raises its base class, SMTPException, where STARTTLS, AUTH or a common mechanism is not
offered, and smtplib for the mechanism; all that tells it from any other error is the text. It is
what SMTPNotSupported means.`,
		of: []selector{
			{cases: []string{"11 AUTH", "11 STARTTLS", "19", "27"}},
		},
	},
	{
		title: "What is no refusal is reported as one",
		why: `
A 354 as greeting or to RCPT refuses nothing: the relay broke the protocol. aiosmtplib has
SMTPResponseException for that elsewhere; here it raises SMTPConnectError or SMTPRecipientsRefused,
which are not derived from it.`,
		of: []selector{
			{library: aiosmtplib, moments: []string{"greeting", "RCPT"}, faults: []string{"answers with the wrong digit"}},
		},
	},
	{
		title: "A password in the clear",
		why: `
Both libraries send a password over a connection without TLS if the relay offers AUTH there. We do
not, unless auth_cleartext says so.`,
		of: []selector{{cases: []string{"47"}}},
	},
	{
		title: "A message that is too large is sent",
		why: `
The relay said how much it takes (SIZE, RFC 1870). Both libraries do not compare, so it depends on
the relay whether it looks at MAIL's SIZE=. This one does not, and the message is accepted; most
would refuse it after all of it was sent.`,
		of: []selector{{cases: []string{"the message is larger than the SIZE offered"}}},
	},
}
