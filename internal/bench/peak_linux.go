package main

import (
	"bytes"
	"os"
	"strconv"
)

// peak is the most memory that was resident since resetPeak, in bytes.
func peak() int64 {
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

// resetPeak resets peak; see proc(5), clear_refs.
func resetPeak() {
	_ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) //nolint:errcheck // without it, peak is that of the whole run
}

// descriptors is how many files and sockets are open, this look aside.
func descriptors() int {
	dir, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return 0
	}
	return len(dir) - 1
}
