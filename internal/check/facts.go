package check

import (
	"fmt"
	"strings"
	"time"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/summary"
)

// facts returns the properties of the session, in the order of the session.
func facts(s *summary.Summary) []fact {
	var all []fact
	add := func(name, value string) {
		if value != "" {
			all = append(all, fact{name, value})
		}
	}
	add("connected", s.RemoteAddress)
	add("greeted by", s.GreetingHost)
	add("tls", tlsFact(s))
	if s.TLS != nil {
		for _, problem := range s.TLS.Problems {
			add("", problem)
		}
		add("certificate", certificateFact(s))
	}
	add("extensions", strings.Join(s.Extensions, " "))
	add("auth", strings.Join(s.AuthMechanisms, " "))
	if len(s.AuthCleartext) > 0 {
		add("", "before TLS, readable on the wire: "+strings.Join(s.AuthCleartext, " "))
	}
	if s.SizeLimit > 0 {
		add("size limit", fmt.Sprintf("%d bytes", s.SizeLimit))
	}
	add("auth used", s.AuthUsed)
	for i := range s.Recipients {
		add("recipient", recipientFact(&s.Recipients[i]))
	}
	if s.MessageAccepted {
		add("message", "accepted, Message-ID "+s.MessageID)
	}
	for _, text := range s.Secondary {
		add("later error", laterError(text))
	}
	return all
}

// warningTexts describe the warnings of a result.
var warningTexts = map[string]string{
	"bare_lf":               "the relay sent a line that ends in LF without CR",
	"bare_cr":               "the relay sent a line with a CR in it",
	"nul":                   "the relay sent a line with a NUL in it",
	"eight_bit":             "the relay sent non-ASCII text without SMTPUTF8",
	"enhanced_mismatch":     "an enhanced status code contradicted its reply code",
	summary.Quit421:         "the relay replied 421 to RSET or QUIT: it closes sessions",
	summary.STARTTLSRefused: startTLSWarning,
}

const startTLSWarning = "STARTTLS was refused: mail goes in the clear"

// tlsFact describes the encryption, or its refusal.
func tlsFact(s *summary.Summary) string {
	switch {
	case s.STARTTLSRefusal != "":
		return "refused: " + s.STARTTLSRefusal
	case s.TLS == nil:
		return ""
	case !s.TLS.Complete:
		return "the handshake failed"
	}
	verified := "certificate verified"
	if !s.TLS.Verified {
		verified = "certificate NOT verified"
	}
	return s.TLS.Version + " " + s.TLS.Cipher + ", " + verified
}

func certificateFact(s *summary.Summary) string {
	if s.TLS.Expiry.IsZero() {
		return ""
	}
	text := strings.Join(s.TLS.Names, " ") + ", " + expiry(s.TLS.Expiry, s.Started)
	if first := s.TLS.ChainExpiry; !first.IsZero() && first.Before(s.TLS.Expiry) {
		text += "; an intermediate certificate " + expiry(first, s.Started)
	}
	return text
}

// expiry describes when a certificate expires, or how long ago it did.
func expiry(end, now time.Time) string {
	date := end.UTC().Format(time.DateOnly)
	if now.After(end) {
		return fmt.Sprintf("expired %s ago (%s)", days(now.Sub(end)), date)
	}
	return fmt.Sprintf("expires in %s (%s)", days(end.Sub(now)), date)
}

// days formats a number of whole days.
func days(d time.Duration) string {
	const day = 24 * time.Hour
	if n := d / day; n != 1 {
		return fmt.Sprintf("%d days", n)
	}
	return "1 day"
}

func recipientFact(r *summary.Recipient) string {
	state := "refused"
	switch {
	case r.Accepted && r.Error == "":
		state = "accepted"
	case r.Reply == "":
		state = "without a reply"
	}
	if r.Reply != "" {
		state += ": " + r.Reply
	}
	return r.Address + " " + state
}

// laterError formats an error that came after the verdict: "QUIT failed: no
// reply in time", "RSET was refused: 500 unknown command".
func laterError(text string) string {
	text = strings.TrimPrefix(text, errorPrefix)
	command, cause, found := strings.Cut(text, ": ")
	switch {
	case !found || strings.Contains(command, " "):
		return text
	case cause != "" && '0' <= cause[0] && cause[0] <= '9':
		return command + " was refused: " + cause
	case cause == "i/o timeout":
		cause = "no reply in time"
	}
	return command + " failed: " + cause
}
