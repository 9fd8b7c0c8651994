package report_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"
)

// page is a parsed page.
type page struct {
	t    *testing.T
	root *html.Node
	text string
}

// find returns the elements with a name in a section, or in the whole page if section
// is "".
func (p *page) find(section, element string) []*html.Node {
	root := p.root
	if section != "" {
		root = nil
		for n := range p.root.Descendants() {
			if n.Data == "section" && attribute(n, "id") == section {
				root = n
			}
		}
		require.NotNil(p.t, root, "the section %s", section)
	}
	return elements(root, element)
}

func elements(root *html.Node, element string) []*html.Node {
	var found []*html.Node
	for n := range root.Descendants() {
		if n.Type == html.ElementNode && n.Data == element {
			found = append(found, n)
		}
	}
	return found
}

// rows returns the cells of the table in a section, without the header.
func (p *page) rows(section string) [][]string {
	var rows [][]string
	for _, tr := range p.find(section, "tr") {
		var cells []string
		for _, td := range elements(tr, "td") {
			cells = append(cells, content(td))
		}
		if cells != nil {
			rows = append(rows, cells)
		}
	}
	return rows
}

// timelineLabels returns the label and the share of each line of the timeline.
func (p *page) timelineLabels() []string {
	var labels []string
	for _, div := range p.find("timeline", "div") {
		if spans := elements(div, "span"); attribute(div, "class") == "row" && attribute(spans[0], "title") != "" {
			labels = append(labels, content(spans[0])+" "+content(spans[len(spans)-1]))
		}
	}
	return labels
}

// content returns the text of an element.
func content(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
	}
	return strings.TrimSpace(b.String())
}

func attribute(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

// rounded rounds the numbers in texts such as "class 33.3333+20".
func rounded(texts []string) []string {
	results := make([]string, len(texts))
	for i, text := range texts {
		class, numbers, _ := strings.Cut(text, " ")
		x, width, _ := strings.Cut(numbers, "+")
		results[i] = class + " " + integer(x) + "+" + integer(width)
	}
	return results
}

func integer(number string) string {
	f, err := strconv.ParseFloat(number, 64)
	if err != nil {
		return number
	}
	return fmt.Sprintf("%.0f", f)
}
