package palette

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

type lab struct{ l, a, b float64 }

func (x lab) distance(y lab) float64 { return math.Hypot(math.Hypot(x.l-y.l, x.a-y.a), x.b-y.b) }

// convert converts a color to CIE Lab, for usual vision and for deuteranopia by Machado,
// Oliveira and Fernandes (2009), severity 1.0.
func convert(t *testing.T, hex string) (usual, deuteranopia lab) {
	t.Helper()
	var rgb [3]int
	_, err := fmt.Sscanf(hex, "#%02x%02x%02x", &rgb[0], &rgb[1], &rgb[2])
	require.NoError(t, err)
	var v [3]float64
	for i, c := range rgb {
		v[i] = float64(c) / 255
		if v[i] <= 0.04045 {
			v[i] /= 12.92
		} else {
			v[i] = math.Pow((v[i]+0.055)/1.055, 2.4)
		}
	}
	simulated := [3]float64{
		max(0, 0.367322*v[0]+0.860646*v[1]-0.227968*v[2]), max(0, 0.280085*v[0]+0.672501*v[1]+0.047413*v[2]), max(0, -0.011820*v[0]+0.042940*v[1]+0.968881*v[2]),
	}
	return toLab(v), toLab(simulated)
}

func toLab(v [3]float64) lab {
	f := func(t float64) float64 {
		if t > 216.0/24389 {
			return math.Cbrt(t)
		}
		return (24389.0/27*t + 16) / 116
	}
	x, y, z := f((0.4124564*v[0]+0.3575761*v[1]+0.1804375*v[2])/0.95047), f(0.2126729*v[0]+0.7151522*v[1]+0.0721750*v[2]), f((0.0193339*v[0]+0.1191920*v[1]+0.9503041*v[2])/1.08883)
	return lab{116*y - 16, 500 * (x - y), 200 * (y - z)}
}

func TestClass_DiffersFromOK(t *testing.T) {
	t.Parallel()
	for _, scheme := range []Scheme{Light, Dark} {
		usual, deuteranopia := convert(t, OK(scheme).Hex())
		failures := map[string]Color{"4xx": Reply(4, scheme), "5xx": Reply(5, scheme), "no reply": Reply(0, scheme)}
		for _, class := range smtperr.Classes()[1:] {
			failures[class.String()] = Class(class, scheme)
		}
		for name, color := range failures {
			failure, simulated := convert(t, color.Hex())
			require.Greater(t, math.Abs(failure.l-usual.l), 20.0, "%s: lightness", name)
			require.Greater(t, failure.distance(usual), 25.0, "%s", name)
			require.Greater(t, simulated.distance(deuteranopia), 22.0, "%s with deuteranopia", name)
			require.Equal(t, scheme == Dark, failure.l > usual.l, name)
		}
	}
}

// Missing probes have the blank color of the page.
func TestOK_DiffersFromBackground(t *testing.T) {
	t.Parallel()
	for scheme, backgrounds := range map[Scheme][]string{Light: {"#ffffff", "#f6f7f9"}, Dark: {"#1d2228", "#242a31"}} {
		_, ok := convert(t, OK(scheme).Hex())
		for _, background := range backgrounds {
			_, blank := convert(t, background)
			require.Greater(t, ok.distance(blank), 15.0, "%d on %s", scheme, background)
		}
	}
}

func TestClass_Distinct(t *testing.T) {
	t.Parallel()
	for _, scheme := range []Scheme{Light, Dark} {
		names := make(map[string]smtperr.Class)
		for _, class := range smtperr.Classes() {
			hex := Class(class, scheme).Hex()
			require.NotContains(t, names, hex, "%s has the color of %s", class, names[hex])
			names[hex] = class
			_, shaded := shadeOf[class]
			require.Equal(t, class != smtperr.ClassNone, shaded, "%s needs a shade", class)
		}
	}
}

func TestPhase_Distinct(t *testing.T) {
	t.Parallel()
	timed := slices.DeleteFunc(smtperr.Phases(), func(p smtperr.Phase) bool { return p == smtperr.PhaseConfig || p == smtperr.PhaseDone })
	names := make(map[string]bool)
	for _, phase := range timed {
		names[Phase(phase).Hex()] = true
	}
	require.Len(t, names, len(timed))
	require.NotContains(t, names, Phase("").Hex())
}

func TestColor_Hex(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		color Color
		want  string
	}{
		{name: "white", color: Color{L: 100}, want: "#ffffff"},
		{name: "black", color: Color{}, want: "#000000"},
		{name: "middle gray", color: Color{L: 53.585}, want: "#808080"},
		{name: "outside of sRGB", color: Color{L: 50, C: 500, H: 25}, want: "#ed003f"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tt.want, tt.color.Hex())
		})
	}
}
