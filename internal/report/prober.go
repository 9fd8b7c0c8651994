package report

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/influxdata/telegraf"
)

// prober counts the gathers of one agent, by smtpprobe_gather.
type prober struct {
	Host             string
	Gathers, Suspect int
	First, Last      time.Time // suspect gather
}

func isGather(m telegraf.Metric) bool {
	return m.HasField("targets") && m.HasField("failed_network") && !m.HasTag("relay")
}

func (p *prober) add(m telegraf.Metric) {
	p.Gathers++
	if number[int64](m, "suspect") != 1 {
		return
	}
	if p.Suspect++; p.Suspect == 1 || m.Time().Before(p.First) {
		p.First = m.Time()
	}
	if m.Time().After(p.Last) {
		p.Last = m.Time()
	}
}

// suspects returns the agents with suspect gathers: their own network failed.
func (r *Report) suspects() []prober {
	var list []prober
	for p := range maps.Values(r.probers) {
		if p.Suspect > 0 {
			list = append(list, *p)
		}
	}
	slices.SortFunc(list, func(a, b prober) int { return cmp.Compare(a.Host, b.Host) })
	return list
}
