package smtperr

import (
	"fmt"
	"slices"
	"strings"
)

// reasonRow is what the package knows about one reason.
type reasonRow struct {
	reason   Reason
	fault    Fault  // whose, FaultNone if class and code decide
	meaning  string // what happened, in a few words
	advice   string // the likely cause and what to do
	settings string // the settings to look at, with blanks between
	section  string // of the RFC
}

var reasons = slices.Concat(deliveryReasons, policyReasons, sessionReasons)

// Reasons lists the reasons: of replies first, then of connections, of the
// conversation, and of this machine.
func Reasons() []Reason {
	all := make([]Reason, 0, len(reasons))
	for i := range reasons {
		all = append(all, reasons[i].reason)
	}
	return all
}

// ParseReason returns the reason of that name.
func ParseReason(name string) (Reason, error) {
	if row := Reason(name).row(); row != nil {
		return row.reason, nil
	}
	return "", fmt.Errorf("unknown reason %q", name)
}

// Meaning describes in a few words what happened; empty for no reason.
func (r Reason) Meaning() string { return r.rowOrNone().meaning }

// Advice returns the likely cause and what to do, in one line; empty for no
// reason. An error may know better, see [Error.Advice].
func (r Reason) Advice() string { return r.rowOrNone().advice }

// Settings lists the settings of a probe to look at.
func (r Reason) Settings() []string { return strings.Fields(r.rowOrNone().settings) }

// Section is the section of the RFC that defines it, such as "RFC 4954 §6";
// empty if none does.
func (r Reason) Section() string { return r.rowOrNone().section }

// Fault reports who usually has to act, FaultNone if class and reply code decide.
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
