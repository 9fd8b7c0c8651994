package main

import (
	"fmt"
	"os"
	"text/tabwriter"
	"time"
)

// concurrent is the plugin's default of max_concurrent.
const concurrent = 100

// growth shows how the cost of one gather grows with the number of relays.
func growth(srv *server) error {
	fmt.Printf("\none gather of the plugin, max_concurrent = %d, to line protocol\n", concurrent)
	t := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "relays\tload\tgather\tCPU/relay\tallocs/relay\tbytes/relay\tpeak memory\t")
	for _, relays := range []int{10, 100, 1000, 10000} {
		start := time.Now()
		if _, err := load(configuration(srv.plain.urls(relays), concurrent, sessionTimeout.String(), "")); err != nil {
			return err
		}
		loading := time.Since(start)
		taken := make([]measurement, 5)
		for i := range taken {
			var err error
			if taken[i], err = measure(wholeGather, srv.plain, relays, concurrent); err != nil {
				return err
			}
		}
		m := medians(taken)
		fmt.Fprintf(t, "%d\t%s\t%s\t%s\t%.0f\t%.0f\t%.1f MiB\t\n", relays, loading.Round(100*time.Microsecond),
			time.Duration(float64(relays)/m.rate*float64(time.Second)).Round(100*time.Microsecond),
			m.cpu.Round(100*time.Nanosecond), m.allocs, m.bytes, float64(m.peak)/mebibyte)
	}
	return t.Flush()
}
