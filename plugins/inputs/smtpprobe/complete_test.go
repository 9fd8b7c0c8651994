package smtpprobe

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/dashboards"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// docs/architecture.md names this test: it shows where else a new phase belongs.

func TestMetric_EveryPhaseHasFields(t *testing.T) {
	held := slices.DeleteFunc(smtperr.Phases(), func(p smtperr.Phase) bool {
		return p == smtperr.PhaseConfig || p == smtperr.PhaseDone
	})
	require.Equal(t, held, dashboards.TimedPhases())
	require.Len(t, fieldsOf, len(held))
	for _, phase := range held {
		require.Contains(t, fieldsOf, string(phase))
	}
}
