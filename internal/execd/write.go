package execd

import (
	"context"
	"fmt"
	"io"

	"github.com/influxdata/telegraf"
	"github.com/influxdata/telegraf/plugins/serializers/influx"
)

// maxBatch is the maximum number of metrics in one write.
const maxBatch = 100

// writeMetrics writes each metric at once, those that come faster than they
// are written together. When out breaks it cancels, and takes the rest without
// writing it, so that no gather blocks.
func writeMetrics(out io.Writer, metrics <-chan telegraf.Metric, cancel context.CancelCauseFunc) {
	serializer := &influx.Serializer{}
	if err := serializer.Init(); err != nil {
		cancel(fmt.Errorf("preparing line protocol: %w", err))
	}
	broken := false
	batch := make([]telegraf.Metric, 0, maxBatch)
	for m := range metrics {
		batch = withWaiting(append(batch[:0], m), metrics)
		if !broken {
			lines, err := serializer.SerializeBatch(batch)
			if err == nil {
				_, err = out.Write(lines)
			}
			if broken = err != nil; broken {
				cancel(fmt.Errorf("writing metrics: %w", err))
			}
		}
		for _, m := range batch {
			if broken {
				m.Drop()
			} else {
				m.Accept()
			}
		}
	}
}

// withWaiting adds the metrics that wait to be written, as long as
// there is room.
func withWaiting(batch []telegraf.Metric, metrics <-chan telegraf.Metric) []telegraf.Metric {
	for len(batch) < cap(batch) {
		select {
		case m, open := <-metrics:
			if !open {
				return batch
			}
			batch = append(batch, m)
		default:
			return batch
		}
	}
	return batch
}
