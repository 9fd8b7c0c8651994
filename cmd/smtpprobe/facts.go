package main

import (
	"crypto/x509"
	"fmt"
	"strings"
	"time"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/escape"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// fact is something that a probe learnt, apart from its verdict.
type fact struct{ name, value string }

// facts lists what was negotiated, in the order of a session.
func facts(r *smtpprobe.Result) []fact {
	var all []fact
	add := func(name, value string) {
		if value != "" {
			all = append(all, fact{name, value})
		}
	}
	add("connected", r.RemoteAddr)
	if t := r.TLS; t != nil {
		add("tls", tlsFact(t))
		for _, problem := range t.Problems {
			add("", escape.Text(problem.Error(), 300))
		}
		add("certificate", certificateFact(t, r.Start))
	}
	if c := r.Capabilities; c != nil {
		add("extensions", strings.Join(c.Keywords(), " "))
		add("auth", strings.Join(c.Auth, " "))
		if before := r.PlainCaps; before != nil && len(before.Auth) > 0 {
			add("", "before TLS, readable by anybody: "+strings.Join(before.Auth, " "))
		}
		if c.Size > 0 {
			add("size limit", fmt.Sprintf("%d octets", c.Size))
		}
	}
	add("auth used", r.AuthMechanism)
	for i := range r.Recipients {
		add("recipient", recipientFact(&r.Recipients[i]))
	}
	if r.MessageAccepted {
		add("message", "accepted, Message-ID "+r.MessageID)
	}
	for _, w := range r.Warnings {
		add("warning", string(w))
	}
	for _, err := range r.Secondary {
		add("afterwards", escape.Text(err.Error(), 300))
	}
	return all
}

func tlsFact(t *smtpprobe.TLSState) string {
	if !t.Complete {
		return "the handshake failed"
	}
	verified := "certificate verified"
	if !t.Verified {
		verified = "certificate NOT verified"
	}
	return t.Version + " " + t.Cipher + ", " + verified
}

func certificateFact(t *smtpprobe.TLSState, now time.Time) string {
	if t.Leaf == nil {
		return ""
	}
	names := t.Leaf.DNSNames
	if len(names) == 0 {
		names = []string{t.Leaf.Subject.String()}
	}
	return escape.Text(strings.Join(names, " "), 200) + ", " + certificateExpiry(t.Leaf, now)
}

func certificateExpiry(leaf *x509.Certificate, now time.Time) string {
	date := leaf.NotAfter.UTC().Format(time.DateOnly)
	if now.After(leaf.NotAfter) {
		return fmt.Sprintf("expired %s ago (%s)", days(now.Sub(leaf.NotAfter)), date)
	}
	return fmt.Sprintf("expires in %s (%s)", days(leaf.NotAfter.Sub(now)), date)
}

// days counts whole ones.
func days(d time.Duration) string {
	const day = 24 * time.Hour
	if n := d / day; n != 1 {
		return fmt.Sprintf("%d days", n)
	}
	return "1 day"
}

func recipientFact(rcpt *smtpprobe.RecipientResult) string {
	state := "refused"
	switch {
	case rcpt.Accepted && rcpt.Err == nil:
		state = "accepted"
	case rcpt.Reply == nil:
		state = "not decided"
	}
	if rcpt.Reply != nil {
		state += ": " + replyLine(rcpt.Reply)
	}
	return rcpt.Address + " " + state
}

// replyLine is a reply on one line, escaped and bounded.
func replyLine(r *smtperr.Reply) string {
	return fmt.Sprintf("%d %s", r.Code, escape.Text(strings.Join(r.Lines, " "), 300))
}
