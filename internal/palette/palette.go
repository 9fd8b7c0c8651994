// Package palette has the colors of the dashboards and of the report: one for each
// class, whose hue is that of its fault, and one for each phase.
//
// Hue alone does not distinguish success from failure, since one man in twelve cannot
// distinguish green from red. Lightness does: success is much lighter than every failure
// on a light page, and much darker on a dark one. A test measures the distances, also
// with simulated deuteranopia. The colors of classes and phases stay the same when
// others are added.
package palette

import (
	"fmt"
	"math"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// Scheme is the background of the colors.
type Scheme int

// The schemes.
const (
	Light Scheme = iota
	Dark
)

// Color is a color in CIE LCh(ab): lightness from 0 to 100, chroma, and hue in degrees.
type Color struct{ L, C, H float64 }

// hues has the chroma and the hue of each fault.
var hues = map[smtperr.Fault]struct{ chroma, hue float64 }{
	smtperr.FaultNetwork:     {70, 62},
	smtperr.FaultRelay:       {65, 25},
	smtperr.FaultCredentials: {50, 318},
	smtperr.FaultMessage:     {62, 92},
	smtperr.FaultConfig:      {50, 262},
	smtperr.FaultProber:      {0, 0},
}

// shade distinguishes the classes of a fault: a lightness in each scheme, and a rotation
// of the hue.
type shade struct{ light, dark, rotation float64 }

var shades = []shade{
	{46, 70, 0}, {56, 80, 10}, {34, 62, -6}, {51, 75, -12}, {39, 66, 14}, {58, 86, -3}, {30, 76, 5}, {43, 72, -16}, {54, 64, 18}, {36, 83, -10},
}

// shadeOf has the index of the shade of each class.
var shadeOf = map[smtperr.Class]int{
	smtperr.ClassConfigError: 0, smtperr.ClassDNSNotFound: 1, smtperr.ClassNotSupported: 2, smtperr.ClassHeloRefused: 3,
	smtperr.ClassLocalError: 0, smtperr.ClassCanceled: 1, smtperr.ClassUnknown: 2,
	smtperr.ClassConnectError: 0, smtperr.ClassDNSTimeout: 1, smtperr.ClassDNSError: 2,
	smtperr.ClassConnectTimeout: 3, smtperr.ClassTLSTimeout: 4, smtperr.ClassWriteTimeout: 5,
	smtperr.ClassGreetingRefused: 0, smtperr.ClassTLSVerifyError: 1, smtperr.ClassTLSError: 2,
	smtperr.ClassStartTLSRefused: 3, smtperr.ClassServiceUnavailable: 4,
	smtperr.ClassProtocolError: 5, smtperr.ClassDisconnected: 6, smtperr.ClassReadTimeout: 7, smtperr.ClassResponseError: 8, smtperr.ClassUnexpectedSuccess: 9,
	smtperr.ClassAuthFailed:    0,
	smtperr.ClassSenderRefused: 0, smtperr.ClassRecipientRefused: 1, smtperr.ClassRecipientsRefused: 2, smtperr.ClassDataRefused: 3,
}

// OK returns the color of success.
func OK(s Scheme) Color {
	if s == Dark {
		return Color{36, 26, 165}
	}
	return Color{82, 30, 160}
}

// Class returns the color of a class. The color of ClassNone is OK.
func Class(c smtperr.Class, s Scheme) Color {
	if c == smtperr.ClassNone {
		return OK(s)
	}
	hue, shade := hues[smtperr.New(c, "", "", nil).Fault()], shades[shadeOf[c]]
	return Color{shade.lightness(s), hue.chroma, hue.hue + shade.rotation}
}

// Fault returns the color of a fault.
func Fault(f smtperr.Fault, s Scheme) Color {
	return Color{shades[0].lightness(s), hues[f].chroma, hues[f].hue}
}

// Reply returns the color of replies by their first digit: 2, the color of success, 4, 5,
// or any other.
func Reply(digit int, s Scheme) Color {
	switch digit {
	case 2:
		return OK(s)
	case 4:
		return Color{shades[1].lightness(s), 62, 75}
	case 5:
		return Color{shades[2].lightness(s), 65, 25}
	}
	return Color{shades[0].lightness(s), 0, 0}
}

// lightness returns the lightness in a scheme.
func (h shade) lightness(s Scheme) float64 {
	if s == Dark {
		return h.dark
	}
	return h.light
}

// phases has the color of each phase. Lightness alternates along a session, so that
// neighbors differ.
var phases = map[smtperr.Phase]Color{
	smtperr.PhaseDNS: {65, 0, 0}, smtperr.PhaseConnect: {48, 38, 260}, smtperr.PhaseTLS: {72, 40, 140}, smtperr.PhaseGreeting: {52, 45, 150},
	smtperr.PhaseEHLO: {78, 45, 130}, smtperr.PhaseHELO: {60, 40, 115}, smtperr.PhaseSTARTTLS: {46, 40, 315}, smtperr.PhaseAuth: {66, 70, 62},
	smtperr.PhaseMail: {80, 65, 88}, smtperr.PhaseRcpt: {55, 60, 70}, smtperr.PhaseData: {70, 45, 25}, smtperr.PhaseBody: {48, 55, 30},
	smtperr.PhaseDot: {38, 50, 28}, smtperr.PhaseRset: {66, 25, 200}, smtperr.PhaseQuit: {82, 18, 200},
}

// Phase returns the color of a phase on both backgrounds, gray for an unknown one.
func Phase(p smtperr.Phase) Color {
	if c, ok := phases[p]; ok {
		return c
	}
	return Color{60, 0, 0}
}

// Hex returns the color in the notation of CSS, such as #1d2329. It reduces the chroma of
// colors outside of sRGB.
func (c Color) Hex() string {
	const step = 0.5
	r, g, b := c.linear()
	for chroma := c.C; !inGamut(r, g, b) && chroma > 0; chroma -= step {
		r, g, b = Color{c.L, chroma, c.H}.linear()
	}
	return fmt.Sprintf("#%02x%02x%02x", encode(r), encode(g), encode(b))
}

// linear converts the color to linear sRGB, through CIE Lab and XYZ (D65).
func (c Color) linear() (r, g, b float64) {
	sin, cos := math.Sincos(c.H * math.Pi / 180)
	fy := (c.L + 16) / 116
	x, y, z := 0.95047*cube(fy+c.C*cos/500), cube(fy), 1.08883*cube(fy-c.C*sin/200)
	return 3.2404542*x - 1.5371385*y - 0.4985314*z, -0.9692660*x + 1.8760108*y + 0.0415560*z, 0.0556434*x - 0.2040259*y + 1.0572252*z
}

// cube is the inverse of the cube root in CIE Lab.
func cube(t float64) float64 {
	if t > 6.0/29 {
		return t * t * t
	}
	return 3 * (6.0 / 29) * (6.0 / 29) * (t - 4.0/29)
}

// inGamut reports whether sRGB has a color with these channels.
func inGamut(channels ...float64) bool {
	const rounding = 1e-4
	for _, v := range channels {
		if v < -rounding || v > 1+rounding {
			return false
		}
	}
	return true
}

// encode converts a linear channel to sRGB, from 0 to 255.
func encode(v float64) int {
	v = min(max(v, 0), 1)
	if v <= 0.0031308 {
		return int(math.Round(255 * 12.92 * v))
	}
	return int(math.Round(255 * (1.055*math.Pow(v, 1/2.4) - 0.055)))
}
