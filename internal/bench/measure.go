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

// measurement is the cost of one run.
type measurement struct {
	rate   float64       // sessions per second
	cpu    time.Duration // of the contestant's process, per session
	allocs float64       // per session
	bytes  float64       // allocated, per session
	peak   int64         // bytes of memory, beyond those before the run
}

// row is the median of a contestant's rounds.
type row struct {
	name  string
	ratio float64 // of the rate to that of the first contestant in the same round
	measurement
}

// compare measures every contestant once per round.
func compare(e *endpoint, sessions, rounds, inflight int) ([]row, error) {
	taken := make([][]measurement, len(contestants))
	for round := range rounds {
		for i, c := range contestants {
			m, err := measure(c.prepare, e, sessions, inflight)
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
		rows = append(rows, row{c.name, percentile(ratios, 50), medians(taken[i])})
	}
	return rows, nil
}

// medians returns the median of each figure.
func medians(list []measurement) measurement {
	return measurement{
		rate:   median(list, func(m measurement) float64 { return m.rate }),
		cpu:    median(list, func(m measurement) time.Duration { return m.cpu }),
		allocs: median(list, func(m measurement) float64 { return m.allocs }),
		bytes:  median(list, func(m measurement) float64 { return m.bytes }),
		peak:   median(list, func(m measurement) int64 { return m.peak }),
	}
}

func median[T any, V cmp.Ordered](list []T, value func(T) V) V {
	values := make([]V, len(list))
	for i, t := range list {
		values[i] = value(t)
	}
	return percentile(values, 50)
}

// percentile sorts a list and returns the value at that percentage of it.
func percentile[T cmp.Ordered](list []T, percent int) T {
	slices.Sort(list)
	return list[(len(list)-1)*percent/100]
}

// measure prepares a contestant and runs its sessions.
func measure(prepare preparer, e *endpoint, sessions, inflight int) (measurement, error) {
	t, err := prepare(e, sessions, inflight)
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
	debug.FreeOSMemory() // a run must not pay for the garbage of the previous one
	resetPeakMemory()
	resident := peakMemory()
	before, cpu, start := memory(), cpuTime(), time.Now()
	err = t.run()
	took, used, after := time.Since(start), cpuTime()-cpu, memory()
	n := float64(sessions)
	return measurement{
		rate:   n / took.Seconds(),
		cpu:    time.Duration(float64(used) / n),
		allocs: float64(after.Mallocs-before.Mallocs) / n,
		bytes:  float64(after.TotalAlloc-before.TotalAlloc) / n,
		peak:   peakMemory() - resident,
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
