package smtperr

import (
	"fmt"
	"slices"
)

var phases = []Phase{
	PhaseConfig, PhaseDNS, PhaseConnect, PhaseTLS, PhaseGreeting, PhaseEHLO, PhaseHELO, PhaseSTARTTLS,
	PhaseAuth, PhaseMail, PhaseRcpt, PhaseData, PhaseBody, PhaseDot, PhaseRset, PhaseQuit, PhaseDone,
}

// Phases lists the phases in order.
func Phases() []Phase { return slices.Clone(phases) }

// ParsePhase finds a phase by its name.
func ParsePhase(name string) (Phase, error) {
	if p := Phase(name); slices.Contains(phases, p) {
		return p, nil
	}
	return "", fmt.Errorf("unknown phase %q", name)
}
