//go:build !linux

package main

// Where there is no /proc, these are not known.

func peak() int64 { return 0 }

func resetPeak() {}

func descriptors() int { return 0 }
