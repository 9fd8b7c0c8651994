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

// group reports whether mail would go out through a list of relays.
type group struct {
	name   string
	relays []*relay
	next   func(rule) condition
}

// outcome is the part of a result that groups need.
type outcome struct {
	err  *smtperr.Error // nil if none
	took time.Duration
}

// condition is when the next relay is tried after a failure.
type condition uint8

const (
	never condition = iota
	always
	afterTemporary // failure
)

// rule is what the two policies do after a failure of one class. any_failure
// stops at failed authentication and at what another relay cannot change, as
// clients of SMTP commonly do. temporary_only stops at any refusal that is
// permanent, as Postfix does.
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
	smtperr.ClassAuthFailed:         {never, afterTemporary},
	smtperr.ClassSenderRefused:      {always, afterTemporary},
	smtperr.ClassRecipientRefused:   {always, afterTemporary},
	smtperr.ClassRecipientsRefused:  {always, afterTemporary},
	smtperr.ClassDataRefused:        {always, afterTemporary},
	smtperr.ClassServiceUnavailable: {always, always},
	smtperr.ClassDisconnected:       {always, always},
	smtperr.ClassReadTimeout:        {always, always},
	smtperr.ClassWriteTimeout:       {always, always},
	smtperr.ClassProtocolError:      {always, always},
	smtperr.ClassResponseError:      {always, always},
	smtperr.ClassUnexpectedSuccess:  {never, never},
	smtperr.ClassUnknown:            {always, always},
}

// policies are the values of the setting policy.
var policies = map[string]func(rule) condition{
	"":               func(r rule) condition { return r.anyFailure },
	"any_failure":    func(r rule) condition { return r.anyFailure },
	"temporary_only": func(r rule) condition { return r.temporaryOnly },
}

// parse makes the group of a table.
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

// goesOn reports whether the policy tries the next relay after a failure. A
// message that may have been delivered is not sent again.
func (g *group) goesOn(err *smtperr.Error) bool {
	if err.OutcomeUnknown {
		return false
	}
	switch g.next(rules[err.Class]) {
	case always:
		return true
	case afterTemporary:
		return err.Temporary()
	}
	return false
}

// outcome is the best of the relay's targets: a mail server tries one host and
// address after the other. If all fail, it is that of the first.
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
	selected, class, attempts, took := none, smtperr.ClassNone, 0, time.Duration(0)
	for i, o := range outcomes {
		attempts++
		took += o.took
		if o.err == nil {
			selected, class = g.relays[i].name, smtperr.ClassNone
			break
		}
		class = o.err.Class
		if !g.goesOn(o.err) {
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
	m.AddField("total_time", took.Seconds())
	acc.AddMetric(m)
}
