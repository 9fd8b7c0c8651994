//go:build !windows

package console

import "os"

// enableEscapes reports whether a terminal interprets escape sequences.
func enableEscapes(*os.File) bool { return true }
