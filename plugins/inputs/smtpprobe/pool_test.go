package smtpprobe

import (
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPool_Limit(t *testing.T) {
	t.Parallel()
	const (
		limit = 3
		tasks = 100
	)
	p := newPool(limit)
	var running, most, done atomic.Int64
	for range tasks {
		p.do(func() {
			now := running.Add(1)
			for highest := most.Load(); now > highest; highest = most.Load() {
				if most.CompareAndSwap(highest, now) {
					break
				}
			}
			running.Add(-1)
			done.Add(1)
		})
	}
	p.wait()
	require.EqualValues(t, tasks, done.Load())
	require.LessOrEqual(t, most.Load(), int64(limit))
}

func TestPool_Try(t *testing.T) {
	t.Parallel()
	p := newPool(2)
	release, inner := make(chan struct{}), make(chan bool, 2)
	p.do(func() {
		// A task may start other tasks during wait.
		inner <- p.try(func() { <-release })
		inner <- p.try(func() {})
		close(release)
	})
	p.wait()
	require.True(t, <-inner, "one worker was free")
	require.False(t, <-inner, "no worker was free")
}
