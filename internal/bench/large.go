package main

import (
	"fmt"
	"io"
	"math"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/influxdata/telegraf/logger"
)

const (
	largeFleet  = 100_000   // the most relays of one instance
	largeMemory = 180 << 20 // the limit of the garbage collector
)

// large shows what the largest fleet takes: time and memory to load, memory
// between gathers, and the time of a gather.
func large(srv *server) error {
	toml := configuration(srv.plain.urls(largeFleet), concurrent, sessionTimeout.String(), "")
	// As "smtpprobe execd" does.
	logger.RedirectLogging(io.Discard)
	debug.SetMemoryLimit(largeMemory)
	defer debug.SetMemoryLimit(math.MaxInt64)
	debug.FreeOSMemory()
	empty := memory().HeapAlloc
	resetPeakMemory()
	start := time.Now()
	in, err := load(toml)
	if err != nil {
		return err
	}
	loading := time.Since(start)
	fmt.Printf("\n%d relays, each with a table of its own; max_concurrent = %d\n", largeFleet, concurrent)
	fmt.Printf("  configuration loaded in  %s, with a peak of %.1f MiB resident\n", loading.Round(time.Millisecond), float64(peakMemory())/mebibyte)
	debug.FreeOSMemory()
	resetPeakMemory()
	for _, name := range []string{"first", "second"} {
		var lines counter
		start, cpu := time.Now(), processCPU()
		if err := gatherInto(in, &lines); err != nil {
			return err
		}
		took := time.Since(start)
		fmt.Printf("  %-6s gather in         %s, with %.0f %% of a core; %d of %d healthy\n", name, took.Round(time.Millisecond),
			100*(processCPU()-cpu).Seconds()/took.Seconds(), lines.healthy.Load(), largeFleet)
	}
	fmt.Printf("  peak memory then         %.1f MiB resident, configuration and program included\n", float64(peakMemory())/mebibyte)
	debug.FreeOSMemory()
	rest := memory().HeapAlloc - empty
	fmt.Printf("  at rest                  %.0f bytes per relay\n", float64(rest)/largeFleet)
	runtime.KeepAlive(in)
	return nil
}
