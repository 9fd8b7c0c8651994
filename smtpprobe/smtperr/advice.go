package smtperr

import (
	"strconv"
	"strings"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/escape"
)

// maxQuoted bounds how much of a reply is quoted in advice, in bytes.
const maxQuoted = 120

// Advice returns one line for the party named by [Error.Fault]: what to do next. If
// the reply gives no reason, the advice quotes it instead of guessing.
func (e *Error) Advice() string {
	if e.Unchecked != "" {
		return "The " + e.Unchecked + " could not be made. " + e.specificAdvice()
	}
	return e.specificAdvice()
}

// specificAdvice returns the advice for class, reason and phase together, or else that of
// the reason, or else that of the class.
func (e *Error) specificAdvice() string {
	for _, key := range []adviceKey{{e.Class, e.Reason, e.Phase}, {e.Class, e.Reason, ""}} {
		if advice, ok := adviceFor[key]; ok {
			return advice
		}
	}
	advice := e.Reason.Advice()
	switch {
	case e.Reason == ReasonAuthCredentialsInvalid && provesPassword(e.mechanism):
		return "Check username and password; if they are correct, set auth_mechanism = \"PLAIN\": the relay may not store what " + e.mechanism + " needs."
	case e.Reply != nil && e.Reason == ReasonExpired:
		return "Check the relay's queue: the message was in it for too long."
	case e.Reply != nil && (e.Reason == ReasonRefused || e.Reason == ""):
		return e.quoteReply()
	case advice == "", e.Reason == ReasonRefused:
		return e.Class.row().advice
	}
	return advice
}

// quoteReply returns the advice for a reply without a known reason.
func (e *Error) quoteReply() string {
	if text := strings.Join(e.Reply.Lines, " "); text != "" {
		return `Look in the relay's log for the cause of its reply "` + escape.Text(strconv.Itoa(e.Reply.Code)+" "+text, maxQuoted) + `".`
	}
	return "Look in the relay's log for the cause of its reply " + strconv.Itoa(e.Reply.Code) + ", which has no text."
}

// provesPassword reports whether the server needs the password itself, or a hash for
// this mechanism, to verify the client's proof.
func provesPassword(mechanism string) bool {
	switch mechanism {
	case "CRAM-MD5", "SCRAM-SHA-1", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-256", "SCRAM-SHA-256-PLUS":
		return true
	}
	return false
}

// adviceKey is a reason in a class. An empty phase stands for any phase.
type adviceKey struct {
	class  Class
	reason Reason
	phase  Phase
}

// adviceFor has the advice for reasons whose remedy depends on the class or phase.
var adviceFor = map[adviceKey]string{
	{ClassConnectError, ReasonRefused, ""}:            "Start the relay, or correct the port: nothing listens there, or a firewall rejects the connection.",
	{ClassConnectError, ReasonNotFound, ""}:           "Correct the path of the unix socket, or start the relay.",
	{ClassConnectError, ReasonReset, ""}:              "Find the firewall that resets connections, or the proxy whose relay is down.",
	{ClassConnectError, ReasonClosed, ""}:             "Find the proxy whose relay is down.",
	{ClassTLSError, ReasonClosed, ""}:                 "Check the relay's certificate, key and log: it closed the connection during the handshake.",
	{ClassTLSError, ReasonReset, ""}:                  "Find the firewall that resets the connection during the handshake; if it drops large handshakes, set GODEBUG=tlsmlkem=0.",
	{ClassNotSupported, ReasonMessageTooLarge, ""}:    "Lower message_size: the message is larger than the SIZE that the relay offers.",
	{ClassDNSNotFound, ReasonNullMX, ""}:              "Correct the domain in servers: it accepts no mail (RFC 7505).",
	{ClassHeloRefused, ReasonRateLimited, ""}:         "Raise the interval, or exempt the prober's address from the relay's connection limits.",
	{ClassAuthFailed, ReasonRateLimited, ""}:          "Raise the interval, or exempt the prober's address from the relay's limit of logins.",
	{ClassStartTLSRefused, ReasonRateLimited, ""}:     "Raise the interval, or exempt the prober's address from the relay's limit of TLS sessions.",
	{ClassAuthFailed, ReasonNotAuthorized, ""}:        "Allow the account in username to log in over SMTP from the prober's address.",
	{ClassDisconnected, ReasonReset, PhaseEHLO}:       "Find in the relay's log why it reset the connection; after STARTTLS it may limit new TLS sessions.",
	{ClassDisconnected, ReasonClosed, PhaseEHLO}:      "Find in the relay's log why it closed the connection; after STARTTLS it may limit new TLS sessions.",
	{ClassReadTimeout, ReasonNoReply, PhaseAuth}:      "Check the relay's authentication service; relays also delay replies after failed logins.",
	{ClassReadTimeout, ReasonSlowReply, PhaseAuth}:    "Check the relay's authentication service; relays also delay replies after failed logins.",
	{ClassProtocolError, ReasonStartTLSInjection, ""}: "Look for an attacker or a broken proxy: plaintext followed the reply to STARTTLS (CVE-2011-0411).",
}
