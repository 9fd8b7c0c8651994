package policy

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestResults(t *testing.T) {
	t.Parallel()
	require.Len(t, Results(), 11)
	for _, r := range Results() {
		require.NotEmpty(t, r.Meaning())
		require.Equal(t, r == Successful, r.Advice() == "", r)
	}
}
