package smtpprobe

import (
	"context"
	"fmt"
	"testing"

	"github.com/influxdata/telegraf"
	"github.com/influxdata/telegraf/agent"
	"github.com/influxdata/telegraf/plugins/serializers/influx"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe"
)

// dropping makes Telegraf's accumulator drop each metric once it is made.
type dropping struct{}

func (dropping) LogName() string                            { return "" }
func (dropping) MakeMetric(telegraf.Metric) telegraf.Metric { return nil }
func (dropping) Log() telegraf.Logger                       { return nil }

func BenchmarkReport(b *testing.B) {
	p, o := New(), after(0, began, healthyResult())
	acc := agent.NewAccumulator(dropping{}, nil)
	b.ReportAllocs()
	for b.Loop() {
		p.report(acc, stable, o)
	}
}

// BenchmarkGather is what a gather adds to the sessions, for 100 relays.
func BenchmarkGather(b *testing.B) {
	p := New()
	p.MaxConcurrent = 4
	for i := range 100 {
		p.Servers = append(p.Servers, fmt.Sprintf("smtp://127.0.0.1:%d", 1000+i))
	}
	if err := p.Init(); err != nil {
		b.Fatal(err)
	}
	result := healthyResult()
	p.engine.probe = func(context.Context, *smtpprobe.Prober) *smtpprobe.Result { return result }
	acc := agent.NewAccumulator(dropping{}, nil)
	b.ReportAllocs()
	for b.Loop() {
		if err := p.Gather(acc); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkLineProtocol is what Telegraf's serializer makes of one report.
func BenchmarkLineProtocol(b *testing.B) {
	m := after(0, began, healthyResult()).main(stable)
	s := &influx.Serializer{}
	if err := s.Init(); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Serialize(m); err != nil {
			b.Fatal(err)
		}
	}
}
