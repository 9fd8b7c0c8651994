// Command bench measures the engine and the plugin: what one session (connect,
// greeting, EHLO, QUIT) costs compared with other clients, how the cost grows
// with the number of relays, what relays that hang or attack do to a gather, how
// much memory a large configuration takes, and how exact the times of the phases
// are. The contestants take turns, so that the load of the machine affects all
// of them: ratios are reproducible where absolute figures are not.
//
//	go run ./internal/bench [-part sessions,growth,scale,hostile,large,exact] [-sessions 10000] [-rounds 5] [-inflight 1,50,500]
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
)

// options are the flags.
type options struct {
	parts    string
	sessions int
	rounds   int
	inflight string
}

func main() {
	var o options
	flag.StringVar(&o.parts, "part", "sessions,growth,scale,hostile,large,exact", "what to measure, comma-separated")
	flag.IntVar(&o.sessions, "sessions", 10000, "sessions per contestant and round (a tenth of it with TLS)")
	flag.IntVar(&o.rounds, "rounds", 5, "rounds of the parts sessions and hostile; the median is shown")
	flag.StringVar(&o.inflight, "inflight", "1,50,500", "sessions at a time, comma-separated")
	isServer := flag.Bool("serve", false, "be the server process (internal)")
	isNeighbor := flag.Bool("neighbor", false, "be another process that gathers (internal)")
	flag.Parse()
	var err error
	switch {
	case *isServer:
		err = serve()
	case *isNeighbor:
		err = neighbor()
	default:
		err = run(o)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(o options) error {
	if o.rounds < 1 || o.sessions < 1 {
		return errors.New("-rounds and -sessions must be positive")
	}
	srv, err := startServer()
	if err != nil {
		return err
	}
	defer srv.stop()
	fmt.Printf("%s, %d cores, %s/%s\n", runtime.Version(), runtime.NumCPU(), runtime.GOOS, runtime.GOARCH)
	for part := range strings.SplitSeq(o.parts, ",") {
		switch part {
		case "sessions":
			err = compareAll(srv, o)
		case "growth":
			err = growth(srv)
		case "scale":
			err = scale(srv)
		case "hostile":
			err = hostile(srv, o.rounds)
		case "large":
			err = large(srv)
		case "exact":
			err = exact(srv)
		default:
			err = fmt.Errorf("invalid -part %q: must be sessions, growth, scale, hostile, large or exact", part)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// compareAll compares the contestants without and with TLS, for each number of
// sessions in flight.
func compareAll(srv *server, o options) error {
	for text := range strings.SplitSeq(o.inflight, ",") {
		inflight, err := strconv.Atoi(text)
		if err != nil {
			return fmt.Errorf("invalid -inflight: %w", err)
		}
		for _, set := range []struct {
			name     string
			endpoint *endpoint
			sessions int
		}{
			{"plain", srv.plain, o.sessions},
			{"TLS", srv.secured, max(o.sessions/10, inflight)},
		} {
			rows, err := compare(set.endpoint, set.sessions, o.rounds, inflight)
			if err != nil {
				return err
			}
			show(os.Stdout, fmt.Sprintf("%s, %d in flight, %d sessions x %d rounds", set.name, inflight, set.sessions, o.rounds), rows)
		}
	}
	return nil
}
