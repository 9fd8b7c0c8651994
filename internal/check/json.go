package check

import (
	"encoding/json"
	"io"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/summary"
)

// schema is the version of the JSON format. It changes if a key is removed or
// changes its meaning, not if a key is added.
const schema = 1

type outcomeJSON struct {
	Schema int    `json:"schema"`
	Relay  string `json:"relay"`
	*summary.Summary
	Policy  *summary.Policy `json:"policy,omitempty"`
	Arrival *Arrival        `json:"arrival,omitempty"`
}

func toJSON(o *Outcome) outcomeJSON {
	return outcomeJSON{schema, o.Name, o.Summary, o.Policy, o.Arrival}
}

func newEncoder(w io.Writer) *json.Encoder {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return e
}

// JSON writes an array with an object for each outcome.
func JSON(w io.Writer, outcomes []Outcome) error {
	all := make([]outcomeJSON, 0, len(outcomes))
	for i := range outcomes {
		all = append(all, toJSON(&outcomes[i]))
	}
	e := newEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(all)
}

// JSONLines writes an object for each outcome, one per line.
func JSONLines(w io.Writer, outcomes []Outcome) error {
	e := newEncoder(w)
	for i := range outcomes {
		if err := e.Encode(toJSON(&outcomes[i])); err != nil {
			return err
		}
	}
	return nil
}
