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

// group is a list of relays that a mail client would try in order. It reports
// whether mail could be sent through one of them.
type group struct {
	name   string
	relays []*relay
	next   func(rule) condition // the column of the group's policy
}

// outcome is the part of a result that groups need.
type outcome struct {
	err      *smtperr.Error // nil: success
	duration time.Duration
}

// condition decides whether the next relay is tried after a failure.
type condition uint8

const (
	never condition = iota
	always
	ifTemporary
)

// rule has the conditions of both policies for one class of failure. any_failure
// stops if authentication fails, as SMTP clients commonly do, and if another relay
// would fail, too. temporary_only also stops at any permanent refusal, as Postfix
// does.
type rule struct{ anyFailure, temporaryOnly condition }

var rules = map[smtperr.Class]rule{
	smtperr.ClassConfigError:        {never, never},
	smtperr.ClassLocalError:         {always, never},
	smtperr.ClassCanceled:           {never, never},
	smtperr.ClassDNSNotFound:        {always, always},
	smtperr.ClassDNSTimeout:         {always, always},
	smtperr.ClassDNSError:           {always, always},
	smtperr.ClassConnectError:       {always, always},
	smtperr.ClassConnectTimeout:     {always, always},
	smtperr.ClassTLSVerifyError:     {always, always},
	smtperr.ClassTLSError:           {always, always},
	smtperr.ClassTLSTimeout:         {always, always},
	smtperr.ClassStartTLSRefused:    {always, always},
	smtperr.ClassNotSupported:       {always, always},
	smtperr.ClassGreetingRefused:    {always, always},
	smtperr.ClassHeloRefused:        {always, always},
	smtperr.ClassAuthFailed:         {never, ifTemporary},
	smtperr.ClassSenderRefused:      {always, ifTemporary},
	smtperr.ClassRecipientRefused:   {always, ifTemporary},
	smtperr.ClassRecipientsRefused:  {always, ifTemporary},
	smtperr.ClassDataRefused:        {always, ifTemporary},
	smtperr.ClassServiceUnavailable: {always, always},
	smtperr.ClassDisconnected:       {always, always},
	smtperr.ClassReadTimeout:        {always, always},
	smtperr.ClassWriteTimeout:       {always, always},
	smtperr.ClassProtocolError:      {always, always},
	smtperr.ClassResponseError:      {always, always},
	smtperr.ClassUnexpectedSuccess:  {never, never},
	smtperr.ClassUnknown:            {always, always},
}

// policies has the values of the setting policy of a group.
var policies = map[string]func(rule) condition{
	"":               func(r rule) condition { return r.anyFailure },
	"any_failure":    func(r rule) condition { return r.anyFailure },
	"temporary_only": func(r rule) condition { return r.temporaryOnly },
}

// parse returns the group of a table.
func (g *Group) parse(relays map[string]*relay) (*group, error) {
	if g.Name == "" {
		return nil, errors.New("name is missing")
	}
	if err := firstError(checkName("name", g.Name), oneOf("policy", g.Policy, "", "any_failure", "temporary_only")); err != nil {
		return nil, err
	}
	if len(g.Relays) == 0 {
		return nil, errors.New("relays is empty")
	}
	parsed := &group{name: g.Name, next: policies[g.Policy]}
	for i, name := range g.Relays {
		r := relays[name]
		switch {
		case r == nil:
			return nil, fmt.Errorf("invalid relays %q: no relay has this name (the name of a relay without one is its URL)", name)
		case slices.Contains(g.Relays[:i], name):
			return nil, fmt.Errorf("invalid relays %q: listed twice", name)
		case r.expectsFailure():
			return nil, fmt.Errorf("relay %q expects a failure: no mail would go out through it", name)
		}
		parsed.relays = append(parsed.relays, r)
	}
	return parsed, nil
}

// continues reports whether the policy tries the next relay after a failure. A
// message that may have been delivered is not sent again.
func (g *group) continues(err *smtperr.Error) bool {
	if err.OutcomeUnknown {
		return false
	}
	switch g.next(rules[err.Class]) {
	case always:
		return true
	case ifTemporary:
		return err.Temporary()
	default:
		return false
	}
}

// outcome returns the first success of the relay's targets, because a mail server
// tries all hosts and addresses. If all failed, it returns the outcome of the
// first target.
func (r *relay) outcome() outcome {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range r.current {
		if s.last.err == nil {
			return s.last
		}
	}
	return r.current[0].last
}

// report adds the metric of the group: it applies the policy to the outcomes of
// one gather.
func (g *group) report(acc telegraf.Accumulator, at time.Time) {
	outcomes := make([]outcome, len(g.relays))
	healthy := 0
	for i, r := range g.relays {
		outcomes[i] = r.outcome()
		if outcomes[i].err == nil {
			healthy++
		}
	}
	selected, class, attempts, total := none, smtperr.ClassNone, 0, time.Duration(0)
	for i, o := range outcomes {
		attempts++
		total += o.duration
		if o.err == nil {
			selected, class = g.relays[i].name, smtperr.ClassNone
			break
		}
		class = o.err.Class
		if !g.continues(o.err) {
			break
		}
	}
	m := metric.New("smtpprobe_group", nil, nil, at)
	m.AddTag("group", g.name)
	m.AddTag("selected", selected)
	m.AddTag("error_class", class.String())
	m.AddField("success", bit(selected != none))
	m.AddField("attempts", int64(attempts))
	m.AddField("healthy", int64(healthy))
	m.AddField("total", int64(len(outcomes)))
	m.AddField("total_time", total.Seconds())
	acc.AddMetric(m)
}
