package main

import (
	"io"
	"os"

	"golang.org/x/term"
)

// palette colours text, or leaves it as it is.
type palette bool

// paletteFor colours terminals only, unless NO_COLOR (no-color.org) is set or
// the terminal is dumb.
func paletteFor(w io.Writer) palette {
	return palette(isTerminal(w) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb")
}

func (p palette) good(s string) string  { return p.sgr("32", s) }
func (p palette) bad(s string) string   { return p.sgr("31", s) }
func (p palette) odd(s string) string   { return p.sgr("33", s) }
func (p palette) faint(s string) string { return p.sgr("2", s) }
func (p palette) bold(s string) string  { return p.sgr("1", s) }

// sgr selects a graphic rendition for s (ECMA-48 §8.3.117).
func (p palette) sgr(parameter, s string) string {
	if !p || s == "" {
		return s
	}
	return "\x1b[" + parameter + "m" + s + "\x1b[0m"
}

func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// columns is the width of a terminal, 80 where there is none.
func columns(w io.Writer) int {
	if f, ok := w.(*os.File); ok {
		if width, _, err := term.GetSize(int(f.Fd())); err == nil && width > 0 {
			return width
		}
	}
	return 80
}
