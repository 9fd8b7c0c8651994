package smtperr

import (
	"strconv"
	"strings"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/escape"
)

// maxShown is how much of a reply advice shows, in bytes.
const maxShown = 120

// Advice returns the likely cause and what to do, in one line: that of class,
// reason and phase together, else the reason's, else the class's. Where the
// reason is not known it shows the reply instead of guessing.
func (e *Error) Advice() string {
	if e.Unchecked != "" {
		return "The " + e.Unchecked + " could not be made. " + e.ownAdvice()
	}
	return e.ownAdvice()
}

func (e *Error) ownAdvice() string {
	for _, key := range []adviceKey{{e.Class, e.Reason, e.Phase}, {e.Class, e.Reason, ""}} {
		if advice, ok := adviceFor[key]; ok {
			return advice
		}
	}
	advice := e.Reason.Advice()
	switch {
	case e.Reason == ReasonAuthCredentialsInvalid && provesPassword(e.mechanism):
		return "Check username and password; if they are right, set auth_mechanism = \"PLAIN\": the relay may not store what " + e.mechanism + " needs."
	case e.Reply != nil && e.Reason == ReasonExpired:
		return "Look at the relay's queue: the message was in it for too long."
	case e.Reply != nil && (e.Reason == ReasonRefused || e.Reason == ""):
		return e.showReply()
	case advice == "", e.Reason == ReasonRefused:
		return e.Class.row().advice
	}
	return advice
}

// showReply is the advice for a reply that gives no known reason.
func (e *Error) showReply() string {
	if text := strings.Join(e.Reply.Lines, " "); text != "" {
		return `The reply is the only hint: "` + escape.Text(strconv.Itoa(e.Reply.Code)+" "+text, maxShown) + `". Look in the relay's log.`
	}
	return "The relay gives no reason with its " + strconv.Itoa(e.Reply.Code) + ". Look in its log."
}

// provesPassword reports whether a mechanism needs the password, or a hash of it
// of the right kind, in the relay's database.
func provesPassword(mechanism string) bool {
	switch mechanism {
	case "CRAM-MD5", "SCRAM-SHA-1", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-256", "SCRAM-SHA-256-PLUS":
		return true
	}
	return false
}

// adviceKey is a reason in a class, and where it matters in a phase.
type adviceKey struct {
	class  Class
	reason Reason
	phase  Phase
}

// adviceFor is the advice for reasons that mean something else in one class or
// phase than in the others.
var adviceFor = map[adviceKey]string{
	{ClassConnectError, ReasonRefused, ""}:            "Check that the relay runs, its port, and whether a firewall rejects the connection.",
	{ClassConnectError, ReasonNotFound, ""}:           "Check the path of the unix socket, and that the relay runs.",
	{ClassConnectError, ReasonReset, ""}:              "Look for a firewall that resets connections, or a proxy whose relay is down.",
	{ClassConnectError, ReasonClosed, ""}:             "Look for a proxy whose relay is down.",
	{ClassTLSError, ReasonClosed, ""}:                 "Check the relay's certificate, key and log: it closed the connection during the handshake.",
	{ClassTLSError, ReasonReset, ""}:                  "Check the relay's TLS and firewalls on the way, which reset the connection in the handshake; try GODEBUG=tlsmlkem=0.",
	{ClassNotSupported, ReasonMessageTooLarge, ""}:    "Lower message_size, or raise the relay's limit: its SIZE is smaller than the message.",
	{ClassDNSNotFound, ReasonNullMX, ""}:              "Check the domain in servers: it accepts no mail (RFC 7505).",
	{ClassHeloRefused, ReasonRateLimited, ""}:         "Raise the interval, or exempt the prober's address from the relay's connection limits.",
	{ClassAuthFailed, ReasonRateLimited, ""}:          "Raise the interval: the relay limits logins; or exempt the prober's address from its limit.",
	{ClassStartTLSRefused, ReasonRateLimited, ""}:     "Raise the interval, or exempt the prober's address from the relay's limit of TLS sessions.",
	{ClassAuthFailed, ReasonNotAuthorized, ""}:        "Check whether the account in username may log in over SMTP from the prober's address.",
	{ClassDisconnected, ReasonReset, PhaseEHLO}:       "Look in the relay's log; a reset right after TLS started can be a limit of new TLS sessions.",
	{ClassDisconnected, ReasonClosed, PhaseEHLO}:      "Look in the relay's log; an end right after TLS started can be a limit of new TLS sessions.",
	{ClassReadTimeout, ReasonNoReply, PhaseAuth}:      "Check the relay's authentication service; relays also delay replies after failed logins.",
	{ClassReadTimeout, ReasonSlowReply, PhaseAuth}:    "Check the relay's authentication service; relays also delay replies after failed logins.",
	{ClassProtocolError, ReasonStartTLSInjection, ""}: "Look for an attacker or a broken proxy: plaintext followed the reply to STARTTLS (CVE-2011-0411).",
}
