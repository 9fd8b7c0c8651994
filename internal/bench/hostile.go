package main

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"text/tabwriter"
	"time"
)

// A fleet of which one relay in ten is hostile. What the others report must not
// depend on that.
const (
	fleet          = 1000
	hostileOneIn   = 10
	hostileTimeout = 2 * time.Second
	hostileRounds  = 3
	// Relays and probes share this machine: it must not be busy for its own sake.
	hostileSpread = 2 * time.Second
)

// hostilities are what a relay can do to a client.
var hostilities = []struct {
	name   string
	logsIn bool // it takes a login to get there
	answer func(net.Conn)
}{
	{name: "silent", answer: silence},
	{name: "a byte at a time", answer: func(conn net.Conn) { repeat(conn, "2", 20*time.Millisecond) }},
	{name: "endless reply", answer: func(conn net.Conn) { repeat(conn, strings.Repeat("220-more\r\n", 1000), time.Millisecond) }},
	{name: "57 KB of mechanisms", logsIn: true, answer: func(conn net.Conn) { offer(conn, manyMechanisms(), nil) }},
	{name: "SCRAM, 10^6 iterations", logsIn: true, answer: func(conn net.Conn) { offer(conn, "250 AUTH SCRAM-SHA-256\r\n", askMuch) }},
	{name: "closes", answer: func(conn net.Conn) { conn.Close() }},
}

// repeat says the same until the client leaves.
func repeat(conn net.Conn, text string, pause time.Duration) {
	for {
		if _, err := io.WriteString(conn, text); err != nil {
			return
		}
		time.Sleep(pause)
	}
}

func manyMechanisms() string {
	const size = 57 << 10
	var b strings.Builder
	for n := 0; b.Len() < size; {
		b.WriteString("250-AUTH")
		for range 500 {
			n++
			b.WriteString(" X-MECH-" + strconv.Itoa(n))
		}
		b.WriteString("\r\n")
	}
	return b.String() + "250 AUTH PLAIN\r\n"
}

// offer answers EHLO with these extensions, and AUTH with a challenge or a
// refusal.
func offer(conn net.Conn, extensions string, challenge func(initial string) string) {
	say := func(text string) bool {
		_, err := io.WriteString(conn, text)
		return err == nil
	}
	if !say(greeting) {
		return
	}
	lines := bufio.NewScanner(conn)
	for lines.Scan() {
		words := strings.Fields(lines.Text() + " ")
		reply := "535 5.7.8 no\r\n"
		switch {
		case len(words) == 0:
		case words[0] == "EHLO":
			reply = "250-bench.test\r\n" + extensions
		case words[0] == "QUIT":
			say(bye)
			return
		case words[0] == "AUTH" && len(words) == 3 && challenge != nil:
			reply = challenge(words[2])
		}
		if !say(reply) {
			return
		}
	}
}

// askMuch asks a SCRAM client for the most iterations that it computes.
func askMuch(initial string) string {
	first, err := base64.StdEncoding.DecodeString(initial)
	if err != nil {
		return "535 5.7.8 no\r\n"
	}
	_, nonce, _ := bytes.Cut(first, []byte("r="))
	return "334 " + base64.StdEncoding.EncodeToString(append([]byte("r="), append(nonce, ",s=c2FsdHNhbHQ=,i=1000000"...)...)) + "\r\n"
}

// hostile gathers from fleets with and without hostile relays, in turns.
func hostile(srv *server) error {
	fmt.Printf("\ntotal_time of %d healthy relays; with hostile ones, these are %d more; max_concurrent = %d, timeout = %s, spread = %s\n",
		fleet-fleet/hostileOneIn, fleet/hostileOneIn, concurrent, hostileTimeout, hostileSpread)
	t := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "hostile\tp50 without\tp50 with\tchange\tp99 without\tp99 with\tchange\t")
	for i, h := range hostilities {
		var without, with []time.Duration
		for range hostileRounds {
			for _, side := range []struct {
				hostile string
				times   *[]time.Duration
			}{{"", &without}, {srv.hostile[i], &with}} {
				times, err := healthyTimes(mixedFleet(srv.plain.url(), side.hostile, h.logsIn))
				if err != nil {
					return fmt.Errorf("%s: %w", h.name, err)
				}
				*side.times = append(*side.times, times...)
			}
		}
		fmt.Fprintf(t, "%s\t", h.name)
		for _, share := range []int{50, 99} {
			a, b := percentile(without, share), percentile(with, share)
			fmt.Fprintf(t, "%s\t%s\t%+.0f %%\t", a.Round(time.Microsecond), b.Round(time.Microsecond), 100*(float64(b)/float64(a)-1))
		}
		fmt.Fprintln(t)
	}
	return t.Flush()
}

// mixedFleet is the TOML of a fleet. Without an address for the hostile relays
// there are none.
func mixedFleet(healthy, hostile string, logsIn bool) string {
	var b strings.Builder
	fmt.Fprintf(&b, "[[inputs.smtpprobe]]\n  helo = \"probe.test\"\n  timeout = %q\n  max_concurrent = %d\n  spread = %q\n",
		hostileTimeout.String(), concurrent, hostileSpread.String())
	for i := range fleet {
		url, settings := healthy, ""
		if i%hostileOneIn == 3 {
			if hostile == "" {
				continue
			}
			url = "smtp://" + hostile
			if logsIn {
				settings = "    probe = \"auth\"\n    username = \"bench\"\n    password = \"correct horse\"\n    auth_cleartext = true\n"
			}
		}
		fmt.Fprintf(&b, "  [[inputs.smtpprobe.relay]]\n    name = \"relay%05d\"\n    url = %q\n%s", i, url, settings)
	}
	return b.String()
}

// healthyTimes gathers once and returns total_time of the relays that are
// healthy.
func healthyTimes(toml string) ([]time.Duration, error) {
	in, err := load(toml)
	if err != nil {
		return nil, err
	}
	var times totals
	if err := gatherInto(in, &times); err != nil {
		return nil, err
	}
	if want := fleet - fleet/hostileOneIn; len(times.healthy) != want {
		return nil, fmt.Errorf("%d of %d relays are healthy", len(times.healthy), want)
	}
	return times.healthy, nil
}

// totals collects total_time.
type totals struct {
	mu      sync.Mutex
	healthy []time.Duration
}

func (t *totals) Write(line []byte) (int, error) {
	if bytes.HasPrefix(line, []byte("smtpprobe,")) && bytes.Contains(line, []byte("error_class=none,")) {
		_, rest, _ := bytes.Cut(line, []byte("total_time="))
		value, _, _ := bytes.Cut(rest, []byte(","))
		seconds, err := strconv.ParseFloat(string(value), 64)
		if err != nil {
			return 0, err
		}
		t.mu.Lock()
		defer t.mu.Unlock()
		t.healthy = append(t.healthy, time.Duration(seconds*float64(time.Second)))
	}
	return len(line), nil
}

// percentile sorts a list and returns the value below which a share of it lies.
func percentile(list []time.Duration, share int) time.Duration {
	slices.Sort(list)
	return list[(len(list)-1)*share/100]
}
