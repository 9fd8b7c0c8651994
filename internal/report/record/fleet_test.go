package main

import (
	"net"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestFleet_Outages(t *testing.T) {
	t.Parallel()
	f, err := newFleet(t.TempDir())
	require.NoError(t, err)
	defer f.close()
	for round := range rounds {
		require.NoError(t, f.begin(round))
		for _, r := range f.relays {
			require.Equal(t, r.isDown(round), r.server == nil, "%s in round %d", r.name, round)
			if r.server == nil {
				continue // another process may have its port
			}
			conn, err := net.Dial("tcp", r.address)
			require.NoError(t, err, "%s in round %d", r.name, round)
			require.NoError(t, conn.Close())
		}
	}
}

func TestSpecs(t *testing.T) {
	t.Parallel()
	for _, spec := range specs {
		require.NotEmpty(t, spec.periods, spec.name)
		for _, period := range spec.periods {
			require.Less(t, period.from, period.to, spec.name)
			require.LessOrEqual(t, period.to, rounds, spec.name)
			require.Equal(t, period.at == "", period.step == nil, "%s: a step needs a point of the session", spec.name)
		}
	}
}
