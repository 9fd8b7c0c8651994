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

// The JSON of a Memory is an object with a history for each "what/layer". Times
// are Unix seconds.
type storedHistory struct {
	Values     []storedObservation `json:"values"` // the last one first
	QuietUntil int64               `json:"quiet_until,omitempty"`
}

type storedObservation struct {
	Sum  string `json:"sum"`
	Text string `json:"text"`
	At   int64  `json:"at"`
}

// MarshalJSON implements json.Marshaler. Equal memories have the same JSON.
func (m Memory) MarshalJSON() ([]byte, error) {
	// Without reflection, since this takes most of the time of writing a state
	// file. All texts are escaped already.
	out := []byte{'{'}
	sorted := slices.SortedFunc(slices.Values(m.histories), func(a, b history) int {
		x, y := a.key.Value(), b.key.Value()
		return cmp.Or(cmp.Compare(x.what, y.what), cmp.Compare(x.layer, y.layer))
	})
	for i, h := range sorted {
		if i > 0 {
			out = append(out, ',')
		}
		out = appendQuoted(out, h.key.Value().String())
		out = append(out, `:{"values":[`...)
		for i, o := range h.observations() {
			if i > 0 {
				out = append(out, ',')
			}
			v := o.value.Value()
			out = appendQuoted(append(out, `{"sum":`...), v.sum)
			out = appendQuoted(append(out, `,"text":`...), v.text)
			out = strconv.AppendInt(append(out, `,"at":`...), int64(o.at), 10)
			out = append(out, '}')
		}
		out = append(out, ']')
		if h.quietUntil != 0 {
			out = strconv.AppendInt(append(out, `,"quiet_until":`...), int64(h.quietUntil), 10)
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

// UnmarshalJSON implements json.Unmarshaler. It ignores properties that this
// version does not know. Data that MarshalJSON does not produce is an error.
func (m *Memory) UnmarshalJSON(data []byte) error {
	var stored map[string]storedHistory
	if err := json.Unmarshal(data, &stored); err != nil {
		return fmt.Errorf("reading the memory of changes: %w", err)
	}
	read := Memory{}
	for _, name := range slices.Sorted(maps.Keys(stored)) {
		s := stored[name]
		k := parseKey(name)
		if !k.known() || len(s.Values) == 0 {
			continue
		}
		if len(s.Values) > MaxValues+1 {
			return fmt.Errorf("reading the memory of changes: %d values of %s", len(s.Values), name)
		}
		observations := make([]observation, len(s.Values))
		for i, v := range s.Values {
			stored := value{truncated(escapedOnce(v.Sum)), truncated(escapedOnce(v.Text))}
			observations[i] = observation{unique.Make(stored), seconds(v.At)}
		}
		read.histories = append(read.histories, history{
			key: unique.Make(k), last: observations[0], earlier: observations[1:], quietUntil: seconds(s.QuietUntil),
		})
	}
	*m = read
	return nil
}

func (k key) String() string { return string(k.what) + "/" + string(k.layer) }

func parseKey(s string) key {
	what, layer, _ := strings.Cut(s, "/")
	return key{What(what), Layer(layer)}
}

func (k key) known() bool {
	return (k.layer == Plain || k.layer == Encrypted) &&
		slices.Contains([]What{GreetingHost, Extensions, Auth, Size, Limits, Certificate, TLS, Addresses, MX}, k.what)
}

// escapedOnce escapes a stored text, which may have been edited, but not the
// backslashes of its existing escapes.
func escapedOnce(s string) string {
	parts := strings.Split(s, `\`)
	for i := range parts {
		parts[i] = escaped(parts[i])
	}
	return strings.Join(parts, `\`)
}
