package smtpprobe

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/dashboards"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// docs/architecture.md refers to this test, which fails where a new phase is missing.

func TestMetric_EveryPhaseHasFields(t *testing.T) {
	timed := slices.DeleteFunc(smtperr.Phases(), func(p smtperr.Phase) bool {
		return p == smtperr.PhaseConfig || p == smtperr.PhaseDone
	})
	require.Equal(t, timed, dashboards.TimedPhases())
	require.Len(t, fieldsOf, len(timed))
	for _, phase := range timed {
		require.Contains(t, fieldsOf, string(phase))
	}
}
