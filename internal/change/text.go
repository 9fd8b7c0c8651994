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

// sum is a checksum in hexadecimal.
type sum [16]byte

// checksum identifies a value, including the part that is truncated when it is
// stored.
func checksum(items ...string) (s sum) {
	joined := make([]byte, 0, 512) // on the stack; most values are shorter
	for i, item := range items {
		if i > 0 {
			joined = append(joined, 0)
		}
		joined = append(joined, item...)
	}
	digest := sha256.Sum256(joined)
	hex.Encode(s[:], digest[:8])
	return s
}

// truncated limits an ASCII text to maxText bytes.
func truncated(s string) string {
	if len(s) <= maxText {
		return s
	}
	return s[:maxText-len(ellipsis)] + ellipsis
}

// escaped makes a text from the network printable. It also shortens a text that
// truncated would shorten anyway.
func escaped(s string) string { return escape.Text(s, 2*maxText) }

// difference compares two sets in their stored form.
func difference(before, after string) (added, removed string) {
	was, is := parseSet(before), parseSet(after)
	return was.missing(is), is.missing(was)
}

// storedSet is a set in its stored form: sorted, and perhaps truncated.
type storedSet struct {
	members []string
	cut     bool // members are missing at the end
}

func parseSet(s string) storedSet {
	if s == "" {
		return storedSet{}
	}
	members := strings.Split(s, ",")
	if strings.HasSuffix(s, ellipsis) && len(s) == maxText {
		return storedSet{members[:len(members)-1], true}
	}
	return storedSet{members, false}
}

// missing returns the members of other that s does not have, comma-separated. If
// s was truncated, nothing is known about members after its last one.
func (s storedSet) missing(other storedSet) string {
	var missing []string
	for _, member := range other.members {
		unknown := s.cut && (len(s.members) == 0 || member > s.members[len(s.members)-1])
		if !unknown && !slices.Contains(s.members, member) {
			missing = append(missing, member)
		}
	}
	return truncated(strings.Join(missing, ","))
}
