package policy

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// maxLookups is the maximum number of concurrent DNS lookups.
	maxLookups = 20
	// maxFetches is the maximum number of concurrent fetches. It is higher because
	// slow policy hosts may use up their 60 seconds.
	maxFetches = 64
	// keepHosts is how long an unused host is cached, in intervals. It is short
	// because a zone can name other hosts in every answer.
	keepHosts = 2
	// keepDomains is how long an unused domain is cached.
	keepDomains = 7 * 24 * time.Hour
)

// Options configure a Source.
type Options struct {
	Resolver Resolver
	Fetcher  Fetcher
	// Interval is the minimum time between two lookups of a name; 0 disables the
	// cache.
	Interval time.Duration
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Source looks up the policies of hosts and domains, and caches them for an
// interval. It is safe for concurrent use.
type Source struct {
	options Options
	hosts   cache[HostRecords]
	mx      cache[MXRecords]
	sts     cache[STSState]

	lookups, fetches  chan struct{} // semaphores
	running           sync.WaitGroup
	queries, requests atomic.Int64
}

// NewSource returns a Source with an empty cache.
func NewSource(o Options) *Source {
	if o.Now == nil {
		o.Now = time.Now
	}
	s := &Source{options: o, lookups: make(chan struct{}, maxLookups), fetches: make(chan struct{}, maxFetches)}
	s.hosts.keep, s.mx.keep, s.sts.keep = keepHosts*o.Interval, keepDomains, keepDomains
	return s
}

// Questions returns the number of DNS queries sent so far.
func (s *Source) Questions() int64 { return s.queries.Load() }

// Requests returns the number of HTTPS requests sent so far.
func (s *Source) Requests() int64 { return s.requests.Load() }

// Host starts to look up the records of a host and port, unless the cache has
// them. The context interrupts the lookup, whose result is then discarded.
func (s *Source) Host(ctx context.Context, host string, port uint16) *Answer[HostRecords] {
	key := net.JoinHostPort(normalize(host), strconv.Itoa(int(port)))
	return start(ctx, s, &s.hosts, s.lookups, key, func(*HostRecords) *HostRecords {
		return lookupHost(ctx, s.querier(maxHostQueries), host, port)
	})
}

// Domain starts to look up the MX records and the MTA-STS policy of a domain,
// unless the cache has them. The MX records do not wait for a slow policy host.
func (s *Source) Domain(ctx context.Context, domain string) *DomainAnswer {
	name := normalize(domain)
	mx := start(ctx, s, &s.mx, s.lookups, name, func(*MXRecords) *MXRecords {
		return lookupMX(ctx, s.querier(maxDomainQueries), name)
	})
	sts := start(ctx, s, &s.sts, s.fetches, name, func(earlier *STSState) *STSState {
		records := mx.Get(ctx)
		if records == nil {
			return nil // interrupted
		}
		l := &stsLookup{querier: s.querier(records.queriesLeft), fetcher: &s.options.Fetcher, requests: &s.requests, now: s.options.Now}
		return l.lookup(ctx, name, earlier)
	})
	return &DomainAnswer{mx: mx, sts: sts}
}

// Restore puts a policy that STSState.Save has returned into effect again, until
// it expires or a lookup finds another one. It does nothing if the domain was
// looked up before.
func (s *Source) Restore(domain string, saved []byte) error {
	now := s.options.Now()
	state, err := parseSaved(saved, now)
	if err != nil {
		return fmt.Errorf("restoring the MTA-STS policy of %s: %w", domain, err)
	}
	if now.Before(state.Expires) {
		s.sts.restore(normalize(domain), now, state)
	}
	return nil
}

// Wait waits for all lookups. They end at the latest with the contexts that they
// were started with.
func (s *Source) Wait() { s.running.Wait() }

func (s *Source) querier(limit int) *querier {
	return &querier{resolver: s.options.Resolver, left: limit, sent: &s.queries}
}

// start returns the cached answer of a name, or starts a lookup that runs when the
// semaphore has room.
func start[T any](ctx context.Context, s *Source, c *cache[T], semaphore chan struct{}, key string, lookup func(earlier *T) *T) *Answer[T] {
	a, finish := c.start(key, s.options.Now(), s.options.Interval)
	if finish == nil {
		return a
	}
	s.running.Go(func() {
		var result *T
		defer func() { finish(result) }()
		select {
		case semaphore <- struct{}{}:
			defer func() { <-semaphore }()
		case <-ctx.Done():
			return
		}
		if found := lookup(a.earlier); ctx.Err() == nil {
			result = found
		}
	})
	return a
}

// DomainAnswer is the result of looking up a domain. The lookups may still be
// running.
type DomainAnswer struct {
	mx  *Answer[MXRecords]
	sts *Answer[STSState]
}

// Get waits for the lookups. If the context ends first, it returns the results of
// earlier lookups where a lookup is still running, nil if there are no MX records.
// It returns nil for a nil DomainAnswer.
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

// Refreshes reports whether the lookups replace earlier results, so that there is
// no need to wait long.
func (a *DomainAnswer) Refreshes() bool { return a != nil && a.mx.Refreshes() && a.sts.Refreshes() }
