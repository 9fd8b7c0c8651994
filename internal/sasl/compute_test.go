package sasl

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
)

// A long computation delays other long computations, but not short ones.
func TestSCRAM_ConcurrentComputations(t *testing.T) {
	computing <- struct{}{}
	defer func() { <-computing }()
	s := &scramClient{name: "SCRAM-SHA-256"}
	ran := false
	run := func() error { ran = true; return nil }

	ctx, cancel := context.WithCancel(t.Context())
	require.NoError(t, s.compute(ctx, manyIterations, run))
	require.True(t, ran)

	ran = false
	cancel()
	require.Error(t, s.compute(ctx, manyIterations+1, run))
	require.False(t, ran)
}
