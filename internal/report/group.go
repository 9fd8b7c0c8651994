package report

import (
	"cmp"
	"maps"
	"slices"

	"github.com/influxdata/telegraf"
)

// group counts the results of one failover group.
type group struct {
	name             string
	gathers, served  int
	attempts         float64
	selected         map[string]int // gathers, by relay
	healthy, members int64          // in the last gather
}

func (r *Report) addGroup(m telegraf.Metric) {
	name := tagText(m, "group")
	g := r.groups[name]
	if g == nil {
		g = newGroup(name)
		r.groups[name] = g
	}
	g.add(m)
}

func newGroup(name string) *group { return &group{name: name, selected: make(map[string]int)} }

func (g *group) add(m telegraf.Metric) {
	g.gathers++
	g.attempts += float64(count(m, "attempts"))
	g.healthy, g.members = count(m, "healthy"), count(m, "total")
	if number[int64](m, "success") == 1 {
		g.served++
		g.selected[tagText(m, "selected")]++
	}
}

// selectedRelays returns the relays that served the group, the most frequent first.
func (g *group) selectedRelays() []string {
	return slices.SortedFunc(maps.Keys(g.selected), func(a, b string) int {
		return cmp.Or(cmp.Compare(g.selected[b], g.selected[a]), cmp.Compare(a, b))
	})
}
