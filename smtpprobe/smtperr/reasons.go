package smtperr

import (
	"fmt"
	"slices"
	"strings"
)

// reasonRow describes a reason.
type reasonRow struct {
	reason   Reason
	fault    Fault  // FaultNone if class and reply code decide
	meaning  string // what happened
	advice   string // what to do, for the party at fault
	settings string // names of related settings, separated by blanks
	section  string // of the RFC that defines it
}

var reasons = slices.Concat(deliveryReasons, policyReasons, sessionReasons)

// Reasons returns all reasons, those of replies first.
func Reasons() []Reason {
	all := make([]Reason, 0, len(reasons))
	for i := range reasons {
		all = append(all, reasons[i].reason)
	}
	return all
}

// ParseReason returns the reason with the given name.
func ParseReason(name string) (Reason, error) {
	if row := Reason(name).row(); row != nil {
		return row.reason, nil
	}
	return "", fmt.Errorf("unknown reason %q", name)
}

// Meaning returns a short description of r, such as "the mailbox does not exist".
func (r Reason) Meaning() string { return r.rowOrNone().meaning }

// Advice returns one line with what to do next. The advice for an error may be more
// specific, see [Error.Advice].
func (r Reason) Advice() string { return r.rowOrNone().advice }

// Settings returns the names of the probe's settings that r is related to.
func (r Reason) Settings() []string { return strings.Fields(r.rowOrNone().settings) }

// Section returns the section of the RFC that defines r, such as "RFC 4954 §6", or an
// empty string.
func (r Reason) Section() string { return r.rowOrNone().section }

// Fault returns who has to act, or FaultNone if that depends on class and reply code.
func (r Reason) Fault() Fault { return r.rowOrNone().fault }

func (r Reason) rowOrNone() reasonRow {
	if row := r.row(); row != nil {
		return *row
	}
	return reasonRow{}
}

func (r Reason) row() *reasonRow {
	i := slices.IndexFunc(reasons, func(row reasonRow) bool { return row.reason == r })
	if i < 0 {
		return nil
	}
	return &reasons[i]
}
