package report

import "slices"

// labelParts are the parts of an identity that distinguish the targets of a relay.
var labelParts = []func(identity) string{
	func(id identity) string { return id.source },
	func(id identity) string { return id.port },
	func(id identity) string { return id.ip },
	func(id identity) string { return id.probe },
	func(id identity) string { return id.host },
}

// labels returns a name for each target: its relay, and the parts of its identity
// that differ among the targets of the relay. Targets are sorted by relay.
func labels(all []*series) []string {
	texts := make([]string, len(all))
	for begin := 0; begin < len(all); {
		end := begin + 1
		for end < len(all) && all[end].id.relay == all[begin].id.relay {
			end++
		}
		for i := begin; i < end; i++ {
			texts[i] = all[i].id.relay
		}
		for _, part := range labelParts {
			differs := slices.ContainsFunc(all[begin:end], func(s *series) bool { return part(s.id) != part(all[begin].id) })
			for i := begin; i < end && differs; i++ {
				if value := part(all[i].id); value != "" {
					texts[i] += " · " + value
				}
			}
		}
		begin = end
	}
	return texts
}
