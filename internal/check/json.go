package check

import (
	"encoding/json"
	"io"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/summary"
)

// schema is the version of the JSON. It changes when a key is removed or gets
// another meaning; new keys do not change it.
const schema = 1

type outcomeJSON struct {
	Schema int    `json:"schema"`
	Relay  string `json:"relay"`
	*summary.Summary
	Policy  *summary.Policy `json:"policy,omitempty"`
	Arrival *Arrival        `json:"arrival,omitempty"`
}

// JSON writes an array with an object for each outcome.
func JSON(w io.Writer, outcomes []Outcome) error {
	all := make([]outcomeJSON, 0, len(outcomes))
	for _, o := range outcomes {
		all = append(all, outcomeJSON{schema, o.Name, o.Summary, o.Policy, o.Arrival})
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(all)
}
