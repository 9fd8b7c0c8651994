package report_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"
)

// page is a page as a browser understands it.
type page struct {
	t    *testing.T
	root *html.Node
	text string
}

// find lists the elements of a kind in a section, "" for anywhere.
func (p *page) find(section, element string) []*html.Node {
	top := p.root
	if section != "" {
		top = nil
		for n := range p.root.Descendants() {
			if n.Data == "section" && attribute(n, "id") == section {
				top = n
			}
		}
		require.NotNil(p.t, top, "the section %s", section)
	}
	return elements(top, element)
}

func elements(top *html.Node, element string) []*html.Node {
	var found []*html.Node
	for n := range top.Descendants() {
		if n.Type == html.ElementNode && n.Data == element {
			found = append(found, n)
		}
	}
	return found
}

// rows are the cells of a section's table, but for the heads.
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

// timelineLabels are what stands before and behind each line of it.
func (p *page) timelineLabels() []string {
	var labels []string
	for _, div := range p.find("timeline", "div") {
		if spans := elements(div, "span"); attribute(div, "class") == "row" && attribute(spans[0], "title") != "" {
			labels = append(labels, content(spans[0])+" "+content(spans[len(spans)-1]))
		}
	}
	return labels
}

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

// roundly rounds the numbers in texts like "class 33.3333+20".
func roundly(texts []string) []string {
	rounded := make([]string, len(texts))
	for i, text := range texts {
		class, numbers, _ := strings.Cut(text, " ")
		x, width, _ := strings.Cut(numbers, "+")
		rounded[i] = class + " " + whole(x) + "+" + whole(width)
	}
	return rounded
}

func whole(number string) string {
	f, err := strconv.ParseFloat(number, 64)
	if err != nil {
		return number
	}
	return fmt.Sprintf("%.0f", f)
}
