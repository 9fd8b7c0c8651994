package change

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The stored form: an object of tracks by "what/layer". Times are Unix seconds.
type storedTrack struct {
	Values     []storedSight `json:"values"`
	QuietUntil int64         `json:"quiet_until,omitempty"`
}

type storedSight struct {
	Sum  string `json:"sum"`
	Text string `json:"text"`
	At   int64  `json:"at"`
}

// MarshalJSON returns the stored form of a memory. It is stable.
func (m Memory) MarshalJSON() ([]byte, error) {
	// By hand, since this is most of the work of writing a state file. All texts
	// are escaped already.
	out := []byte{'{'}
	sorted := slices.SortedFunc(slices.Values(m.tracks), func(a, b track) int {
		return cmp.Or(cmp.Compare(a.key.what, b.key.what), cmp.Compare(a.key.layer, b.key.layer))
	})
	for i, t := range sorted {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(append(append(append(append(out, '"'), t.key.what...), '/'), t.key.layer...), `":{"values":[`...)
		for i, v := range t.values {
			if i > 0 {
				out = append(out, ',')
			}
			out = appendQuoted(append(out, `{"sum":`...), v.sum)
			out = appendQuoted(append(out, `,"text":`...), v.val)
			out = append(strconv.AppendInt(append(out, `,"at":`...), v.at.Unix(), 10), '}')
		}
		out = append(out, ']')
		if !t.quietUntil.IsZero() {
			out = strconv.AppendInt(append(out, `,"quiet_until":`...), t.quietUntil.Unix(), 10)
		}
		out = append(out, '}')
	}
	return append(out, '}'), nil
}

// appendQuoted appends a text of printable ASCII as a JSON string.
func appendQuoted(out []byte, s string) []byte {
	out = append(out, '"')
	for i := range len(s) {
		if s[i] == '"' || s[i] == '\\' {
			out = append(out, '\\')
		}
		out = append(out, s[i])
	}
	return append(out, '"')
}

// UnmarshalJSON replaces a memory by a stored one. What this version does not
// know is left out, and what it would not have stored is an error.
func (m *Memory) UnmarshalJSON(data []byte) error {
	var stored map[string]storedTrack
	if err := json.Unmarshal(data, &stored); err != nil {
		return fmt.Errorf("reading the memory of changes: %w", err)
	}
	read := Memory{}
	for _, name := range slices.Sorted(maps.Keys(stored)) {
		s := stored[name]
		what, layer, _ := strings.Cut(name, "/")
		k := key{What(what), Layer(layer)}
		if !k.known() || len(s.Values) == 0 {
			continue
		}
		if len(s.Values) > MaxValues+1 {
			return fmt.Errorf("reading the memory of changes: %d values of %s", len(s.Values), name)
		}
		t := track{key: k, values: make([]sight, 0, len(s.Values))}
		if s.QuietUntil != 0 {
			t.quietUntil = time.Unix(s.QuietUntil, 0)
		}
		for _, v := range s.Values {
			t.values = append(t.values, sight{bounded(escapedOnce(v.Sum)), bounded(escapedOnce(v.Text)), time.Unix(v.At, 0)})
		}
		read.tracks = append(read.tracks, t)
	}
	*m = read
	return nil
}

func (k key) known() bool {
	return (k.layer == Plain || k.layer == Encrypted) &&
		slices.Contains([]What{GreetingHost, Extensions, Auth, Size, Limits, Certificate, TLS, Addresses, MX}, k.what)
}

// escapedOnce escapes what a stored text should not contain, since somebody
// may have edited it, and leaves its escapes alone.
func escapedOnce(s string) string {
	parts := strings.Split(s, `\`)
	for i := range parts {
		parts[i] = escaped(parts[i])
	}
	return strings.Join(parts, `\`)
}
