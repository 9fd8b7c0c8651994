package policy

import (
	"context"
	"sync"
	"time"
)

// Answer is the result of a lookup that may still be running.
type Answer[T any] struct {
	done    chan struct{} // closed when the lookup has ended
	started time.Time
	used    time.Time // guarded by the cache
	earlier *T        // result of the lookup before, nil if there is none
	result  *T        // set before done is closed; nil if the lookup was interrupted
}

// Get waits for the lookup. If the context ends first, or if the lookup was
// interrupted, Get returns the result of an earlier lookup, nil if there is none.
// It returns nil for a nil Answer.
func (a *Answer[T]) Get(ctx context.Context) *T {
	if a == nil {
		return nil
	}
	if !a.ended() {
		select {
		case <-a.done:
		case <-ctx.Done():
			return a.earlier
		}
	}
	return a.latest()
}

// Refreshes reports whether the lookup replaces an earlier result, so that there is
// no need to wait long.
func (a *Answer[T]) Refreshes() bool { return a != nil && a.earlier != nil }

func (a *Answer[T]) ended() bool {
	select {
	case <-a.done:
		return true
	default:
		return false
	}
}

// latest returns the latest result of a lookup that has ended, nil if there is
// none.
func (a *Answer[T]) latest() *T {
	if a.result != nil {
		return a.result
	}
	return a.earlier
}

// fresh reports whether the answer can be used instead of a new lookup.
func (a *Answer[T]) fresh(now time.Time, interval time.Duration) bool {
	return !a.ended() || a.result != nil && now.Sub(a.started) < interval
}

// cache holds the latest lookup of each name.
type cache[T any] struct {
	keep time.Duration // how long an entry is kept without being used

	mu      sync.Mutex
	answers map[string]*Answer[T]
	swept   time.Time
}

// start returns the answer of a name, and a function that ends the lookup with its
// result if the caller has to run it: there is no answer yet, or it is older than
// the interval.
func (c *cache[T]) start(key string, now time.Time, interval time.Duration) (a *Answer[T], finish func(*T)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sweep(now)
	next := &Answer[T]{done: make(chan struct{}), started: now, used: now}
	if last := c.answers[key]; last != nil {
		last.used = now
		if last.fresh(now, interval) {
			return last, nil
		}
		next.earlier = last.latest()
	}
	c.put(key, next)
	return next, func(result *T) {
		next.result = result
		close(next.done)
	}
}

// restore sets the earlier result of a name that was not looked up yet.
func (c *cache[T]) restore(key string, now time.Time, earlier *T) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.answers[key] != nil {
		return
	}
	ended := make(chan struct{})
	close(ended)
	c.put(key, &Answer[T]{done: ended, used: now, earlier: earlier})
}

// put sets an entry. The caller holds c.mu.
func (c *cache[T]) put(key string, a *Answer[T]) {
	if c.answers == nil {
		c.answers = make(map[string]*Answer[T])
	}
	c.answers[key] = a
}

// sweep removes entries that are not used any more. The caller holds c.mu.
func (c *cache[T]) sweep(now time.Time) {
	if now.Sub(c.swept) < c.keep {
		return
	}
	c.swept = now
	for key, a := range c.answers {
		if a.ended() && now.Sub(a.used) > c.keep {
			delete(c.answers, key)
		}
	}
}
