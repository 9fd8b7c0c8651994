package execd

import (
	"math"
	"os"
	"runtime"
	"runtime/debug"
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
)

// limitMemory sets the limit of the garbage collector for the time of loading.
// GOMEMLIMIT takes precedence.
func limitMemory() {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(usualMemory)
	}
}

// loadedMemory adapts the limit to a configuration that is loaded.
func loadedMemory() {
	if os.Getenv("GOMEMLIMIT") != "" || debug.SetMemoryLimit(-1) == math.MaxInt64 {
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
