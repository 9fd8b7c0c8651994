package execd

import (
	"math"
	"runtime/debug"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMemoryFor(t *testing.T) {
	t.Parallel()
	require.EqualValues(t, usualMemory, memoryFor(1<<20))
	require.EqualValues(t, growth*(100<<20), memoryFor(100<<20), "a larger fleet has more")
	require.Positive(t, memoryFor(math.MaxUint64))
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
