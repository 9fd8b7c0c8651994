// Package explain describes classes and reasons: what happened, who has to act, what
// to do, which settings are related, and which RFC defines them. It formats the texts
// of package smtperr for a terminal and for the documentation.
package explain

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// Write explains the given "CLASS", "CLASS/REASON" or "REASON", or a result of DANE or
// MTA-STS. An empty name lists all reasons and results.
func Write(w io.Writer, name string) error {
	if name == "" {
		return writeAll(w)
	}
	if rows := policyRows(name); rows != nil {
		return writeRows(w, name, rows)
	}
	class, reason, err := parse(name)
	if err != nil {
		return err
	}
	return writeRows(w, name, rows(class, reason))
}

// parse parses the name of a class, of a reason, or of both.
func parse(name string) (smtperr.Class, smtperr.Reason, error) {
	first, second, both := strings.Cut(name, "/")
	class, classErr := smtperr.ParseClass(first)
	if !both {
		if classErr == nil {
			return class, "", nil
		}
		reason, err := smtperr.ParseReason(first)
		if err != nil {
			return 0, "", fmt.Errorf("unknown class or reason %q; smtpprobe explain lists all", name)
		}
		return smtperr.ClassNone, reason, nil
	}
	if classErr != nil {
		return 0, "", classErr
	}
	reason, err := smtperr.ParseReason(second)
	return class, reason, err
}

// row is a line of an explanation.
type row struct{ title, text string }

func rows(class smtperr.Class, reason smtperr.Reason) []row {
	e := smtperr.New(class, reason, "", nil)
	if class == smtperr.ClassNone && reason != "" {
		return reasonRows(reason, actor(reason.Fault()), reason.Advice())
	}
	all := []row{{"class", class.Meaning()}}
	if reason == "" {
		return append(all, row{"who acts", actor(e.Fault())}, row{"what to do", e.Advice()}, row{"lasts", permanence(class)})
	}
	return append(all, reasonRows(reason, actor(e.Fault()), e.Advice())...)
}

func reasonRows(reason smtperr.Reason, who, advice string) []row {
	return []row{
		{"means", reason.Meaning()},
		{"who acts", who},
		{"what to do", advice},
		{"settings", strings.Join(reason.Settings(), ", ")},
		{"defined in", reason.Section()},
	}
}

func writeRows(w io.Writer, title string, rows []row) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, title)
	for _, r := range rows {
		if r.text != "" {
			fmt.Fprintf(table, "  %s\t%s\n", r.title, r.text)
		}
	}
	return table.Flush()
}

func writeAll(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "REASON\tFAULT\tMEANS, AND WHAT TO DO")
	for _, r := range smtperr.Reasons() {
		fault := string(r.Fault())
		if fault == "" {
			fault = "the class's"
		}
		fmt.Fprintf(table, "%s\t%s\t%s\n\t\t%s\n", r, fault, r.Meaning(), r.Advice())
	}
	if err := table.Flush(); err != nil {
		return err
	}
	return writePolicies(w)
}

// actor returns a fault with a description of the party that has to act.
func actor(fault smtperr.Fault) string {
	switch fault {
	case smtperr.FaultNetwork:
		return "network: the operator of the network between prober and relay"
	case smtperr.FaultRelay:
		return "relay: the operator of the relay"
	case smtperr.FaultCredentials:
		return "credentials: the owner of the account"
	case smtperr.FaultMessage:
		return "message: the owner of the probe (sender, recipients, message)"
	case smtperr.FaultConfig:
		return "config: the owner of the probe (its configuration, or its access to the relay)"
	case smtperr.FaultProber:
		return "prober: the operator of the machine that probes"
	}
	return "depends on the class"
}

// permanence returns whether failures of a class are temporary, in words.
func permanence(class smtperr.Class) string {
	after := func(code int) bool {
		e := smtperr.Error{Class: class, Reply: &smtperr.Reply{Code: code}}
		return e.Temporary()
	}
	switch first, second := after(450), after(550); {
	case first != second:
		return "temporary after a 4xx, permanent after a 5xx"
	case first:
		return "temporary"
	}
	return "permanent"
}
