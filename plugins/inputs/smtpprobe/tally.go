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

// suspectTargets is the minimum number of probed targets of a suspect gather. Fewer
// targets may well all be down.
const suspectTargets = 10

// tally counts the outcomes of one gather.
type tally struct {
	mu sync.Mutex

	succeeded, failed, skipped, canceled int64
	// failedNetwork counts the failures caused by the network or this machine.
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

// suspect reports whether this machine is a more likely cause of the failures than
// the relays.
func (t *tally) suspect() bool {
	probed := t.succeeded + t.failed
	return probed >= suspectTargets && t.failedNetwork*2 > probed
}

// report adds the metric of a gather that ends now. problem is the error of the
// state file, empty if there is none.
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

// instances numbers the instances of the plugin in the order of their Init, which
// is their order in the configuration. Stop frees the number, so it is the same
// after a reload.
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

// instance returns the name of the instance: its alias or its number.
func (p *SMTPProbe) instance() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.Alias != "" {
		return p.Alias
	}
	return strconv.Itoa(p.number)
}
