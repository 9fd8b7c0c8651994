package main

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"text/tabwriter"
	"time"
)

// A fleet of which one relay in ten is hostile. The total_time of the healthy
// relays must not depend on that.
const (
	fleetSize      = 1000
	hostileOneIn   = 10
	hostileTimeout = 2 * time.Second
	hostileSpread  = 2 * time.Second // relays and probes share this machine: it must not be saturated
)

// hostility is a kind of hostile relay.
type hostility struct {
	name  string
	auth  bool // the probe must try to authenticate
	serve handler
}

var hostilities = []hostility{
	{name: "silent", serve: serveSilence},
	{name: "one byte every 20 ms", serve: func(conn net.Conn) { repeat(conn, "2", 20*time.Millisecond) }},
	{name: "endless reply", serve: func(conn net.Conn) { repeat(conn, strings.Repeat("220-more\r\n", 1000), time.Millisecond) }},
	{name: "57 KB of mechanisms", auth: true, serve: func(conn net.Conn) { serveAuth(conn, manyMechanisms(), nil) }},
	{name: "SCRAM with 10^6 iterations", auth: true, serve: func(conn net.Conn) { serveAuth(conn, "250 AUTH SCRAM-SHA-256\r\n", scramChallenge) }},
	{name: "closes", serve: func(conn net.Conn) { conn.Close() }},
}

// repeat writes the same text until the client closes the connection.
func repeat(conn net.Conn, text string, pause time.Duration) {
	for {
		if _, err := io.WriteString(conn, text); err != nil {
			return
		}
		time.Sleep(pause)
	}
}

// manyMechanisms returns EHLO lines that are just below the limit of a reply.
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

// serveAuth replies to EHLO with these extensions, and to AUTH with a challenge
// to the initial response; a nil challenge refuses.
func serveAuth(conn net.Conn, extensions string, challenge func(initial string) string) {
	reply := func(text string) bool {
		_, err := io.WriteString(conn, text)
		return err == nil
	}
	if !reply(greetingReply) {
		return
	}
	for lines := bufio.NewScanner(conn); lines.Scan(); {
		words := strings.Fields(lines.Text())
		text := "535 5.7.8 no\r\n"
		switch {
		case len(words) == 0:
		case words[0] == "EHLO":
			text = "250-bench.test\r\n" + extensions
		case words[0] == "QUIT":
			reply(quitReply)
			return
		case words[0] == "AUTH" && len(words) == 3 && challenge != nil:
			text = challenge(words[2])
		}
		if !reply(text) {
			return
		}
	}
}

// scramChallenge asks for the most iterations that a client computes.
func scramChallenge(initial string) string {
	first, err := base64.StdEncoding.DecodeString(initial)
	if err != nil {
		return "535 5.7.8 no\r\n"
	}
	_, nonce, _ := bytes.Cut(first, []byte("r="))
	return "334 " + base64.StdEncoding.EncodeToString(fmt.Appendf(nil, "r=%s,s=c2FsdHNhbHQ=,i=1000000", nonce)) + "\r\n"
}

// arrangement is where the hostile relays are probed, if at all.
type arrangement int

const (
	absent   arrangement = iota
	apart                // by another process at the same time, which shows the load of the machine
	together             // by the same process
)

// percentiles are those of total_time in one gather.
type percentiles struct{ p50, p99 time.Duration }

// hostile compares the total_time of healthy relays in three arrangements, which
// take turns. It shows the medians of the rounds.
func hostile(srv *server, rounds int) error {
	fmt.Printf("\ntotal_time of %d healthy relays without hostile ones, with %d of them probed by another process, and by the same\n",
		fleetSize-fleetSize/hostileOneIn, fleetSize/hostileOneIn)
	fmt.Printf("max_concurrent = %d, timeout = %s, spread = %s, %d rounds\n", concurrent, hostileTimeout, hostileSpread, rounds)
	t := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "hostile\tp50 without\tapart\ttogether\tvs without\tp99 without\tapart\ttogether\tvs without\tvs apart\t")
	for i, h := range hostilities {
		var taken [3][]percentiles
		for range rounds {
			for _, a := range []arrangement{absent, apart, together} {
				p, err := gatherBeside(srv, a, h, srv.hostile[i])
				if err != nil {
					return fmt.Errorf("%s: %w", h.name, err)
				}
				taken[a] = append(taken[a], p)
			}
		}
		p50 := func(a arrangement) time.Duration {
			return median(taken[a], func(p percentiles) time.Duration { return p.p50 })
		}
		p99 := func(a arrangement) time.Duration {
			return median(taken[a], func(p percentiles) time.Duration { return p.p99 })
		}
		micro := func(d time.Duration) string { return strconv.FormatInt(d.Microseconds(), 10) + "µs" }
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t\n", h.name,
			micro(p50(absent)), micro(p50(apart)), micro(p50(together)), change(p50(absent), p50(together)),
			micro(p99(absent)), micro(p99(apart)), micro(p99(together)), change(p99(absent), p99(together)), change(p99(apart), p99(together)))
	}
	return t.Flush()
}

func change(before, after time.Duration) string {
	return fmt.Sprintf("%+.0f %%", 100*(float64(after)/float64(before)-1))
}

// gatherBeside gathers once in an arrangement.
func gatherBeside(srv *server, a arrangement, h hostility, addr string) (percentiles, error) {
	if a == apart {
		wait, err := startNeighbor(mixedFleet(nil, addr, h.auth))
		if err != nil {
			return percentiles{}, err
		}
		defer wait()
	}
	if a != together {
		addr = ""
	}
	times, err := healthyTimes(mixedFleet(srv.plain, addr, h.auth))
	if err != nil {
		return percentiles{}, err
	}
	return percentiles{percentile(times, 50), percentile(times, 99)}, nil
}

// startNeighbor gathers in another process, which has loaded its configuration
// when this returns.
func startNeighbor(toml string) (wait func(), err error) {
	cmd := exec.Command(os.Args[0], "-neighbor")
	cmd.Stderr = os.Stderr
	cmd.Stdin = strings.NewReader(toml)
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	_, err = stdout.Read(make([]byte, 1))
	wait = func() {
		if err := cmd.Wait(); err != nil {
			fmt.Fprintln(os.Stderr, "bench: neighbor:", err)
		}
	}
	if err != nil {
		wait()
	}
	return wait, err
}

// neighbor is the main function of the other process.
func neighbor() error {
	toml, err := io.ReadAll(os.Stdin)
	if err != nil {
		return err
	}
	in, err := load(string(toml))
	if err != nil {
		return err
	}
	fmt.Println("ready")
	return gatherInto(in, io.Discard)
}

// mixedFleet returns the TOML of a fleet with the healthy relays, if any, and the
// hostile ones, if any.
func mixedFleet(healthy *endpoint, hostile string, auth bool) string {
	var b strings.Builder
	fmt.Fprintf(&b, "[[inputs.smtpprobe]]\n  helo = \"probe.test\"\n  timeout = %q\n  max_concurrent = %d\n  spread = %q\n",
		hostileTimeout.String(), concurrent, hostileSpread.String())
	for i := range fleetSize {
		url, settings := "", ""
		switch isHostile := i%hostileOneIn == hostileOneIn/2; {
		case isHostile && hostile != "":
			url = "smtp://" + hostile
			if auth {
				settings = "    probe = \"auth\"\n    username = \"bench\"\n    password = \"correct horse\"\n    auth_cleartext = true\n"
			}
		case !isHostile && healthy != nil:
			url = healthy.url(i)
		default:
			continue
		}
		fmt.Fprintf(&b, "  [[inputs.smtpprobe.relay]]\n    name = \"relay%05d\"\n    url = %q\n%s", i, url, settings)
	}
	return b.String()
}

// healthyTimes gathers once and returns total_time of the healthy relays.
func healthyTimes(toml string) ([]time.Duration, error) {
	in, err := load(toml)
	if err != nil {
		return nil, err
	}
	var times totals
	if err := gatherInto(in, &times); err != nil {
		return nil, err
	}
	if want := fleetSize - fleetSize/hostileOneIn; len(times.healthy) != want {
		return nil, fmt.Errorf("%d of %d relays are healthy", len(times.healthy), want)
	}
	return times.healthy, nil
}

// totals is a writer of line protocol that collects total_time.
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
