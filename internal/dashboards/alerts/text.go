package alerts

import "strings"

// placed returns the summary with place(name) instead of each {name}.
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

// formats are the functions that format a value, in the templates of Prometheus and of
// Grafana.
var formats = map[unit]string{plain: "humanize", seconds: "humanizeDuration", share: "humanizePercentage"}

const lineWidth = 80

// wrapped wraps paragraphs at lineWidth. Each line begins with prefix.
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
