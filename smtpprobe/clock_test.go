package smtpprobe

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// The results of phases are pointed to while others are added.
func TestClock_RoomForEveryPhase(t *testing.T) {
	t.Parallel()
	var c clock
	first := c.phase(smtperr.PhaseConfig)
	for _, phase := range smtperr.Phases() {
		c.phase(phase)
	}
	first.Code = 250
	require.Equal(t, 250, c.phases[0].Code)
	require.Len(t, c.phases, maxPhases)
}
