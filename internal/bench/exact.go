package main

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// exact compares the times of the phases with the actual delays of the delayed
// relay. For connect, which has no delay, it shows the time itself.
func exact(srv *server) error {
	addr, err := netip.ParseAddrPort(srv.delayed)
	if err != nil {
		return err
	}
	if err := exactRaw(srv.delayed); err != nil {
		return err
	}
	p := &smtpprobe.Prober{Helo: "probe.test", Timeout: time.Minute}
	target := smtpprobe.Target{Host: addr.Addr().String(), Port: addr.Port()}
	plan := smtpprobe.Plan{
		Depth: smtpprobe.DepthSend, Transcript: smtpprobe.TranscriptAlways,
		To: []string{"somebody@bench.test"}, Message: smtpprobe.Message{Subject: "bench", Body: "bench"},
	}
	for _, load := range []struct {
		name               string
		sessions, inflight int
		interval           time.Duration // between two starts
	}{
		{name: "one at a time", sessions: 30, inflight: 1},
		{name: "1,000 in flight, started 1 ms apart as the plugin does", sessions: 3000, inflight: 1000, interval: time.Millisecond},
		{name: "1,000 in flight, all started at once", sessions: 1000, inflight: 1000},
	} {
		taken := make([]deviations, load.sessions)
		start := time.Now()
		err := each(load.sessions, load.inflight, func(i int) error {
			if i < load.inflight {
				time.Sleep(time.Until(start.Add(time.Duration(i) * load.interval)))
			}
			var err error
			taken[i], err = deviationsOf(p.Probe(context.Background(), target, plan))
			return err
		})
		if err != nil {
			return err
		}
		if err := showDeviations(load.name, taken); err != nil {
			return err
		}
	}
	return nil
}

// exactRaw shows the deviation of a client that only writes EHLO and reads the
// reply, one session at a time.
func exactRaw(addr string) error {
	taken := make([]deviations, 30)
	for i := range taken {
		var err error
		if taken[i], err = rawDeviation(addr); err != nil {
			return err
		}
	}
	return showDeviations("a raw client, one at a time", taken)
}

func rawDeviation(addr string) (deviations, error) {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	buf := make([]byte, 512)
	if _, err := conn.Read(buf); err != nil {
		return nil, err
	}
	start := time.Now()
	if _, err := conn.Write([]byte("EHLO probe.test\r\n")); err != nil {
		return nil, err
	}
	n, err := conn.Read(buf)
	if err != nil {
		return nil, err
	}
	measured := time.Since(start)
	delay, err := strconv.ParseInt(strings.TrimSpace(strings.TrimPrefix(string(buf[:n]), "250 ")), 10, 64)
	return deviations{smtperr.PhaseEHLO: measured - time.Duration(delay)}, err
}

// deviations are the measured times of one session less the actual delays, and
// for connect the measured time.
type deviations map[smtperr.Phase]time.Duration

// replyPhases are the phases that end with a reply, in the order of the replies.
var replyPhases = []smtperr.Phase{
	smtperr.PhaseGreeting, smtperr.PhaseEHLO, smtperr.PhaseMail, smtperr.PhaseRcpt, smtperr.PhaseData, smtperr.PhaseDot, smtperr.PhaseQuit,
}

func deviationsOf(r *smtpprobe.Result) (deviations, error) {
	if r.Err != nil {
		return nil, r.Err
	}
	measured := make(map[smtperr.Phase]time.Duration)
	for _, p := range r.Phases {
		measured[p.Phase] = p.Duration
	}
	d := deviations{smtperr.PhaseConnect: measured[smtperr.PhaseConnect]}
	replies := 0
	for _, line := range r.Transcript {
		if line.Dir != smtpprobe.Received {
			continue
		}
		_, text, _ := strings.Cut(line.Text, " ")
		delay, err := strconv.ParseInt(text, 10, 64)
		if err != nil || replies == len(replyPhases) {
			return nil, fmt.Errorf("unexpected reply %q of the delayed relay", line.Text)
		}
		phase := replyPhases[replies]
		d[phase] = measured[phase] - time.Duration(delay)
		replies++
	}
	return d, nil
}

func showDeviations(name string, taken []deviations) error {
	fmt.Printf("\n%s: measured time less actual delay (connect: measured time), %d sessions\n", name, len(taken))
	t := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "phase\tmin\tp50\tp90\tp99\tmax\t")
	for _, phase := range append([]smtperr.Phase{smtperr.PhaseConnect}, replyPhases...) {
		all := make([]time.Duration, 0, len(taken))
		for _, d := range taken {
			if deviation, ok := d[phase]; ok {
				all = append(all, deviation)
			}
		}
		if len(all) == 0 {
			continue
		}
		fmt.Fprint(t, phase)
		for _, percent := range []int{0, 50, 90, 99, 100} {
			fmt.Fprintf(t, "\t%s", percentile(all, percent).Round(time.Microsecond))
		}
		fmt.Fprintln(t, "\t")
	}
	return t.Flush()
}
