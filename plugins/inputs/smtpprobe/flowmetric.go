package smtpprobe

import (
	"cmp"
	"errors"
	"time"

	"github.com/influxdata/telegraf"
	"github.com/influxdata/telegraf/metric"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/mailbox"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/mailflow"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// report adds the metrics of the mail flow: settled messages, flows and scans of the
// mailboxes.
func (t *tracker) report(acc telegraf.Accumulator, results []mailbox.Result) {
	ledger := t.opened()
	for _, a := range ledger.Arrivals() {
		acc.AddMetric(arrivalMetric(&a))
	}
	now := time.Now()
	for _, f := range ledger.Flows() {
		acc.AddMetric(flowMetric(&f, now))
	}
	for i, w := range t.boxes {
		acc.AddMetric(mailboxMetric(w, &results[i]))
	}
}

func arrivalMetric(a *mailflow.Arrival) telegraf.Metric {
	class, reason := none, none
	if a.Bounce != nil {
		class, reason = a.Bounce.Class, cmp.Or(a.Bounce.Reason, none)
	}
	m := metric.New("smtpprobe_arrival", nil, nil, a.Time)
	m.AddTag("relay", a.Relay)
	m.AddTag("mailbox", a.Mailbox)
	m.AddTag("state", string(a.State))
	m.AddTag("folder", string(a.Folder))
	m.AddTag("error_class", class)
	m.AddTag("reason", reason)

	if a.State != mailflow.Lost {
		m.AddField("delay", a.Delay.Seconds())
	}
	if a.Path != nil {
		addPath(m, a.Path)
	}
	addText(m, "spf", a.Checks.SPF)
	addText(m, "dkim", a.Checks.DKIM)
	addText(m, "dmarc", a.Checks.DMARC)
	addText(m, "message_id", a.MessageID)
	if b := a.Bounce; b != nil {
		if b.Code != 0 {
			m.AddField("smtp_code", int64(b.Code))
		}
		addText(m, "enhanced_code", b.EnhancedCode)
		m.AddField("error", b.Error)
	}
	if a.State == mailflow.Lost { // a metric needs at least one field
		m.AddField("outcome_unknown", bit(a.OutcomeUnknown))
	}
	return m
}

func addPath(m telegraf.Metric, p *mailflow.Path) {
	m.AddField("hops", int64(p.Hops))
	m.AddField("encrypted_hops", int64(p.Encrypted))
	switch {
	case p.Skewed:
		m.AddField("clock_skew", int64(1))
	case p.Slowest != "":
		m.AddField("slowest_hop", p.Slowest)
		m.AddField("slowest_hop_time", p.SlowestTime.Seconds())
	}
}

func flowMetric(f *mailflow.Flow, now time.Time) telegraf.Metric {
	m := metric.New("smtpprobe_flow", nil, nil, now)
	m.AddTag("relay", f.Relay)
	m.AddTag("mailbox", f.Mailbox)
	m.AddField("in_flight", int64(f.InFlight))
	m.AddField("oldest_age", f.OldestAge.Seconds())
	m.AddField("held", bit(f.Held))
	if f.SinceArrival >= 0 {
		m.AddField("seconds_since_arrival", int64(f.SinceArrival.Seconds()))
	}
	c := &f.Counters
	for _, n := range []struct {
		field string
		value int64
	}{
		{"sent_total", c.Sent},
		{"arrived_total", c.Arrived},
		{"late_total", c.Late},
		{"lost_total", c.Lost},
		{"found_total", c.Found},
		{"duplicate_total", c.Duplicate},
		{"bounced_total", c.Bounced},
		{"delayed_total", c.Delayed},
	} {
		m.AddField(n.field, n.value)
	}
	return m
}

func mailboxMetric(w *watched, r *mailbox.Result) telegraf.Metric {
	class, reason, phase := none, none, string(smtperr.PhaseDone)
	if e, ok := errors.AsType[*smtperr.Error](r.Err); ok {
		class, reason, phase = e.Class.String(), cmp.Or(string(e.Reason), none), string(e.Phase)
	}
	m := metric.New("smtpprobe_mailbox", nil, nil, r.Began)
	m.AddTag("mailbox", w.name)
	m.AddTag("source", w.box.Source())
	m.AddTag("error_class", class)
	m.AddTag("reason", reason)
	m.AddTag("phase", phase)
	m.AddField("success", bit(r.Err == nil))
	m.AddField("result", class)
	m.AddField("ours", int64(r.Ours))
	m.AddField("foreign", int64(r.Foreign))
	m.AddField("complete", bit(r.Complete))
	m.AddField("total_time", r.Duration.Seconds())
	if r.Err != nil {
		m.AddField("error", r.Err.Error())
	}
	return m
}
