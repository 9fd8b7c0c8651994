package execd

import (
	"math"
	"os"
	"runtime"
	"runtime/debug"
	"time"
)

const (
	// usualMemory is what the garbage collector keeps the process below, in
	// bytes. Without a limit it lets memory grow to twice of what is in use, and
	// reading a large configuration takes many times the size of the file.
	usualMemory = 180 << 20
	// growth is how many times the memory of a loaded configuration a process
	// may take: what is remembered of the relays comes with the first gather. A
	// limit below what is in use would keep the collector busy for nothing.
	growth = 7
	// collectInterval is the time between two collections while a configuration
	// is loaded. Most configurations are loaded before the first.
	collectInterval = 20 * time.Millisecond
)

// memoryIsSet reports whether the user sets the limit of the collector, which
// takes precedence.
func memoryIsSet() bool { return os.Getenv("GOMEMLIMIT") != "" }

// saveMemory limits the memory of the process until it is called back. It also
// collects garbage by the clock: Telegraf's TOML parser keeps its tokens in a
// few large arrays, each twice as large as the one before, and allocates too
// rarely to start the collector before it needs the next.
func saveMemory() (done func()) {
	if memoryIsSet() {
		return func() {}
	}
	before := debug.SetMemoryLimit(usualMemory)
	ticker := time.NewTicker(collectInterval)
	end := make(chan struct{})
	go func() {
		for {
			select {
			case <-ticker.C:
				runtime.GC() //nolint:revive // see above
			case <-end:
				return
			}
		}
	}()
	return func() {
		ticker.Stop()
		close(end)
		debug.SetMemoryLimit(before)
	}
}

// limitMemory limits the memory of the process to what the configuration that
// is loaded needs.
func limitMemory() {
	if memoryIsSet() {
		return
	}
	runtime.GC() //nolint:revive // only what is in use counts
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	debug.SetMemoryLimit(memoryFor(m.HeapAlloc))
}

// memoryFor is the limit for a configuration that takes so much.
func memoryFor(configuration uint64) int64 {
	return max(usualMemory, int64(min(configuration, math.MaxInt64/growth))*growth)
}
