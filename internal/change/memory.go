package change

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unique"
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
		x, y := a.key.Value(), b.key.Value()
		return cmp.Or(cmp.Compare(x.what, y.what), cmp.Compare(x.layer, y.layer))
	})
	for i, t := range sorted {
		if i > 0 {
			out = append(out, ',')
		}
		k := t.key.Value()
		out = append(append(append(append(append(out, '"'), k.what...), '/'), k.layer...), `":{"values":[`...)
		for i, s := range t.sights() {
			if i > 0 {
				out = append(out, ',')
			}
			v := s.value.Value()
			out = appendQuoted(append(out, `{"sum":`...), v.sum)
			out = appendQuoted(append(out, `,"text":`...), v.text)
			out = append(strconv.AppendInt(append(out, `,"at":`...), int64(s.at), 10), '}')
		}
		out = append(out, ']')
		if t.quietUntil != 0 {
			out = strconv.AppendInt(append(out, `,"quiet_until":`...), int64(t.quietUntil), 10)
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
		t := track{key: unique.Make(k), quietUntil: seconds(s.QuietUntil)}
		for i, v := range s.Values {
			seen := sight{unique.Make(value{bounded(escapedOnce(v.Sum)), bounded(escapedOnce(v.Text))}), seconds(v.At)}
			if i == 0 {
				t.last = seen
			} else {
				t.earlier = append(t.earlier, seen)
			}
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
