package check

import (
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestBar(t *testing.T) {
	t.Parallel()
	r := newReporter(io.Discard)
	for _, tt := range []struct {
		name            string
		begin, d, total time.Duration
		bar             string
		left            int
	}{
		{name: "first tenth", begin: 0, d: 10, total: 100, bar: "█", left: 0},
		{name: "middle", begin: 10, d: 50, total: 100, bar: "█████", left: 1},
		{name: "end", begin: 60, d: 40, total: 100, bar: "████", left: 6},
		{name: "whole", begin: 0, d: 100, total: 100, bar: "██████████", left: 0},
		{name: "short at the end", begin: 99, d: 1, total: 100, bar: "▏", left: 9},
		{name: "zero at the end", begin: 100, d: 0, total: 100, bar: "▏", left: 9},
		{name: "zero total", bar: "▏"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			bar, left := r.bar(tt.begin, tt.d, tt.total, 10)
			require.Equal(t, tt.bar, bar)
			require.Equal(t, tt.left, left)
		})
	}
}
