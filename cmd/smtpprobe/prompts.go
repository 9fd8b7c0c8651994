package main

import (
	"bufio"
	"errors"
	"io"
	"time"

	"github.com/influxdata/telegraf/models"
)

// prompts tell inputs to gather. Each input has room for one: a gather that
// takes too long is followed by one more, not by a queue of them.
type prompts map[*models.RunningInput]chan struct{}

func newPrompts(inputs []*models.RunningInput) prompts {
	p := make(prompts, len(inputs))
	for _, in := range inputs {
		p[in] = make(chan struct{}, 1)
	}
	return p
}

// fromLines prompts all inputs for every line, until there are no more.
func (p prompts) fromLines(r io.Reader) {
	in := bufio.NewReader(r)
	for {
		_, err := in.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		if err != nil {
			return
		}
		for _, c := range p {
			select {
			case c <- struct{}{}:
			default:
			}
		}
	}
}

// ticks is a ticker's channel, nil without an interval.
func ticks(interval time.Duration) (c <-chan time.Time, stop func()) {
	if interval <= 0 {
		return nil, func() {}
	}
	t := time.NewTicker(interval)
	return t.C, t.Stop
}
