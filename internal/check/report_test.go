package check

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/summary"
)

func TestReporter_Wrapped(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, value string
		wrap        int
		want        []string
	}{
		{name: "no terminal", value: "a long value that stays as it is", want: []string{"a long value that stays as it is"}},
		{name: "short", wrap: 40, value: "a short value", want: []string{"a short value"}},
		{name: "long", wrap: 40, value: "Check the relay's access rules and block lists.", want: []string{"Check the relay's access", "rules and block lists."}},
		{name: "long word", wrap: 40, value: "see 0123456789012345678901234567890123456789 here", want: []string{"see", "0123456789012345678901234567890123456789", "here"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tt.want, (&reporter{wrap: tt.wrap}).wrapped(tt.value))
		})
	}
}

func TestTotal(t *testing.T) {
	t.Parallel()
	require.Equal(t, "2 probes: 2 OK", total([]Outcome{outcome("a", summary.None), outcome("b", summary.None)}))
	require.Equal(t, "2 probes: 1 OK, 1 FAILED: b", total([]Outcome{outcome("a", summary.None), outcome("b", "disconnected")}))
	many := make([]Outcome, 0, 12)
	for range 12 {
		many = append(many, outcome("x", "disconnected"))
	}
	require.Equal(t, "12 probes: 0 OK, 12 FAILED: x, x, x, x, x, x, x, x, x, x and 2 more", total(many))
}
