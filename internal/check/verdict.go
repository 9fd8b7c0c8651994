package check

import (
	"cmp"
	"strings"
	"time"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/summary"
)

// successes describe a successful probe, by its depth.
var successes = map[string]string{
	"connect": "the relay greets",
	"ehlo":    "the relay accepts a session",
	"auth":    "the relay accepts the credentials",
	"rcpt":    "the relay accepts the sender and every recipient",
	"send":    "the relay accepted a message",
}

// actors are the people who have to act, by fault.
var actors = map[string]string{
	"network":     "the network's operators: the path from this machine to the relay, or a firewall",
	"relay":       "the relay's operators",
	"credentials": "the owner of the account",
	"message":     "the owner of this probe (sender, recipients, message), or the relay's operators (policy)",
	"config":      "the owner of this probe: its configuration, or its access to the relay",
	"prober":      "the operators of this machine: its network, address and resources",
}

// resolverActors act on the network's faults of a lookup, which has no path to
// the relay yet.
const resolverActors = "the operators of this machine's resolver, or of the domain's name servers"

// errorPrefix begins the text of a classified error.
const errorPrefix = "smtp: "

// verdict returns the outcome in one line.
func verdict(s *summary.Summary) string {
	switch {
	case !s.Failed():
		return successes[s.Probe]
	case s.Success:
		return "as expected: " + failure(s)
	}
	return failure(s)
}

// failure returns the class, the reason and the error.
func failure(s *summary.Summary) string {
	return classAndReason(s) + ": " + errorText(s)
}

func classAndReason(s *summary.Summary) string {
	if s.Reason == summary.None {
		return s.Class
	}
	return s.Class + "/" + s.Reason
}

// errorText returns the error. A timeout includes the time of the phase.
func errorText(s *summary.Summary) string {
	text := strings.TrimPrefix(s.Error, errorPrefix)
	if p := s.FindPhase(s.Phase); p != nil {
		text = strings.ReplaceAll(text, "i/o timeout", "timed out after "+duration(time.Duration(p.Time)))
	}
	return text
}

// advice returns what a failure means, who has to act, what to do, and whether
// another attempt may succeed.
func advice(o *Outcome) []fact {
	s := o.Summary
	if !s.Failed() || s.Success {
		return nil
	}
	return []fact{
		{"means", s.Meaning},
		{"who acts", actor(s)},
		{"what to do", o.advice()},
		{"retry", retry(s)},
	}
}

// warnings returns the problems that do not affect the verdict.
func warnings(o *Outcome) []fact {
	var facts []fact
	add := func(text string) { facts = append(facts, fact{"warning", text}) }
	for _, w := range o.Warnings {
		switch {
		case w == summary.STARTTLSRefused && o.STARTTLSRefusal != "":
			add(startTLSWarning + " (" + o.STARTTLSRefusal + ")")
		default:
			add(cmp.Or(warningTexts[w], w))
		}
	}
	if t := o.TLS; t != nil && t.Complete && !t.Verified {
		add(strings.Join(append([]string{"the certificate is not verified"}, t.Problems...), ": "))
	}
	if p := o.Policy; p != nil && (p.WouldDeliverDANE != nil && !*p.WouldDeliverDANE || p.WouldDeliverSTS != nil && !*p.WouldDeliverSTS) {
		add("senders that honor DANE or MTA-STS would not deliver to this host: " + p.Result)
	}
	return facts
}

func actor(s *summary.Summary) string {
	if s.Phase == "dns" && s.Fault == "network" {
		return resolverActors
	}
	return actors[s.Fault]
}

func retry(s *summary.Summary) string {
	switch {
	case s.Temporary == nil || !*s.Temporary:
		return "no (permanent)"
	case s.OutcomeUnknown:
		return "yes (temporary), but the message may arrive twice"
	}
	return "yes (temporary)"
}
