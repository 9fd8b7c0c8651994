package main

import (
	"net"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestARelayIsDownWhereTheStorySaysSo(t *testing.T) {
	t.Parallel()
	s, err := newStage(t.TempDir())
	require.NoError(t, err)
	defer s.close()
	for round := range rounds {
		require.NoError(t, s.begin(round))
		for _, a := range s.actors {
			require.Equal(t, a.isDown(round), a.server == nil, "%s in round %d", a.name, round)
			if a.server == nil {
				continue // its port may be somebody else's meanwhile
			}
			conn, err := net.Dial("tcp", a.address)
			require.NoError(t, err, "%s in round %d", a.name, round)
			require.NoError(t, conn.Close())
		}
	}
}

func TestEveryRelayOfTheStoryHasABadTimeThatEndsWithinIt(t *testing.T) {
	t.Parallel()
	for _, p := range parts {
		require.NotEmpty(t, p.scenes, p.name)
		for _, sc := range p.scenes {
			require.Less(t, sc.from, sc.to, p.name)
			require.LessOrEqual(t, sc.to, rounds, p.name)
			require.Equal(t, sc.at == "", sc.does == nil, "%s: what happens, and when in the conversation", p.name)
		}
	}
}
