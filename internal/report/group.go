package report

import (
	"cmp"
	"maps"
	"slices"

	"github.com/influxdata/telegraf"
)

// group is what is known of one failover group.
type group struct {
	name             string
	asked, served    int
	attempts         int64
	selected         map[string]int // by relay
	healthy, members int64          // at last
}

func newGroup(name string) *group { return &group{name: name, selected: make(map[string]int)} }

func (g *group) add(m telegraf.Metric) {
	g.asked++
	g.attempts += number[int64](m, "attempts")
	g.healthy, g.members = number[int64](m, "healthy"), number[int64](m, "total")
	if number[int64](m, "success") == 1 {
		g.served++
		by, _ := m.GetTag("selected")
		g.selected[by]++
	}
}

// by lists the relays that served the group, those that did most first.
func (g *group) by() []string {
	return slices.SortedFunc(maps.Keys(g.selected), func(a, b string) int {
		return cmp.Or(cmp.Compare(g.selected[b], g.selected[a]), cmp.Compare(a, b))
	})
}
