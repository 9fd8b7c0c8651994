package dashboards

import (
	"bytes"
	"encoding/json"
)

// Files returns the contents of the generated files, by their names in the folder
// dashboards/.
func Files() (map[string][]byte, error) {
	files := make(map[string][]byte)
	for _, source := range Sources() {
		var b bytes.Buffer
		enc := json.NewEncoder(&b)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", "  ")
		if err := enc.Encode(source.Dashboard()); err != nil {
			return nil, err
		}
		files["smtpprobe-"+source.Key+".json"] = b.Bytes()
	}
	return files, nil
}
