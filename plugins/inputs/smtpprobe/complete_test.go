package smtpprobe

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/dashboards"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/sasl"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// docs/architecture.md counts on these: who adds a phase or a mechanism is told
// where else it belongs.

func TestEveryPhaseOfASessionHasItsFieldsAndItsPlaceInTheDashboards(t *testing.T) {
	held := slices.DeleteFunc(smtperr.Phases(), func(p smtperr.Phase) bool {
		return p == smtperr.PhaseConfig || p == smtperr.PhaseDone
	})
	require.Equal(t, held, dashboards.TimedPhases())
	require.Len(t, fieldsOf, len(held))
	for _, phase := range held {
		require.Contains(t, fieldsOf, phase)
	}
}

func TestEveryMechanismCanBeConfigured(t *testing.T) {
	require.ElementsMatch(t, sasl.Mechanisms(), mechanisms)
}
