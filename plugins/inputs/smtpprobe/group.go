package smtpprobe

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/influxdata/telegraf"
	"github.com/influxdata/telegraf/metric"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// group answers whether mail would go out through a list of relays.
type group struct {
	name   string
	relays []*relay
	policy policy
}

// policy decides after which failures a group tries its next relay.
type policy string

const (
	// anyFailure tries the next relay after every failure that another relay may
	// not have; a failed authentication stops.
	anyFailure policy = "any_failure"
	// temporaryOnly does what mail servers do: a 4xx goes to the next relay, a
	// 5xx to the login, an address or the message is final.
	temporaryOnly policy = "temporary_only"
)

// next reports whether the policy tries the next relay after this failure. A
// message that may have been delivered is not sent again.
func (p policy) next(e *smtperr.Error) bool {
	if e.OutcomeUnknown {
		return false
	}
	switch e.Class {
	case smtperr.ClassConfigError, smtperr.ClassCanceled, smtperr.ClassUnexpectedSuccess:
		return false
	case smtperr.ClassLocalError:
		return p == anyFailure
	case smtperr.ClassAuthFailed:
		return p == temporaryOnly && e.Temporary()
	case smtperr.ClassSenderRefused, smtperr.ClassRecipientRefused, smtperr.ClassRecipientsRefused, smtperr.ClassDataRefused:
		return p == anyFailure || e.Temporary()
	}
	return true
}

// outcome is what a group needs to know of a probe.
type outcome struct {
	err  *smtperr.Error
	took time.Duration
}

func newGroup(g *Group, relays map[string]*relay) (*group, error) {
	if g.Name == "" {
		return nil, errors.New("a group has no name")
	}
	if err := oneLine("name", g.Name); err != nil {
		return nil, err
	}
	made := &group{name: g.Name, policy: policy(g.Policy)}
	switch made.policy {
	case "":
		made.policy = anyFailure
	case anyFailure, temporaryOnly:
	default:
		return nil, fmt.Errorf("invalid policy %q: must be one of %s, %s", g.Policy, anyFailure, temporaryOnly)
	}
	if len(g.Relays) == 0 {
		return nil, errors.New("relays is empty")
	}
	for i, name := range g.Relays {
		r := relays[name]
		if r == nil {
			return nil, fmt.Errorf("there is no relay %q; a relay without a name has its URL for one", name)
		}
		if slices.Contains(g.Relays[:i], name) {
			return nil, fmt.Errorf("relays names %q twice", name)
		}
		if expectsFailure(r.plan.Expect) {
			return nil, fmt.Errorf("the relay %q expects a failure: no mail would go out through it", name)
		}
		made.relays = append(made.relays, r)
	}
	return made, nil
}

// outcome is the best of what a relay's name stands for: a mail server tries
// one host and one address after the other. Where none works, the first tells.
func (r *relay) outcome() outcome {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, m := range r.named {
		if m.last.err == nil {
			return m.last
		}
	}
	return r.named[0].last
}

// report follows the policy along the results of one gather.
func (g *group) report(acc telegraf.Accumulator, at time.Time) {
	outcomes := make([]outcome, len(g.relays))
	healthy := 0
	for i, r := range g.relays {
		outcomes[i] = r.outcome()
		if outcomes[i].err == nil {
			healthy++
		}
	}
	selected, class, attempts, took := "none", smtperr.ClassNone, 0, time.Duration(0)
	for i, o := range outcomes {
		attempts++
		took += o.took
		if o.err == nil {
			selected, class = g.relays[i].name, smtperr.ClassNone
			break
		}
		class = o.err.Class
		if !g.policy.next(o.err) {
			break
		}
	}
	m := metric.New("smtpprobe_group", nil, nil, at)
	m.AddTag("group", g.name)
	m.AddTag("selected", selected)
	m.AddTag("error_class", class.String())
	m.AddField("success", bit(selected != "none"))
	m.AddField("attempts", int64(attempts))
	m.AddField("healthy", int64(healthy))
	m.AddField("total", int64(len(outcomes)))
	m.AddField("total_time", took.Seconds())
	acc.AddMetric(m)
}
