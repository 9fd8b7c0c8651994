package change

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
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
	stored := make(map[string]storedTrack, len(m.tracks))
	for k, t := range m.tracks {
		s := storedTrack{Values: make([]storedSight, 0, len(t.values))}
		if !t.quietUntil.IsZero() {
			s.QuietUntil = t.quietUntil.Unix()
		}
		for _, v := range t.values {
			s.Values = append(s.Values, storedSight{v.sum, v.val, v.at.Unix()})
		}
		stored[string(k.what)+"/"+string(k.layer)] = s
	}
	return json.Marshal(stored)
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
		t := &track{values: make([]sight, 0, len(s.Values))}
		if s.QuietUntil != 0 {
			t.quietUntil = time.Unix(s.QuietUntil, 0)
		}
		for _, v := range s.Values {
			t.values = append(t.values, sight{bounded(escapedOnce(v.Sum)), bounded(escapedOnce(v.Text)), time.Unix(v.At, 0)})
		}
		if read.tracks == nil {
			read.tracks = make(map[key]*track, len(stored))
		}
		read.tracks[k] = t
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
