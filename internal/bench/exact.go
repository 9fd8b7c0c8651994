package main

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// exact compares the phases' times with the delays that the late relay says it
// had, and shows how long it took to connect.
func exact(srv *server) error {
	addr, err := netip.ParseAddrPort(srv.delaying)
	if err != nil {
		return err
	}
	if err := exactRaw(srv.delaying); err != nil {
		return err
	}
	p := &smtpprobe.Prober{Helo: "probe.test", Timeout: time.Minute}
	target := smtpprobe.Target{Host: addr.Addr().String(), Port: addr.Port()}
	plan := smtpprobe.Plan{
		Depth: smtpprobe.DepthSend, Transcript: true,
		To: []string{"somebody@bench.test"}, Message: smtpprobe.Message{Subject: "late", Body: "late"},
	}
	for _, load := range []struct {
		name               string
		sessions, inflight int
		step               time.Duration // between two starts
	}{
		{"one at a time", 30, 1, 0},
		{"1,000 in flight, started 1 ms apart as the plugin does", 3000, 1000, time.Millisecond},
		{"1,000 in flight, all started at once", 1000, 1000, 0},
	} {
		taken := make([]deviations, load.sessions)
		start := time.Now()
		err := each(load.sessions, load.inflight, func(i int) error {
			if i < load.inflight {
				time.Sleep(time.Until(start.Add(time.Duration(i) * load.step)))
			}
			var err error
			taken[i], err = deviate(p.Probe(context.Background(), target, plan))
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

// exactRaw shows what of the deviation is not ours: a client that does nothing
// but write EHLO and read, one session at a time.
func exactRaw(addr string) error {
	taken := make([]deviations, 30)
	for i := range taken {
		var err error
		if taken[i], err = deviateRaw(addr); err != nil {
			return err
		}
	}
	return showDeviations("a raw client, one at a time", taken)
}

func deviateRaw(addr string) (deviations, error) {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	buf := make([]byte, 512)
	if _, err := conn.Read(buf); err != nil {
		return nil, err
	}
	began := time.Now()
	if _, err := conn.Write([]byte("EHLO probe.test\r\n")); err != nil {
		return nil, err
	}
	n, err := conn.Read(buf)
	if err != nil {
		return nil, err
	}
	measured := time.Since(began)
	injected, err := strconv.ParseInt(strings.TrimSpace(strings.TrimPrefix(string(buf[:n]), "250 ")), 10, 64)
	return deviations{smtperr.PhaseEHLO: measured - time.Duration(injected)}, err
}

// deviations are what one session measured too much in each phase, and for
// connect the time itself: nothing is injected there.
type deviations map[smtperr.Phase]time.Duration

// spoken are the phases that end with a reply, in the order of the replies.
var spoken = []smtperr.Phase{
	smtperr.PhaseGreeting, smtperr.PhaseEHLO, smtperr.PhaseMail, smtperr.PhaseRcpt, smtperr.PhaseData, smtperr.PhaseDot, smtperr.PhaseQuit,
}

func deviate(r *smtpprobe.Result) (deviations, error) {
	if r.Err != nil {
		return nil, r.Err
	}
	measured := make(map[smtperr.Phase]time.Duration)
	for _, ph := range r.Phases {
		measured[ph.Phase] = ph.Duration
	}
	d := deviations{smtperr.PhaseConnect: measured[smtperr.PhaseConnect]}
	replies := 0
	for _, line := range r.Transcript {
		if line.Dir != smtpprobe.Received {
			continue
		}
		_, text, _ := strings.Cut(line.Text, " ")
		injected, err := strconv.ParseInt(text, 10, 64)
		if err != nil || replies == len(spoken) {
			return nil, fmt.Errorf("the late relay said %q", line.Text)
		}
		phase := spoken[replies]
		d[phase] = measured[phase] - time.Duration(injected)
		replies++
	}
	return d, nil
}

func showDeviations(name string, taken []deviations) error {
	fmt.Printf("\n%s: measured less injected (connect: measured), %d sessions\n", name, len(taken))
	t := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "phase\tmin\tp50\tp90\tp99\tmax\t")
	for _, phase := range append([]smtperr.Phase{smtperr.PhaseConnect}, spoken...) {
		all := make([]time.Duration, 0, len(taken))
		for _, d := range taken {
			if deviation, ok := d[phase]; ok {
				all = append(all, deviation)
			}
		}
		if len(all) == 0 {
			continue
		}
		slices.Sort(all)
		at := func(q int) time.Duration { return all[(len(all)-1)*q/100].Round(time.Microsecond) }
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t\n", phase, at(0), at(50), at(90), at(99), at(100))
	}
	return t.Flush()
}
