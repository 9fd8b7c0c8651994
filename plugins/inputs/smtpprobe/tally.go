package smtpprobe

import (
	"errors"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/influxdata/telegraf"
	"github.com/influxdata/telegraf/metric"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// suspectTargets is the number of probed targets from which a gather may be
// suspect: with fewer, they may well all be down.
const suspectTargets = 10

// tally counts the outcomes of one gather.
type tally struct {
	mu sync.Mutex

	succeeded, failed, skipped, canceled int64
	// failedNetwork is the part of failed that the network or this machine is to
	// blame for.
	failedNetwork int64
}

func (t *tally) skip() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.skipped++
}

func (t *tally) count(r *smtpprobe.Result) {
	t.mu.Lock()
	defer t.mu.Unlock()
	failure, _ := errors.AsType[*smtperr.Error](r.Err)
	switch {
	case failure != nil && failure.Class == smtperr.ClassCanceled:
		t.canceled++
	case r.Expected:
		t.succeeded++
	default:
		t.failed++
		if failure != nil && (failure.Fault() == smtperr.FaultNetwork || failure.Fault() == smtperr.FaultProber) {
			t.failedNetwork++
		}
	}
}

// suspect reports whether so many targets failed by the network or this machine
// that this machine is more likely to blame than the relays.
func (t *tally) suspect() bool {
	probed := t.succeeded + t.failed
	return probed >= suspectTargets && t.failedNetwork*2 > probed
}

// report makes the point of a gather that started at a time and ends now.
// problem is what is wrong with the state file, if anything.
func (t *tally) report(acc telegraf.Accumulator, instance string, start time.Time, problem string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	m := metric.New("smtpprobe_gather", nil, nil, start)
	m.AddTag("instance", instance)
	m.AddField("targets", t.succeeded+t.failed+t.skipped+t.canceled)
	m.AddField("succeeded", t.succeeded)
	m.AddField("failed", t.failed)
	m.AddField("failed_network", t.failedNetwork)
	m.AddField("skipped", t.skipped)
	m.AddField("canceled", t.canceled)
	m.AddField("duration", time.Since(start).Seconds())
	m.AddField("suspect", bit(t.suspect()))
	if problem != "" {
		m.AddField("state_error", problem)
	}
	acc.AddMetric(m)
}

// instances numbers the plugin's instances in the order of their Init, which is
// that of the configuration. A number is free again after Stop, so that it is
// the same after a reload.
var instances numbers

type numbers struct {
	mu    sync.Mutex
	taken []bool // by number - 1
}

func (n *numbers) take() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	i := slices.Index(n.taken, false)
	if i < 0 {
		i = len(n.taken)
		n.taken = append(n.taken, false)
	}
	n.taken[i] = true
	return i + 1
}

func (n *numbers) free(number int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.taken[number-1] = false
}

// instance names the plugin's instance.
func (p *SMTPProbe) instance() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.Alias != "" {
		return p.Alias
	}
	return strconv.Itoa(p.number)
}
