package alerts

import "strings"

// placed is the summary with something in the place of each {name}.
func (a Alert) placed(place func(name string) string) string {
	var b strings.Builder
	rest := a.Summary
	for {
		before, after, found := strings.Cut(rest, "{")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		var name string
		name, rest, _ = strings.Cut(after, "}")
		b.WriteString(place(name))
	}
}

// humane are the functions that show a value, in the templates of Prometheus
// and of Grafana.
var humane = map[unit]string{plain: "humanize", seconds: "humanizeDuration", share: "humanizePercentage"}

const lineWidth = 80

// wrapped are paragraphs as comments.
func wrapped(prefix string, paragraphs ...string) string {
	var b strings.Builder
	for _, paragraph := range paragraphs {
		line := prefix
		for _, word := range strings.Fields(paragraph) {
			if len(line)+len(word) > lineWidth && line != prefix {
				b.WriteString(strings.TrimRight(line, " ") + "\n")
				line = prefix
			}
			line += word + " "
		}
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	return b.String()
}
