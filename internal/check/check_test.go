package check

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestBar(t *testing.T) {
	for _, test := range []struct {
		begin, duration time.Duration
		bar             string
		left            int
	}{
		{0, 10, "█", 0},
		{10, 50, "█████", 1},
		{60, 40, "████", 6},
		{0, 100, "██████████", 0},
		{99, 1, "▏", 9},
		{100, 0, "▏", 9},
	} {
		drawn, left := bar(test.begin, test.duration, 100, 10)
		require.Equal(t, test.bar, drawn)
		require.Equal(t, test.left, left)
	}
	drawn, left := bar(0, 0, 0, 10)
	require.Equal(t, "▏", drawn)
	require.Zero(t, left)
}

func TestExpiry(t *testing.T) {
	end := time.Date(2027, 2, 19, 12, 0, 0, 0, time.UTC)
	for before, text := range map[time.Duration]string{
		90 * 24 * time.Hour: "expires in 90 days (2027-02-19)",
		47 * time.Hour:      "expires in 1 day (2027-02-19)",
		time.Minute:         "expires in 0 days (2027-02-19)",
		-time.Minute:        "expired 0 days ago (2027-02-19)",
		-25 * time.Hour:     "expired 1 day ago (2027-02-19)",
	} {
		require.Equal(t, text, expiry(end, end.Add(-before)))
	}
}

func TestState_Order(t *testing.T) {
	for _, ordered := range [][2]State{{OK, Unknown}, {Unknown, Warning}, {Warning, Critical}} {
		require.Equal(t, ordered[1], ordered[0].worse(ordered[1]))
		require.Equal(t, ordered[1], ordered[1].worse(ordered[0]))
	}
}
