//go:build !race

package state_test

// raceDetector reports whether the race detector slows the tests down.
const raceDetector = false
