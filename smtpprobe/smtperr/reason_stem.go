package smtperr

// stem cuts the endings of the plural and of -ed and -ing, in place, so that one
// pattern covers a word's forms: relay, relays, relayed, relaying. Patterns and
// replies go through the same function, so a stem need not be a word.
func stem(w []byte) []byte {
	if n := len(w); n >= 4 && w[n-1] == 's' && w[n-2] != 's' && w[n-2] != 'u' && w[n-2] != 'i' {
		w = w[:n-1]
	}
	switch n := len(w); {
	case n >= 6 && ends(w, "ed") && w[n-3] != 'e':
		w = undoubled(w[:n-2])
	case n >= 7 && ends(w, "ing"):
		w = undoubled(w[:n-3])
	}
	switch n := len(w); {
	case n >= 5 && w[n-1] == 'e':
		w = w[:n-1]
	case n >= 4 && w[n-1] == 'y':
		w[n-1] = 'i'
	}
	return w
}

// undoubled turns bann into ban, but not block-ll or pass into something else.
func undoubled(w []byte) []byte {
	n := len(w)
	if n >= 3 && w[n-1] == w[n-2] && w[n-1] != 'l' && w[n-1] != 's' {
		return w[:n-1]
	}
	return w
}

func ends(w []byte, suffix string) bool {
	return len(w) >= len(suffix) && string(w[len(w)-len(suffix):]) == suffix
}
