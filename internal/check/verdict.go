package check

import (
	"strings"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/summary"
)

// successes say what the success of a probe means, by its depth.
var successes = map[string]string{
	"connect": "the relay greets",
	"ehlo":    "the relay accepts a session",
	"auth":    "the relay accepts the credentials",
	"rcpt":    "the relay accepts the sender and every recipient",
	"send":    "the relay accepted a message",
}

// places say where to look, by fault.
var places = map[string]string{
	"network":     "the network between this machine and the relay, or a firewall",
	"relay":       "the relay",
	"credentials": "the credentials",
	"message":     "the envelope or the message, and the relay's policy",
	"config":      "the configuration of this probe",
	"prober":      "this machine",
}

// errorPrefix begins the text of a classified error.
const errorPrefix = "smtp: "

// verdict is the outcome in one line.
func verdict(s *summary.Summary) string {
	switch {
	case !s.Failed():
		return successes[s.Probe]
	case s.Success:
		return "as expected: " + failure(s)
	}
	return failure(s)
}

// failure is the class, the reason and the error.
func failure(s *summary.Summary) string {
	text := s.Class
	if s.Reason != summary.None {
		text += "/" + s.Reason
	}
	return text + ": " + strings.TrimPrefix(s.Error, errorPrefix)
}

// advice is what a failure means, where to look, what to do, and whether
// trying again may help.
func advice(s *summary.Summary) []fact {
	if !s.Failed() || s.Success {
		return nil
	}
	retry := "no (permanent)"
	if s.Temporary != nil && *s.Temporary {
		retry = "yes (temporary)"
	}
	return []fact{
		{"means", s.Meaning},
		{"look at", whereToLook(s)},
		{"what to do", s.Advice},
		{"retry", retry},
	}
}

// whereToLook is where the fault is. Without an address the network is that of
// the name servers.
func whereToLook(s *summary.Summary) string {
	if s.Phase == "dns" && s.Fault == "network" {
		return "this machine's resolver, or the name servers of the domain"
	}
	return places[s.Fault]
}
