package execd

import (
	"math"
	"os"
	"runtime"
	"runtime/debug"
	"time"
)

const (
	// usualMemory is the memory that the garbage collector keeps the process
	// below, in bytes. Without a limit the process grows to twice the memory in
	// use, and loading a large configuration takes many times the size of the
	// file.
	usualMemory = 180 << 20

	// A limit below the memory in use would only keep the collector busy, so the
	// limit is at least a multiple of it. While a configuration is loaded, the
	// memory in use is measured again and again; the gathers that follow need
	// more than the configuration, for the state of each relay.
	loadingGrowth   = 1.25
	gatheringGrowth = 7

	// collectInterval is the time between two collections while a configuration
	// is loaded. Most configurations are loaded before the first.
	collectInterval = 20 * time.Millisecond
)

// memoryIsSet reports whether the user sets the limit of the collector, which
// takes precedence.
func memoryIsSet() bool { return os.Getenv("GOMEMLIMIT") != "" }

// saveMemory keeps memory low while a configuration is loaded, until loaded is
// called. It collects garbage by the clock, because Telegraf's TOML parser
// rarely starts the collector: it allocates a few large arrays, each to replace
// one of half the size.
func saveMemory() (loaded func()) {
	if memoryIsSet() {
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
	if !memoryIsSet() {
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
