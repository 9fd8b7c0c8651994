// Command bench compares what one session (connect, greeting, EHLO, QUIT)
// costs with a raw client, with Go's mail clients and with our engine and
// plugin, side by side in one run: neighbours' noise hits all of them, so the
// ratios hold where the absolute figures do not.
//
//	go run ./internal/bench [-sessions 3000] [-rounds 5] [-inflight 1,50,500]
package main

import (
	"crypto/tls"
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"
)

func main() {
	sessions := flag.Int("sessions", 3000, "sessions per contestant and round (TLS: a fifth of it)")
	rounds := flag.Int("rounds", 5, "rounds, of which the median is shown")
	inflight := flag.String("inflight", "1,50,500", "sessions at once, comma-separated")
	isServer := flag.Bool("serve", false, "be the server (the program starts itself so)")
	flag.Parse()
	var err error
	if *isServer {
		err = runServer()
	} else {
		err = compare(*sessions, *rounds, *inflight)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func compare(sessions, rounds int, inflight string) error {
	srv, err := startServer()
	if err != nil {
		return err
	}
	defer srv.stop()
	for _, part := range strings.Split(inflight, ",") {
		n, err := strconv.Atoi(part)
		if err != nil {
			return fmt.Errorf("-inflight: %w", err)
		}
		for _, set := range []struct {
			name   string
			addr   string
			config *tls.Config
			total  int
		}{
			{"plain", srv.plain, nil, sessions},
			{"TLS", srv.secured, trusting(srv.roots), sessions / 5},
		} {
			rows, err := race(set.addr, set.config, set.total, rounds, n)
			if err != nil {
				return err
			}
			show(os.Stdout, fmt.Sprintf("%s, %d in flight, %d sessions x %d rounds", set.name, n, set.total, rounds), rows)
		}
	}
	return nil
}
