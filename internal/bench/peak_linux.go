package main

import (
	"bytes"
	"os"
	"strconv"
)

// peakMemory returns the most bytes that were resident since resetPeakMemory.
func peakMemory() int64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	_, rest, _ := bytes.Cut(status, []byte("VmHWM:"))
	words := bytes.Fields(rest)
	if len(words) == 0 {
		return 0
	}
	kib, err := strconv.ParseInt(string(words[0]), 10, 64)
	if err != nil {
		return 0
	}
	return kib << 10
}

// resetPeakMemory starts another measurement of peakMemory; see proc(5), clear_refs.
func resetPeakMemory() {
	_ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) //nolint:errcheck // peakMemory is then that of the whole run
}

// descriptors returns the number of open files and sockets.
func descriptors() int {
	dir, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return 0
	}
	return len(dir) - 1 // without the directory itself
}
