//go:build !linux

package main

// Unknown without /proc.

func peakMemory() int64 { return 0 }

func resetPeakMemory() {}

func descriptors() int { return 0 }
