package console

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPalette(t *testing.T) {
	require.Equal(t, "x", Palette{}.Bad("x"))
	require.Equal(t, "\x1b[31mx\x1b[0m", Palette{on: true}.Bad("x"))
	require.Equal(t, Palette{}, PaletteFor(&strings.Builder{}), "not a terminal")
}
