package console

import (
	"cmp"
	"io"
	"os"
	"strings"

	"golang.org/x/term"
)

// Palette colors text. The zero value leaves text unchanged.
type Palette struct{ on bool }

// PaletteFor returns the palette for w. It has colors if w is a terminal, unless
// NO_COLOR (no-color.org) is set or TERM is dumb.
func PaletteFor(w io.Writer) Palette {
	f, ok := w.(*os.File)
	return Palette{ok && IsTerminal(f) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" && enableEscapes(f)}
}

// Good returns s in the color of success.
func (p Palette) Good(s string) string { return p.sgr("32", s) }

// Bad returns s in the color of failure.
func (p Palette) Bad(s string) string { return p.sgr("31", s) }

// Warn returns s in the color of a warning.
func (p Palette) Warn(s string) string { return p.sgr("33", s) }

// Faint returns s with less contrast.
func (p Palette) Faint(s string) string { return p.sgr("2", s) }

// Bold returns s in bold.
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

// Width returns the number of columns of the terminal w, or 80 if w is not a
// terminal.
func Width(w io.Writer) int {
	if f, ok := w.(*os.File); ok {
		if width, _, err := term.GetSize(int(f.Fd())); err == nil && width > 0 {
			return width
		}
	}
	return 80
}

// CanErase reports whether w is a terminal whose lines can be overwritten.
func CanErase(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && IsTerminal(f) && os.Getenv("TERM") != "dumb" && enableEscapes(f)
}

// Glyphs are the characters that charts are drawn with.
type Glyphs struct{ Block, Mark, Ellipsis string }

// GlyphsFor returns the glyphs for w: ASCII if w is a terminal whose locale has
// another encoding than UTF-8, else Unicode's block elements.
func GlyphsFor(w io.Writer) Glyphs {
	if IsTerminal(w) && !utf8Locale(os.Getenv) {
		return Glyphs{Block: "#", Mark: "|", Ellipsis: "..."}
	}
	return Glyphs{Block: "█", Mark: "▏", Ellipsis: "…"}
}

// utf8Locale reports whether the locale's encoding is UTF-8, by the variables of
// POSIX in their order of precedence. Without any of them, as in containers and
// on Windows, terminals usually use UTF-8.
func utf8Locale(getenv func(string) string) bool {
	locale := strings.ToLower(cmp.Or(getenv("LC_ALL"), getenv("LC_CTYPE"), getenv("LANG")))
	return locale == "" || strings.Contains(locale, "utf-8") || strings.Contains(locale, "utf8")
}
