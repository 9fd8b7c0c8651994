package change

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/escape"
)

const (
	maxText  = 1024
	ellipsis = "..."
)

// sum is a checksum in hex.
type sum [16]byte

// checksum distinguishes values that differ only beyond what is kept of them.
func checksum(items ...string) (s sum) {
	whole := make([]byte, 0, 512) // most are shorter: no allocation
	for i, item := range items {
		if i > 0 {
			whole = append(whole, 0)
		}
		whole = append(whole, item...)
	}
	of := sha256.Sum256(whole)
	hex.Encode(s[:], of[:8])
	return s
}

// bounded cuts a text, which is ASCII, at maxText bytes.
func bounded(s string) string {
	if len(s) <= maxText {
		return s
	}
	return s[:maxText-len(ellipsis)] + ellipsis
}

// escaped makes a peer's text printable and, where it is excessive, shorter.
func escaped(s string) string { return escape.Text(s, 2*maxText) }

// difference compares two sets as they are kept. Of a set that was cut, the
// member at the cut and those behind it count as neither added nor removed.
func difference(before, after string) (added, removed string) {
	was, cutBefore := members(before)
	is, cutAfter := members(after)
	until := func(list []string, cut bool) string {
		if !cut {
			return ""
		}
		if len(list) == 0 {
			return "\x00"
		}
		return list[len(list)-1]
	}
	// Both are sorted: beyond the last member kept of one, nothing is known.
	added = without(is, was, until(was, cutBefore))
	removed = without(was, is, until(is, cutAfter))
	return added, removed
}

// members splits a set as it is kept, and reports whether it was cut.
func members(s string) (list []string, cut bool) {
	if s == "" {
		return nil, false
	}
	list = strings.Split(s, ",")
	if strings.HasSuffix(s, ellipsis) && len(s) == maxText {
		return list[:len(list)-1], true
	}
	return list, false
}

// without joins the members of list that are not in other and, unless it is
// empty, not behind the limit.
func without(list, other []string, limit string) string {
	return bounded(strings.Join(slices.DeleteFunc(slices.Clone(list), func(s string) bool {
		return slices.Contains(other, s) || limit != "" && s > limit
	}), ","))
}
