package execd

import (
	"math"
	"runtime/debug"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestLimitFor(t *testing.T) {
	t.Parallel()
	require.EqualValues(t, usualMemory, limitFor(1<<20, gatheringGrowth))
	require.EqualValues(t, 7*(100<<20), limitFor(100<<20, gatheringGrowth), "a large configuration")
	require.EqualValues(t, 250<<20, limitFor(200<<20, loadingGrowth))
	require.Positive(t, limitFor(math.MaxUint64, gatheringGrowth))
}

func TestSaveMemory(t *testing.T) {
	t.Setenv("GOMEMLIMIT", "")
	before := debug.SetMemoryLimit(-1)
	done := saveMemory()
	require.EqualValues(t, usualMemory, debug.SetMemoryLimit(-1))
	done()
	require.Equal(t, before, debug.SetMemoryLimit(-1))

	t.Setenv("GOMEMLIMIT", "1GiB")
	saveMemory()()
	limitMemory()
	require.Equal(t, before, debug.SetMemoryLimit(-1), "GOMEMLIMIT takes precedence")
}
