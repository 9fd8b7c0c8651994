package main

import (
	"fmt"
	"io"
	"math"
	"runtime"
	"runtime/debug"
	"slices"
	"time"

	"github.com/influxdata/telegraf/logger"
)

const (
	largeFleet  = 100_000   // the most relays of one instance
	largeMemory = 180 << 20 // the limit of the garbage collector
)

// large gathers from the largest fleet: what it takes to load, what it holds
// between gathers, and how long one takes.
func large(srv *server) error {
	toml := configuration(slices.Repeat([]string{srv.plain.url()}, largeFleet), concurrent, sessionTimeout.String(), "")
	// As the program does it.
	logger.RedirectLogging(io.Discard)
	debug.SetMemoryLimit(largeMemory)
	defer debug.SetMemoryLimit(math.MaxInt64)
	debug.FreeOSMemory()
	empty := memory().HeapAlloc
	resetPeak()
	start := time.Now()
	in, err := load(toml)
	if err != nil {
		return err
	}
	loading := time.Since(start)
	fmt.Printf("\n%d relays, each with a table of its own; max_concurrent = %d\n", largeFleet, concurrent)
	fmt.Printf("  configuration loaded in  %s, with a peak of %.1f MiB resident\n", loading.Round(time.Millisecond), float64(peak())/mebibyte)
	debug.FreeOSMemory()
	resetPeak()
	for _, which := range []string{"first", "second"} {
		var lines counter
		start, cpu := time.Now(), processCPU()
		if err := gatherInto(in, &lines); err != nil {
			return err
		}
		took := time.Since(start)
		fmt.Printf("  %-6s gather in         %s, with %.0f %% of a core; %d of %d healthy\n", which, took.Round(time.Millisecond),
			100*(processCPU()-cpu).Seconds()/took.Seconds(), lines.healthy.Load(), largeFleet)
	}
	fmt.Printf("  peak memory then         %.1f MiB resident, configuration and program included\n", float64(peak())/mebibyte)
	debug.FreeOSMemory()
	rest := memory().HeapAlloc - empty
	fmt.Printf("  at rest                  %.0f bytes per relay\n", float64(rest)/largeFleet)
	runtime.KeepAlive(in)
	return nil
}
