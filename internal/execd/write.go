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

// writeMetrics writes each metric immediately, or several together if they arrive
// faster than they can be written. If writing fails, it calls cancel and discards
// all further metrics, so that no gather blocks.
func writeMetrics(out io.Writer, metrics <-chan telegraf.Metric, cancel context.CancelCauseFunc) {
	serializer := &influx.Serializer{}
	if err := serializer.Init(); err != nil {
		cancel(fmt.Errorf("preparing line protocol: %w", err))
	}
	broken := false
	batch := make([]telegraf.Metric, 0, maxBatch)
	for m := range metrics {
		batch = appendAvailable(append(batch[:0], m), metrics)
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

// appendAvailable appends the metrics that can be received without blocking, up to
// the capacity of the batch.
func appendAvailable(batch []telegraf.Metric, metrics <-chan telegraf.Metric) []telegraf.Metric {
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
