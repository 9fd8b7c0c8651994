package main

import (
	"crypto/tls"
	"fmt"
	"io"
	"runtime"
	"slices"
	"sync"
	"text/tabwriter"
	"time"
)

// measurement is what one contestant's round cost, per session.
type measurement struct {
	rate   float64 // sessions a second
	cpu    time.Duration
	allocs float64
	bytes  float64
}

// row is the median of a contestant's rounds.
type row struct {
	name  string
	ratio float64 // to the first contestant, round by round
	measurement
}

// race lets every contestant run once a round, in turns.
func race(addr string, config *tls.Config, sessions, rounds, inflight int) ([]row, error) {
	taken := make([][]measurement, len(contestants))
	for range rounds {
		for i, c := range contestants {
			m, err := measure(c, addr, config, sessions, inflight)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", c.name, err)
			}
			taken[i] = append(taken[i], m)
		}
	}
	rows := make([]row, len(contestants))
	for i, c := range contestants {
		rows[i] = row{
			name:  c.name,
			ratio: median(rounds, func(k int) float64 { return taken[i][k].rate / taken[0][k].rate }),
			measurement: measurement{
				rate:   median(rounds, func(k int) float64 { return taken[i][k].rate }),
				cpu:    time.Duration(median(rounds, func(k int) float64 { return float64(taken[i][k].cpu) })),
				allocs: median(rounds, func(k int) float64 { return taken[i][k].allocs }),
				bytes:  median(rounds, func(k int) float64 { return taken[i][k].bytes }),
			},
		}
	}
	return rows, nil
}

// measure runs one contestant's sessions, a fixed number at once.
func measure(c contestant, addr string, config *tls.Config, sessions, inflight int) (measurement, error) {
	work := make(chan struct{}, sessions)
	for range sessions {
		work <- struct{}{}
	}
	close(work)
	var (
		wg     sync.WaitGroup
		once   sync.Once
		failed error
	)
	runtime.GC() //nolint:revive // a round shall not pay for the garbage of the one before
	before, cpu, start := memory(), processCPU(), time.Now()
	for range inflight {
		wg.Go(func() {
			for range work {
				if err := c.session(addr, config); err != nil {
					once.Do(func() { failed = err })
					return
				}
			}
		})
	}
	wg.Wait()
	took, used, after := time.Since(start), processCPU()-cpu, memory()
	n := float64(sessions)
	return measurement{
		rate:   n / took.Seconds(),
		cpu:    time.Duration(float64(used) / n),
		allocs: float64(after.Mallocs-before.Mallocs) / n,
		bytes:  float64(after.TotalAlloc-before.TotalAlloc) / n,
	}, failed
}

func memory() runtime.MemStats {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m
}

func median(n int, value func(int) float64) float64 {
	values := make([]float64, n)
	for k := range n {
		values[k] = value(k)
	}
	slices.Sort(values)
	return values[n/2]
}

func show(w io.Writer, title string, rows []row) {
	fmt.Fprintf(w, "\n%s\n", title)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "\tsessions/s\tratio to raw\tCPU/session\tallocs\tbytes\t")
	for _, r := range rows {
		fmt.Fprintf(t, "%s\t%.0f\t%.2f\t%s\t%.0f\t%.0f\t\n", r.name, r.rate, r.ratio, r.cpu.Round(100*time.Nanosecond), r.allocs, r.bytes)
	}
	t.Flush()
}
