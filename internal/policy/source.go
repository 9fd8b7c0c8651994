package policy

import (
	"context"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// maxLooks is how many names are looked up at a time, and maxFetches for how
	// many domains a policy is fetched: those may wait for slow hosts.
	maxLooks, maxFetches = 20, 64
	// keepHosts is how many intervals a host is remembered that nobody asks for: a
	// zone can name other hosts in every answer.
	keepHosts = 2
	// keepDomains is how long a domain is remembered that nobody asks for.
	keepDomains = 7 * 24 * time.Hour
)

// Options are how a Source looks things up.
type Options struct {
	Resolver Resolver
	Web      Web
	// Interval is how often a name is looked up at most; 0 is each time.
	Interval time.Duration
	// Now is the clock; nil: time.Now.
	Now func() time.Time
}

// Source looks up what hosts and domains publish, and remembers it for an
// interval. Several goroutines can use it.
type Source struct {
	options             Options
	hosts               cache[HostRecords]
	mx                  cache[MXRecords]
	sts                 cache[STSState]
	looks, fetches      chan struct{} // of these capacities
	running             sync.WaitGroup
	questions, requests atomic.Int64
}

// NewSource returns a source that has looked nothing up yet.
func NewSource(o Options) *Source {
	if o.Now == nil {
		o.Now = time.Now
	}
	s := &Source{options: o, looks: make(chan struct{}, maxLooks), fetches: make(chan struct{}, maxFetches)}
	s.hosts.keep, s.mx.keep, s.sts.keep = keepHosts*o.Interval, keepDomains, keepDomains
	return s
}

// Questions is how many questions were sent to name servers, Requests how many
// policies were requested.
func (s *Source) Questions() int64 { return s.questions.Load() }

// Requests is how many policies were requested by HTTPS.
func (s *Source) Requests() int64 { return s.requests.Load() }

// Host begins to look up a host's records for a port, or returns what is known.
// The context ends the look, and what it has found by then does not count.
func (s *Source) Host(ctx context.Context, host string, port uint16) *Answer[HostRecords] {
	key := net.JoinHostPort(domainName(host), strconv.Itoa(int(port)))
	return begin(ctx, s, &s.hosts, s.looks, key, func(*HostRecords) *HostRecords {
		return lookHost(ctx, s.ask(maxHostQuestions), host, port)
	})
}

// Domain begins to look up a domain's records and policy, or returns what is
// known. The policy host may take long; the MX records do not wait for it.
func (s *Source) Domain(ctx context.Context, domain string) *DomainAnswer {
	name := domainName(domain)
	mx := begin(ctx, s, &s.mx, s.looks, name, func(*MXRecords) *MXRecords {
		return lookMX(ctx, s.ask(maxDomainQuestions), name)
	})
	sts := begin(ctx, s, &s.sts, s.fetches, name, func(before *STSState) *STSState {
		left := 0
		if first := mx.Get(ctx); first != nil {
			left = first.left
		}
		l := &look{questions: s.ask(left), web: &s.options.Web, requests: &s.requests, now: s.options.Now}
		return l.current(ctx, name, before)
	})
	return &DomainAnswer{mx: mx, sts: sts}
}

// DomainAnswer is a look at a domain that may still be running.
type DomainAnswer struct {
	mx  *Answer[MXRecords]
	sts *Answer[STSState]
}

// Refreshes reports whether an earlier look has found something, so that there is
// no need to wait long.
func (a *DomainAnswer) Refreshes() bool { return a != nil && a.mx.Refreshes() && a.sts.Refreshes() }

// Get waits for the look. If the context ends before, it returns what is known by
// then, nil if that is nothing. A nil answer has nothing.
func (a *DomainAnswer) Get(ctx context.Context) *DomainRecords {
	if a == nil {
		return nil
	}
	mx, sts := a.mx.Get(ctx), a.sts.Get(ctx)
	if mx == nil {
		return nil
	}
	return &DomainRecords{MXRecords: *mx, STS: sts}
}

// Wait returns when no look is running any more. The looks end with the contexts
// that they were begun with.
func (s *Source) Wait() { s.running.Wait() }

func (s *Source) ask(limit int) *questions {
	return &questions{resolver: s.options.Resolver, left: limit, asked: &s.questions}
}

// Answer is a look that may still be running.
type Answer[T any] struct {
	done   chan struct{}
	asked  time.Time
	used   time.Time // guarded by the cache
	before *T        // what the last look found, nil without one
	found  *T        // once done; nil if the look was interrupted
}

// Get waits for the look. If the context ends before, it returns what an earlier
// look has found, nil without one. A nil answer has nothing.
func (a *Answer[T]) Get(ctx context.Context) *T {
	if a == nil {
		return nil
	}
	select {
	case <-a.done:
	default:
		select {
		case <-a.done:
		case <-ctx.Done():
			return a.before
		}
	}
	if a.found == nil {
		return a.before
	}
	return a.found
}

// cache is the last look at each name.
type cache[T any] struct {
	mu    sync.Mutex
	looks map[string]*Answer[T]
	swept time.Time
	keep  time.Duration // of what nobody asks for
}

// begin returns the last look if it is recent or still running, else a new one,
// which begins when there is a slot.
func begin[T any](ctx context.Context, s *Source, c *cache[T], slots chan struct{}, key string, look func(before *T) *T) *Answer[T] {
	now := s.options.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sweep(now)
	last := c.looks[key]
	if last != nil {
		last.used = now
		if !last.ended() || last.found != nil && now.Sub(last.asked) < s.options.Interval {
			return last
		}
	}
	next := &Answer[T]{done: make(chan struct{}), asked: now, used: now, before: last.latest()}
	if c.looks == nil {
		c.looks = make(map[string]*Answer[T])
	}
	c.looks[key] = next
	s.running.Go(func() {
		defer close(next.done)
		select {
		case slots <- struct{}{}:
			defer func() { <-slots }()
		case <-ctx.Done():
			return
		}
		if found := look(next.before); ctx.Err() == nil {
			next.found = found
		}
	})
	return next
}

// Refreshes reports whether an earlier look has found something, so that there is
// no need to wait long.
func (a *Answer[T]) Refreshes() bool { return a != nil && a.before != nil }

func (a *Answer[T]) ended() bool {
	select {
	case <-a.done:
		return true
	default:
		return false
	}
}

// latest is what a look that has ended found, or the one before it.
func (a *Answer[T]) latest() *T {
	switch {
	case a == nil:
		return nil
	case a.found != nil:
		return a.found
	}
	return a.before
}

// sweep forgets names that nobody asks for any more.
func (c *cache[T]) sweep(now time.Time) {
	if now.Sub(c.swept) < c.keep {
		return
	}
	c.swept = now
	for key, a := range c.looks {
		if a.ended() && now.Sub(a.used) > c.keep {
			delete(c.looks, key)
		}
	}
}
