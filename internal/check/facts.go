package check

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/summary"
)

// fact is something that a probe found out, apart from its verdict.
type fact struct{ name, value string }

// facts lists what was negotiated, in the order of a session.
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
		add("", "before TLS, readable by anybody: "+strings.Join(s.AuthCleartext, " "))
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
	for _, w := range s.Warnings {
		if w == summary.STARTTLSRefused && s.STARTTLSRefusal != "" {
			continue // said about TLS
		}
		add("warning", cmp.Or(warnings[w], w))
	}
	for _, text := range s.Secondary {
		add("afterwards", afterwards(text))
	}
	return all
}

// warnings are the warnings of a result in plain words.
var warnings = map[string]string{
	"bare_lf":               "a line of the relay ended in LF without CR",
	"bare_cr":               "a line of the relay contained a CR that does not end it",
	"nul":                   "a line of the relay contained NUL",
	"eight_bit":             "a line of the relay was not ASCII, without SMTPUTF8",
	"enhanced_mismatch":     "an enhanced status code contradicted its reply code",
	summary.Quit421:         "the relay answered RSET or QUIT with 421: it was ending the session",
	summary.STARTTLSRefused: "STARTTLS was refused: mail goes in the clear",
}

// tlsFact is about the encryption, or that it was refused.
func tlsFact(s *summary.Summary) string {
	switch {
	case s.STARTTLSRefusal != "":
		return "refused: " + s.STARTTLSRefusal + "; mail goes in the clear"
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

// expiry is when a certificate expires, seen from now.
func expiry(end, now time.Time) string {
	date := end.UTC().Format(time.DateOnly)
	if now.After(end) {
		return fmt.Sprintf("expired %s ago (%s)", days(now.Sub(end)), date)
	}
	return fmt.Sprintf("expires in %s (%s)", days(end.Sub(now)), date)
}

// days counts whole days.
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
		state = "not decided"
	}
	if r.Reply != "" {
		state += ": " + r.Reply
	}
	return r.Address + " " + state
}

// afterwards is what failed after the verdict: "QUIT failed: no reply in time",
// "RSET was refused: 500 what".
func afterwards(text string) string {
	text = strings.TrimPrefix(text, errorPrefix)
	command, what, found := strings.Cut(text, ": ")
	switch {
	case !found || strings.Contains(command, " "):
		return text
	case what != "" && '0' <= what[0] && what[0] <= '9':
		return command + " was refused: " + what
	case what == "i/o timeout":
		what = "no reply in time"
	}
	return command + " failed: " + what
}
