package main

import (
	"bytes"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Of the relays of this gather 1 % are silent until the timeout, and 1 % refuse
// connections.
const (
	scaleRelays  = 10000
	scaleOneIn   = 100
	scaleTimeout = 5 * time.Second
)

// scale shows how long relays that hang delay the metrics of the others.
func scale(srv *server) error {
	down, err := freeAddress()
	if err != nil {
		return err
	}
	urls := srv.plain.urls(scaleRelays)
	for i := range urls {
		switch i % scaleOneIn {
		case 17:
			urls[i] = "smtp://" + srv.silent
		case 61:
			urls[i] = "smtp://" + down
		}
	}
	debug.FreeOSMemory()
	resetPeakMemory()
	start := time.Now()
	in, err := load(configuration(urls, concurrent, scaleTimeout.String(), ""))
	if err != nil {
		return err
	}
	loading, before := time.Since(start), descriptors()

	stop := make(chan struct{})
	var most atomic.Int64
	var watching sync.WaitGroup
	watching.Go(func() { most.Store(int64(mostDescriptors(stop))) })
	arrived := &arrivals{start: time.Now()}
	err = gatherInto(in, arrived)
	took := time.Since(arrived.start)
	close(stop)
	watching.Wait()
	if err != nil {
		return err
	}
	fmt.Printf("\n%d relays, of which %d are silent until the timeout of %s and %d are down; max_concurrent = %d\n",
		scaleRelays, scaleRelays/scaleOneIn, scaleTimeout, scaleRelays/scaleOneIn, concurrent)
	fmt.Printf("  configuration loaded in  %s\n", loading.Round(time.Millisecond))
	fmt.Printf("  gathered in              %s\n", took.Round(time.Millisecond))
	for class, times := range arrived.byClass {
		slices.Sort(times)
		fmt.Printf("  %-24s %d metrics: the first after %s, half by %s, the last after %s\n", class, len(times),
			times[0].Round(time.Millisecond), times[len(times)/2].Round(time.Millisecond), times[len(times)-1].Round(time.Millisecond))
	}
	fmt.Printf("  peak memory              %.1f MiB resident, configuration and program included\n", float64(peakMemory())/mebibyte)
	fmt.Printf("  descriptors              %d before, at the most %d more\n", before, most.Load()-int64(before))
	return nil
}

// mostDescriptors returns the most descriptors that were open until stop was
// closed.
func mostDescriptors(stop <-chan struct{}) int {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	most := 0
	for {
		select {
		case <-tick.C:
			most = max(most, descriptors())
		case <-stop:
			return most
		}
	}
}

// arrivals is a writer of line protocol that records when the metrics of each
// class were written.
type arrivals struct {
	start   time.Time
	byClass map[string][]time.Duration
}

func (a *arrivals) Write(line []byte) (int, error) {
	_, rest, _ := bytes.Cut(line, []byte("error_class="))
	class, _, _ := bytes.Cut(rest, []byte(","))
	if a.byClass == nil {
		a.byClass = make(map[string][]time.Duration)
	}
	a.byClass[string(class)] = append(a.byClass[string(class)], time.Since(a.start))
	return len(line), nil
}
