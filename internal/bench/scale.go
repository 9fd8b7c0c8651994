package main

import (
	"bytes"
	"fmt"
	"net"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// The large gather: of 10,000 relays 1 % hang until their timeout, and 1 %
// refuse connections.
const (
	manyRelays  = 10000
	oneIn       = 100
	hangTimeout = 5 * time.Second
)

func scale(srv *server) error {
	down, err := unusedAddr()
	if err != nil {
		return err
	}
	urls := make([]string, manyRelays)
	for i := range urls {
		switch i % oneIn {
		case 17:
			urls[i] = "smtp://" + srv.silent
		case 61:
			urls[i] = "smtp://" + down
		default:
			urls[i] = srv.plain.url()
		}
	}
	debug.FreeOSMemory()
	resetPeak()
	start := time.Now()
	in, err := load(configuration(urls, concurrent, hangTimeout.String(), ""))
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
	fmt.Printf("\n%d relays, of which %d hang until their timeout of %s and %d are down; max_concurrent = %d\n",
		manyRelays, manyRelays/oneIn, hangTimeout, manyRelays/oneIn, concurrent)
	fmt.Printf("  configuration loaded in  %s\n", loading.Round(time.Millisecond))
	fmt.Printf("  gathered in              %s\n", took.Round(time.Millisecond))
	for class, times := range arrived.byClass {
		slices.Sort(times)
		fmt.Printf("  %-24s %d metrics: the first after %s, half by %s, the last after %s\n", class, len(times),
			times[0].Round(time.Millisecond), times[len(times)/2].Round(time.Millisecond), times[len(times)-1].Round(time.Millisecond))
	}
	fmt.Printf("  peak memory              %.1f MiB resident, configuration and program included\n", float64(peak())/mebibyte)
	fmt.Printf("  descriptors              %d before, at the most %d more\n", before, most.Load()-int64(before))
	return nil
}

// unusedAddr is where nothing listens.
func unusedAddr() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// mostDescriptors looks often, until stop is closed.
func mostDescriptors(stop <-chan struct{}) int {
	look := time.NewTicker(10 * time.Millisecond)
	defer look.Stop()
	most := 0
	for {
		select {
		case <-look.C:
			most = max(most, descriptors())
		case <-stop:
			return most
		}
	}
}

// arrivals notes when the metrics of each class were written.
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
