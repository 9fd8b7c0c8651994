package main

import (
	"bytes"
	"fmt"
	"os"
	"strings"
)

// renderTable makes docs/licenses.md.
func renderTable(modules []module) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, `# Licences of what is linked in

The program is under the [MIT licence](../LICENSE). It is linked from the
modules below, on one platform or another. Every one of them is under one or
more of: %s.
`+"`make lint`"+` fails on any other, and if this table is out of date; `+"`make docs`"+`
writes it. Release archives and packages hold the licences' texts in
`+"`third-party-licenses.txt`"+`.

| Module | Licences |
|---|---|
`, strings.Join(accepted, ", "))
	for _, m := range modules {
		name := "`" + m.path + "`"
		if strings.Contains(m.path, " ") {
			name = m.path
		}
		fmt.Fprintf(&b, "| %s | %s |\n", name, strings.Join(m.licenses, ", "))
	}
	return b.Bytes()
}

// renderTexts makes the file that a package holds: the licences and notices of
// every module, as they are.
func renderTexts(modules []module) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString("smtpprobe is linked from these modules, under the licences below.\n")
	for _, m := range modules {
		for _, f := range m.files {
			text, err := os.ReadFile(f.path)
			if err != nil {
				return nil, err
			}
			fmt.Fprintf(&b, "\n%s\n%s %s: %s\n\n%s\n", strings.Repeat("=", 78), m.path, m.version, f.name, bytes.TrimSpace(text))
		}
	}
	return b.Bytes(), nil
}
