package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"text/tabwriter"
	"time"
)

// measurement is what one run cost.
type measurement struct {
	rate   float64       // sessions a second
	cpu    time.Duration // of the contestant's process, a session
	allocs float64       // a session
	bytes  float64       // allocated, a session
	peak   int64         // bytes of memory in use beyond those before, at the most
}

// row is the median of a contestant's rounds.
type row struct {
	name  string
	ratio float64 // of rates, to the first contestant, round by round
	measurement
}

// race lets every contestant run once a round, in turns.
func race(at *endpoint, sessions, rounds, inflight int) ([]row, error) {
	taken := make([][]measurement, len(contestants))
	for round := range rounds {
		for i, c := range contestants {
			m, err := measure(c, at, sessions, inflight)
			if errors.Is(err, errMissing) {
				if round == 0 {
					fmt.Fprintf(os.Stderr, "bench: %s is left out: %v\n", c.name, err)
				}
				continue
			}
			if err != nil {
				return nil, fmt.Errorf("%s: %w", c.name, err)
			}
			taken[i] = append(taken[i], m)
		}
	}
	rows := make([]row, 0, len(contestants))
	for i, c := range contestants {
		if len(taken[i]) == 0 {
			continue
		}
		ratios := make([]float64, rounds)
		for k := range rounds {
			ratios[k] = taken[i][k].rate / taken[0][k].rate
		}
		rows = append(rows, row{c.name, median(ratios, identity), middle(taken[i])})
	}
	return rows, nil
}

// middle is the median of each figure.
func middle(m []measurement) measurement {
	return measurement{
		rate:   median(m, func(m measurement) float64 { return m.rate }),
		cpu:    median(m, func(m measurement) time.Duration { return m.cpu }),
		allocs: median(m, func(m measurement) float64 { return m.allocs }),
		bytes:  median(m, func(m measurement) float64 { return m.bytes }),
		peak:   median(m, func(m measurement) int64 { return m.peak }),
	}
}

func median[T any, V cmp.Ordered](list []T, value func(T) V) V {
	values := make([]V, len(list))
	for i, t := range list {
		values[i] = value(t)
	}
	slices.Sort(values)
	return values[len(values)/2]
}

func identity(v float64) float64 { return v }

// measure runs one contestant's sessions, a fixed number at once.
func measure(c contestant, at *endpoint, sessions, inflight int) (measurement, error) {
	t, err := c.prepare(at, sessions, inflight)
	if err != nil {
		return measurement{}, err
	}
	if t.stop != nil {
		defer t.stop()
	}
	cpuTime := processCPU
	if t.cpu != nil {
		cpuTime = t.cpu
	}
	debug.FreeOSMemory() // a round must not pay for the garbage of the previous one
	resetPeak()
	resident := peak()
	before, cpu, start := memory(), cpuTime(), time.Now()
	err = t.run()
	took, used, after := time.Since(start), cpuTime()-cpu, memory()
	n := float64(sessions)
	return measurement{
		rate:   n / took.Seconds(),
		cpu:    time.Duration(float64(used) / n),
		allocs: float64(after.Mallocs-before.Mallocs) / n,
		bytes:  float64(after.TotalAlloc-before.TotalAlloc) / n,
		peak:   peak() - resident,
	}, err
}

func memory() runtime.MemStats {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m
}

const mebibyte = 1 << 20

func show(w io.Writer, title string, rows []row) {
	fmt.Fprintf(w, "\n%s\n", title)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "\tsessions/s\tratio to raw\tCPU/session\tallocs\tbytes\tpeak memory\t")
	for _, r := range rows {
		fmt.Fprintf(t, "%s\t%.0f\t%.2f\t%s\t%.0f\t%.0f\t%.1f MiB\t\n", r.name, r.rate, r.ratio,
			r.cpu.Round(100*time.Nanosecond), r.allocs, r.bytes, float64(r.peak)/mebibyte)
	}
	t.Flush()
}
