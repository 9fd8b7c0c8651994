package smtpprobe

import (
	"strings"

	"github.com/influxdata/telegraf"
	"github.com/influxdata/telegraf/metric"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/state"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/summary"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

const none = summary.None

// observation is the result of a probe together with the state of its target.
type observation struct {
	*smtpprobe.Result
	summary *summary.Summary
	known   *state.Target // the state after this probe
	changed bool          // the capabilities differ from those of the last probe

	implicitTLS bool     // the greeting was sent within TLS
	addresses   []string // of the host; empty if no name was resolved
}

// observe returns the observation of a target without state.
func observe(r *smtpprobe.Result) *observation {
	return &observation{Result: r, summary: summary.Of(r), known: &state.Target{}}
}

// report adds the metrics of one probe. Their timestamp is its start.
func (p *SMTPProbe) report(acc telegraf.Accumulator, stable []tag, o *observation) {
	acc.AddMetric(o.main(stable))
	if p.phases {
		o.reportPhases(acc, stable)
	}
	if p.recipients {
		o.reportRecipients(acc, stable)
	}
}

// newMetric returns a metric with the stable tags and the depth. Adding tags and
// fields one by one takes half the time of passing maps to the accumulator.
func (o *observation) newMetric(name string, stable []tag) telegraf.Metric {
	m := metric.New(name, nil, nil, o.Start)
	for _, t := range stable {
		m.AddTag(t.key, t.value)
	}
	m.AddTag("probe", string(o.Depth))
	return m
}

// main returns the metric smtpprobe, which every probe has.
func (o *observation) main(stable []tag) telegraf.Metric {
	m, s := o.newMetric("smtpprobe", stable), o.summary
	m.AddTag("error_class", s.Class)
	m.AddTag("reason", s.Reason)
	m.AddTag("reply_code", s.CodeText())
	m.AddTag("phase", s.Phase)
	m.AddTag("fault", s.Fault)

	m.AddField("success", bit(s.Success))
	m.AddField("result", s.Class)
	m.AddField("result_code", int64(s.ClassCode))
	m.AddField("result_reason", s.Reason)
	m.AddField("result_phase", s.Phase)
	m.AddField("result_fault", s.Fault)
	m.AddField("smtp_code", int64(s.Code))
	addText(m, "enhanced_code", s.EnhancedCode)
	m.AddField("total_time", s.Total.Float())
	o.addHistory(m)
	o.addFailure(m)
	addText(m, "remote_address", s.RemoteAddress)
	if o.LocalAddr.IsValid() {
		m.AddField("local_address", o.LocalAddr.String())
	}
	addText(m, "greeting_host", o.GreetingHost)
	addText(m, "ehlo_host", o.EHLOHost)
	o.addPhases(m)
	o.addCapabilities(m)
	o.addTLS(m)
	addText(m, "auth_mechanism", s.AuthUsed)
	o.addTransaction(m)
	addText(m, "warnings", strings.Join(s.Warnings, ","))
	return m
}

// addText adds a field unless its value is empty.
func addText(m telegraf.Metric, field, text string) {
	if text != "" {
		m.AddField(field, text)
	}
}

// addNumber adds a field unless its value is 0.
func addNumber(m telegraf.Metric, field string, number int) {
	if number != 0 {
		m.AddField(field, int64(number))
	}
}

// maxList is the maximum length of a field that is a list, in bytes.
const maxList = 1024

// list joins the items of a list that comes from the relay, up to maxList.
func list(items []string) string {
	const more = "..."
	text := strings.Join(items, ",")
	if len(text) > maxList {
		text = text[:maxList-len(more)] + more
	}
	return text
}

// addHistory adds the fields about this and earlier probes of the target.
func (o *observation) addHistory(m telegraf.Metric) {
	m.AddField("consecutive_failures", o.known.Failures)
	m.AddField("probes_total", o.known.ProbesTotal)
	m.AddField("failures_total", o.known.FailuresTotal)
	if last := o.known.LastSuccess; !last.IsZero() {
		m.AddField("seconds_since_success", int64(max(0, o.Start.Add(o.Total).Sub(last)).Seconds()))
	}
}

func (o *observation) addFailure(m telegraf.Metric) {
	s := o.summary
	if !s.Failed() {
		return
	}
	var duration float64 // 0 if the phase was not reached
	if ph := s.FindPhase(s.Phase); ph != nil {
		duration = ph.Time.Float()
	}
	m.AddField("failed_phase_time", duration)
	if s.OutcomeUnknown {
		m.AddField("outcome_unknown", int64(1))
	}
	if !s.Success {
		m.AddField("temporary", bit(*s.Temporary))
		m.AddField("error", s.Error)
	}
}

// phaseFields are the names of the fields of a phase.
type phaseFields struct{ time, code string }

// fieldsOf holds the names of the fields of each phase of a session.
var fieldsOf = func() map[string]phaseFields {
	fields := make(map[string]phaseFields)
	for _, p := range smtperr.Phases() {
		if p != smtperr.PhaseConfig && p != smtperr.PhaseDone {
			fields[string(p)] = phaseFields{time: string(p) + "_time", code: string(p) + "_code"}
		}
	}
	return fields
}()

func (o *observation) addPhases(m telegraf.Metric) {
	for _, ph := range o.summary.Phases {
		fields, ok := fieldsOf[ph.Phase]
		if !ok {
			continue
		}
		if ph.Complete {
			m.AddField(fields.time, ph.Time.Float())
		}
		addNumber(m, fields.code, ph.Code)
	}
}

func (o *observation) addTransaction(m telegraf.Metric) {
	s := o.summary
	if s.FindPhase(string(smtperr.PhaseRcpt)) != nil {
		var accepted, refused int64
		for i := range s.Recipients {
			switch r := &s.Recipients[i]; {
			case r.Accepted:
				accepted++
			case r.Code != 0:
				refused++
			}
		}
		m.AddField("recipients_accepted", accepted)
		m.AddField("recipients_refused", refused)
	}
	if s.MessageSent {
		m.AddField("message_accepted", bit(s.MessageAccepted))
		addText(m, "message_id", s.MessageID)
	}
}

func (o *observation) addTLS(m telegraf.Metric) {
	t := o.TLS
	if t == nil {
		return
	}
	m.AddField("tls_verified", bit(t.Verified))
	if t.Complete {
		m.AddField("tls_version", t.Version)
		m.AddField("tls_cipher", t.Cipher)
		addText(m, "tls_group", t.Group)
	}
	if c := t.Leaf; c != nil {
		m.AddField("cert_expiry", int64(c.NotAfter.Sub(o.Start).Seconds()))
		m.AddField("cert_fingerprint", fingerprint(c))
		addText(m, "cert_issuer", issuerOf(c))
		addText(m, "cert_key", keyType(c))
	}
	if !t.ChainExpiry.IsZero() {
		m.AddField("chain_expiry", int64(t.ChainExpiry.Sub(o.Start).Seconds()))
	}
}

func (o *observation) addCapabilities(m telegraf.Metric) {
	c := o.Capabilities
	if c == nil {
		return
	}
	m.AddField("extensions", list(o.summary.Extensions))
	m.AddField("auth_mechanisms", list(o.summary.AuthMechanisms))
	addText(m, "auth_mechanisms_cleartext", list(o.summary.AuthCleartext))
	m.AddField("capabilities_changed", bit(o.changed))
	if c.HasSize {
		m.AddField("size_limit", c.Size)
	}
	addNumber(m, "limits_mail", c.Limits.Mail)
	addNumber(m, "limits_rcpt", c.Limits.Rcpt)
	addNumber(m, "limits_rcptdomain", c.Limits.RcptDomain)
}

// reportPhases adds a metric for every phase that was reached.
func (o *observation) reportPhases(acc telegraf.Accumulator, stable []tag) {
	for _, ph := range o.summary.Phases {
		m := o.newMetric("smtpprobe_phase", stable)
		m.AddTag("phase", ph.Phase)
		m.AddTag("error_class", ph.Class)
		m.AddTag("reply_code", summary.CodeText(ph.Code))
		m.AddField("duration", ph.Time.Float())
		m.AddField("code", int64(ph.Code))
		acc.AddMetric(m)
	}
}

// reportRecipients adds a metric for every recipient for which RCPT was sent.
func (o *observation) reportRecipients(acc telegraf.Accumulator, stable []tag) {
	for i := range o.summary.Recipients {
		r := &o.summary.Recipients[i]
		if r.Code == 0 && r.Class == none {
			continue
		}
		m := o.newMetric("smtpprobe_recipient", stable)
		m.AddTag("recipient", r.Address)
		m.AddTag("error_class", r.Class)
		m.AddTag("reason", r.Reason)
		m.AddTag("reply_code", summary.CodeText(r.Code))
		m.AddField("accepted", bit(r.Accepted))
		m.AddField("duration", r.Time.Float())
		m.AddField("smtp_code", int64(r.Code))
		addText(m, "enhanced_code", r.EnhancedCode)
		acc.AddMetric(m)
	}
}

func bit(yes bool) int64 {
	if yes {
		return 1
	}
	return 0
}
