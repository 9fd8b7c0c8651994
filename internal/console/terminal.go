package console

import (
	"io"
	"os"

	"golang.org/x/term"
)

// Palette colors text, or leaves it as it is.
type Palette struct{ on bool }

// PaletteFor returns a palette for w. Colors are for terminals only, unless
// NO_COLOR (no-color.org) is set or TERM is dumb.
func PaletteFor(w io.Writer) Palette {
	f, ok := w.(*os.File)
	return Palette{ok && IsTerminal(f) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" && enableEscapes(f)}
}

// Good is s in the color of success.
func (p Palette) Good(s string) string { return p.sgr("32", s) }

// Bad is s in the color of failure.
func (p Palette) Bad(s string) string { return p.sgr("31", s) }

// Odd is s in the color of a warning.
func (p Palette) Odd(s string) string { return p.sgr("33", s) }

// Faint is s, less visible.
func (p Palette) Faint(s string) string { return p.sgr("2", s) }

// Bold is s, more visible.
func (p Palette) Bold(s string) string { return p.sgr("1", s) }

// sgr selects a graphic rendition for s (ECMA-48 §8.3.117).
func (p Palette) sgr(parameter, s string) string {
	if !p.on || s == "" {
		return s
	}
	return "\x1b[" + parameter + "m" + s + "\x1b[0m"
}

// IsTerminal reports whether a stream is a terminal.
func IsTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// Width is the number of columns of a terminal, 80 if w is none.
func Width(w io.Writer) int {
	if f, ok := w.(*os.File); ok {
		if width, _, err := term.GetSize(int(f.Fd())); err == nil && width > 0 {
			return width
		}
	}
	return 80
}

// CanErase reports whether a line of the terminal w can be overwritten.
func CanErase(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && IsTerminal(f) && os.Getenv("TERM") != "dumb" && enableEscapes(f)
}
