package smtpprobe

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/influxdata/telegraf"
	"github.com/influxdata/telegraf/agent"
	"github.com/influxdata/telegraf/plugins/serializers/influx"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe"
)

// dropping makes an accumulator drop each metric.
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

// BenchmarkGather measures a gather of 100 relays without the sessions.
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
	p.engine.probe = func(context.Context, *probeRequest) *smtpprobe.Result { return result }
	acc := agent.NewAccumulator(dropping{}, nil)
	b.ReportAllocs()
	for b.Loop() {
		if err := p.Gather(acc); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkLineProtocol measures the serialization of one metric.
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

// BenchmarkLoad loads and initializes 100,000 relays. B/relay is the memory of each
// relay and its state after one gather.
func BenchmarkLoad(b *testing.B) {
	const relays = 100_000
	for _, bb := range []struct{ name, format string }{
		{"Servers", ""},
		{"Relays", "[[inputs.smtpprobe.relay]]\nname = \"r%06d\"\nurl = \"smtp://r%06d.example\"\n"},
		{"RelaysWithSettings", "[[inputs.smtpprobe.relay]]\nname = \"r%06d\"\nurl = \"smtp://r%06d.example\"\ntimeout = \"5s\"\n"},
	} {
		b.Run(bb.name, func(b *testing.B) {
			text := &strings.Builder{}
			text.WriteString("[[inputs.smtpprobe]]\nhelo = \"probe.example\"\n")
			if bb.format == "" {
				text.WriteString("servers = [\n")
				for i := range relays {
					fmt.Fprintf(text, "\"smtp://r%06d.example\",\n", i)
				}
				text.WriteString("]\n")
			} else {
				for i := range relays {
					fmt.Fprintf(text, bb.format, i, i)
				}
			}
			acc := agent.NewAccumulator(dropping{}, nil)
			var before, after runtime.MemStats
			for b.Loop() {
				b.StopTimer()
				runtime.GC()
				runtime.ReadMemStats(&before)
				b.StartTimer()
				p, err := load(b, text.String())
				if err != nil {
					b.Fatal(err)
				}
				if err := p.Init(); err != nil {
					b.Fatal(err)
				}
				b.StopTimer()
				result := healthyResult()
				p.engine.probe = func(context.Context, *probeRequest) *smtpprobe.Result { return result }
				p.Log = nil
				if err := p.Gather(acc); err != nil {
					b.Fatal(err)
				}
				runtime.GC()
				runtime.ReadMemStats(&after)
				b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/relays, "B/relay")
				runtime.KeepAlive(p)
				b.StartTimer()
			}
		})
	}
}
