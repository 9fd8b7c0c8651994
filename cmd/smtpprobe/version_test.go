package main

import (
	"runtime/debug"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestProgramVersion(t *testing.T) {
	t.Parallel()
	installed := &debug.BuildInfo{Main: debug.Module{Version: "v1.2.3"}}
	require.Equal(t, "v2.0.0", programVersion("v2.0.0", installed))
	require.Equal(t, "v1.2.3", programVersion("", installed))
	require.Equal(t, "dev", programVersion("", &debug.BuildInfo{Main: debug.Module{Version: "(devel)"}}))
	require.Equal(t, "dev", programVersion("", nil))
}
