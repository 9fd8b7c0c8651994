// Command bench measures the product: what one session (connect, greeting,
// EHLO, QUIT) costs beside a raw client, Go's mail clients, our engine and our
// whole plugin; how the cost grows with the number of relays; what 10,000
// relays of which some hang do to one gather; what hostile relays do to the
// others; what 100,000 relays take; and how exact the phases' times are.
// Contestants run in turns: neighbours' noise hits all of them, so the ratios
// hold where the absolute figures do not.
//
//	go run ./internal/bench [-part sessions,growth,scale,hostile,large,exact] [-sessions 10000] [-rounds 5] [-inflight 1,50,500]
package main

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
)

func main() {
	parts := flag.String("part", "sessions,growth,scale,hostile,large,exact", "what to measure, comma-separated")
	sessions := flag.Int("sessions", 10000, "sessions per contestant and round (TLS: a tenth of it)")
	rounds := flag.Int("rounds", 5, "rounds, of which the median is shown")
	inflight := flag.String("inflight", "1,50,500", "sessions at once, comma-separated")
	isServer := flag.Bool("serve", false, "be the server (the program starts itself so)")
	flag.Parse()
	var err error
	if *isServer {
		err = runServer()
	} else {
		err = run(*parts, *inflight, *sessions, *rounds)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(parts, inflight string, sessions, rounds int) error {
	srv, err := startServer()
	if err != nil {
		return err
	}
	defer srv.stop()
	fmt.Printf("%s, %d cores, %s/%s\n", runtime.Version(), runtime.NumCPU(), runtime.GOOS, runtime.GOARCH)
	for part := range strings.SplitSeq(parts, ",") {
		switch part {
		case "sessions":
			err = compare(srv, sessions, rounds, inflight)
		case "growth":
			err = grow(srv)
		case "scale":
			err = scale(srv)
		case "hostile":
			err = hostile(srv)
		case "large":
			err = large(srv)
		case "exact":
			err = exact(srv)
		default:
			err = fmt.Errorf("-part: %q is none of sessions, growth, scale, hostile, large, exact", part)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// compare is the part sessions.
func compare(srv *server, sessions, rounds int, inflight string) error {
	for text := range strings.SplitSeq(inflight, ",") {
		n, err := strconv.Atoi(text)
		if err != nil {
			return fmt.Errorf("-inflight: %w", err)
		}
		for _, set := range []struct {
			name  string
			at    *endpoint
			total int
		}{
			{"plain", srv.plain, sessions},
			{"TLS", srv.secured, max(sessions/10, n)},
		} {
			rows, err := race(set.at, set.total, rounds, n)
			if err != nil {
				return err
			}
			show(os.Stdout, fmt.Sprintf("%s, %d in flight, %d sessions x %d rounds", set.name, n, set.total, rounds), rows)
		}
	}
	return nil
}
