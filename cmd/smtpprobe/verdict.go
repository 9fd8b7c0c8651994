package main

import (
	"fmt"
	"strings"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// depths says what it means that a probe of a depth succeeded.
var depths = map[smtpprobe.Depth]string{
	smtpprobe.DepthConnect: "the relay greets",
	smtpprobe.DepthEHLO:    "the relay accepts a session",
	smtpprobe.DepthAuth:    "the relay accepts the credentials",
	smtpprobe.DepthRcpt:    "the relay accepts the sender and every recipient",
	smtpprobe.DepthSend:    "the relay accepted a message",
}

// faults says where to look.
var faults = map[smtperr.Fault]string{
	smtperr.FaultNetwork:     "the network between here and the relay, or its firewall",
	smtperr.FaultRelay:       "the relay",
	smtperr.FaultCredentials: "the credentials",
	smtperr.FaultMessage:     "the envelope or the message, as the relay's policy sees it",
	smtperr.FaultConfig:      "the configuration of this probe",
	smtperr.FaultProber:      "this machine",
}

// verdict is what a probe says, in one sentence.
func verdict(r *smtpprobe.Result) string {
	switch {
	case r.Err == nil:
		return depths[r.Depth]
	case r.Expected:
		return "as expected: " + r.Err.Error()
	}
	return r.Err.Error()
}

// advice tells where to look, what to do, and what a sender would do.
func advice(r *smtpprobe.Result) []fact {
	if r.Err == nil || r.Expected {
		return nil
	}
	e := r.Err
	lasts := "permanent: the same again will fail again"
	if e.Temporary() {
		lasts = "temporary: it may pass by itself"
	}
	return []fact{
		{"class", strings.Trim(e.Class.String()+"/"+string(e.Reason), "/")},
		{"means", e.Class.Meaning()},
		{"look at", whereToLook(e)},
		{"what to do", e.Advice()},
		{"lasts", lasts},
	}
}

// whereToLook is the fault's place; before there is an address, the network is
// that of the name servers.
func whereToLook(e *smtperr.Error) string {
	if e.Phase == smtperr.PhaseDNS && e.Fault() == smtperr.FaultNetwork {
		return "this machine's resolver, or the name servers of the domain"
	}
	return faults[e.Fault()]
}

// outcome is the one word a line begins with.
func outcome(r *smtpprobe.Result, colour palette) string {
	if r.Expected {
		return colour.good("OK")
	}
	return colour.bad("FAILED")
}

// indented lays facts out in two columns.
func indented(all []fact) []string {
	lines := make([]string, 0, len(all))
	for _, f := range all {
		lines = append(lines, strings.TrimRight(fmt.Sprintf("  %-12s %s", f.name, f.value), " "))
	}
	return lines
}
