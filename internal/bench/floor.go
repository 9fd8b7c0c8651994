package main

import (
	"fmt"
	"time"

	"github.com/influxdata/telegraf"
	"github.com/influxdata/telegraf/agent"
	"github.com/influxdata/telegraf/metric"
	"github.com/influxdata/telegraf/models"
)

// floor measures a lower bound of the cost of a Telegraf input that probes relays:
// the session of the raw client, and a metric with the same tags and fields as the
// plugin's, written as line protocol.
func floor(e *endpoint, sessions, inflight int) (*trial, error) {
	sample, err := sampleMetric(e)
	if err != nil {
		return nil, err
	}
	session, err := raw(e)
	if err != nil {
		return nil, err
	}
	input := &rawInput{session: session, sample: sample, sessions: sessions, inflight: inflight}
	in := models.NewRunningInput(input, &models.InputConfig{Name: "raw"})
	return &trial{run: func() error {
		var lines counter
		if err := gatherInto(in, &lines); err != nil {
			return err
		}
		if written := lines.all.Load(); written != int64(sessions) {
			return fmt.Errorf("%d metrics of %d sessions", written, sessions)
		}
		return nil
	}}, nil
}

// rawInput is an input that runs the raw client.
type rawInput struct {
	session            func(i int) error
	sample             telegraf.Metric
	sessions, inflight int
}

// SampleConfig implements telegraf.Input.
func (*rawInput) SampleConfig() string { return "" }

// Gather implements telegraf.Input.
func (r *rawInput) Gather(acc telegraf.Accumulator) error {
	return each(r.sessions, r.inflight, func(i int) error {
		start := time.Now()
		if err := r.session(i); err != nil {
			return err
		}
		m := metric.New(r.sample.Name(), nil, nil, start)
		for _, tag := range r.sample.TagList() {
			m.AddTag(tag.Key, tag.Value)
		}
		for _, field := range r.sample.FieldList() {
			m.AddField(field.Key, field.Value)
		}
		acc.AddMetric(m)
		return nil
	})
}

// sampleMetric returns the plugin's metric of one session.
func sampleMetric(e *endpoint) (telegraf.Metric, error) {
	in, err := load(configuration(e.urls(1), 1, sessionTimeout.String(), e.ca))
	if err != nil {
		return nil, err
	}
	metrics := make(chan telegraf.Metric, 2) // of the relay and of the gather
	if err := in.Gather(agent.NewAccumulator(in, metrics)); err != nil {
		return nil, err
	}
	return <-metrics, nil
}
