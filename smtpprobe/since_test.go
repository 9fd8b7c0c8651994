package smtpprobe

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestAPhaseEndsWhenItsReplyHasArrivedAndNotWhenItIsRead(t *testing.T) {
	t.Parallel()
	began := time.Now().Add(-time.Minute)
	s := session{heard: began.Add(5 * time.Millisecond)}
	require.Equal(t, 5*time.Millisecond, s.since(began))
}

func TestAPhaseWithoutAnArrivalEndsNow(t *testing.T) {
	t.Parallel()
	began := time.Now().Add(-time.Minute)
	for name, heard := range map[string]time.Time{
		"nothing is known":                      {},
		"what was known is of the phase before": began.Add(-time.Millisecond),
	} {
		s := session{heard: heard}
		require.GreaterOrEqual(t, s.since(began), time.Minute, name)
	}
}
