package execd

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMemoryFor(t *testing.T) {
	t.Parallel()
	require.EqualValues(t, usualMemory, memoryFor(1<<20))
	require.EqualValues(t, growth*(100<<20), memoryFor(100<<20), "a larger fleet has more")
	require.Positive(t, memoryFor(math.MaxUint64))
}
