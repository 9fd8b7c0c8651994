package execd

import (
	"math"
	"os"
	"runtime"
	"runtime/debug"
	"time"
)

const (
	// usualMemory is the memory limit of the garbage collector, in bytes. Without a
	// limit the process grows to twice the memory in use, and loading a large
	// configuration takes many times the size of the file.
	usualMemory = 180 << 20

	// A limit below the memory in use would only keep the collector busy, so the
	// limit is at least a multiple of it. While a configuration is loaded, the
	// memory in use is measured every collectInterval. The first gather adds the
	// state of each relay to the memory of the configuration.
	loadingGrowth   = 1.25
	gatheringGrowth = 7

	// collectInterval is the time between two collections while a configuration is
	// loaded. Most configurations are loaded in less.
	collectInterval = 20 * time.Millisecond
)

// limitIsSet reports whether the user sets the memory limit, which takes
// precedence.
func limitIsSet() bool { return os.Getenv("GOMEMLIMIT") != "" }

// saveMemory limits the memory of the process while a configuration is loaded,
// until loaded is called. It collects garbage at an interval: Telegraf's TOML
// parser makes few, large allocations, each to replace one of half the size, and
// so the collector seldom runs by itself.
func saveMemory() (loaded func()) {
	if limitIsSet() {
		return func() {}
	}
	before := debug.SetMemoryLimit(usualMemory)
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		ticker := time.NewTicker(collectInterval)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				debug.SetMemoryLimit(limitFor(memoryInUse(), loadingGrowth))
			case <-stop:
				return
			}
		}
	}()
	return func() {
		close(stop)
		<-stopped
		debug.SetMemoryLimit(before)
	}
}

// limitMemory limits the memory of the process while it gathers.
func limitMemory() {
	if !limitIsSet() {
		debug.SetMemoryLimit(limitFor(memoryInUse(), gatheringGrowth))
	}
}

// memoryInUse collects garbage and returns the size of what remains, in bytes.
func memoryInUse() uint64 {
	runtime.GC() //nolint:revive // garbage does not count
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// limitFor returns the memory limit for a process with so much memory in use.
func limitFor(inUse uint64, growth float64) int64 {
	return max(usualMemory, int64(min(float64(inUse)*growth, math.MaxInt64/2)))
}
