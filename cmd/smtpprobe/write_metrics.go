package main

import (
	"context"
	"fmt"
	"io"

	"github.com/influxdata/telegraf"
	"github.com/influxdata/telegraf/plugins/serializers/influx"
)

// writeMetrics writes each metric at once, in one write. When out breaks it
// cancels, and takes the rest without writing it, so that no gather blocks.
func writeMetrics(out io.Writer, metrics <-chan telegraf.Metric, cancel context.CancelCauseFunc) {
	serializer := &influx.Serializer{SortFields: true}
	if err := serializer.Init(); err != nil {
		cancel(fmt.Errorf("preparing line protocol: %w", err))
	}
	broken := false
	for m := range metrics {
		if broken {
			m.Drop()
			continue
		}
		line, err := serializer.Serialize(m)
		if err == nil {
			_, err = out.Write(line)
		}
		if err != nil {
			broken = true
			m.Drop()
			cancel(fmt.Errorf("writing metrics: %w", err))
			continue
		}
		m.Accept()
	}
}
