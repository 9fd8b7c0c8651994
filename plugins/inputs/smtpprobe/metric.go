package smtpprobe

import (
	"cmp"
	"strconv"
	"strings"

	"github.com/influxdata/telegraf"
	"github.com/influxdata/telegraf/metric"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/state"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// none is the value of an outcome tag that has none.
const none = "none"

// observation is a result and what only the probes before it can tell.
type observation struct {
	*smtpprobe.Result
	offered *offer        // by the last EHLO, nil without one
	known   *state.Target // this probe included
	changed bool          // other capabilities than before

	implicitTLS bool     // TLS came before the greeting
	addresses   []string // of the host, if its name was resolved
}

// observe takes a result for one without a past.
func observe(r *smtpprobe.Result) *observation {
	return &observation{Result: r, offered: newOffer(r.Capabilities), known: &state.Target{}}
}

// report hands the points of one probe over. All of them carry the time at
// which it began.
func (p *SMTPProbe) report(acc telegraf.Accumulator, stable []tag, o *observation) {
	acc.AddMetric(o.main(stable))
	if p.phases {
		o.reportPhases(acc, stable)
	}
	if p.recipients {
		o.reportRecipients(acc, stable)
	}
}

// point begins a metric with the stable tags and the one that a schedule
// changes. It is filled in place: to collect maps for the accumulator costs
// twice as much.
func (o *observation) point(name string, stable []tag) telegraf.Metric {
	m := metric.New(name, nil, nil, o.Start)
	for _, t := range stable {
		m.AddTag(t.key, t.value)
	}
	m.AddTag("probe", string(o.Depth))
	return m
}

// verdict is what the outcome's tags and their twin fields say.
type verdict struct{ class, reason, code, phase, fault string }

func (o *observation) verdict() verdict {
	v := verdict{o.class().String(), none, codeText(o.code()), string(smtperr.PhaseDone), none}
	if o.Err != nil {
		v.reason = cmp.Or(string(detail(o.Err).Reason), none)
		v.phase = string(detail(o.Err).Phase)
		v.fault = cmp.Or(string(detail(o.Err).Fault()), none)
	}
	return v
}

func (o *observation) class() smtperr.Class {
	if o.Err == nil {
		return smtperr.ClassNone
	}
	return detail(o.Err).Class
}

func (o *observation) code() int {
	if o.Reply == nil {
		return 0
	}
	return o.Reply.Code
}

func codeText(code int) string {
	if code == 0 {
		return none
	}
	return strconv.Itoa(code)
}

// main is the point that every probe has: first what it always holds, then
// what there is.
func (o *observation) main(stable []tag) telegraf.Metric {
	m, v := o.point("smtpprobe", stable), o.verdict()
	m.AddTag("error_class", v.class)
	m.AddTag("reason", v.reason)
	m.AddTag("reply_code", v.code)
	m.AddTag("phase", v.phase)
	m.AddTag("fault", v.fault)

	m.AddField("success", bit(o.Expected))
	m.AddField("result", v.class)
	m.AddField("result_code", int64(o.class()))
	m.AddField("result_reason", v.reason)
	m.AddField("result_phase", v.phase)
	m.AddField("result_fault", v.fault)
	m.AddField("smtp_code", int64(o.code()))
	m.AddField("total_time", o.Total.Seconds())
	m.AddField("consecutive_failures", o.known.Failures)
	m.AddField("probes_total", o.known.ProbesTotal)
	m.AddField("failures_total", o.known.FailuresTotal)
	if last := o.known.LastSuccess; !last.IsZero() {
		m.AddField("seconds_since_success", int64(max(0, o.Start.Add(o.Total).Sub(last)).Seconds()))
	}
	if o.RemoteAddr != "" {
		m.AddField("remote_address", o.RemoteAddr)
	}
	if o.Reply != nil && !o.Reply.Enhanced.IsZero() {
		m.AddField("enhanced_code", o.Reply.Enhanced.String())
	}
	o.addFailure(m)
	o.addPhases(m)
	o.addTransaction(m)
	o.addTLS(m)
	o.addCapabilities(m)
	if len(o.Warnings) > 0 {
		m.AddField("warnings", joined(o.Warnings))
	}
	return m
}

func (o *observation) addFailure(m telegraf.Metric) {
	if o.Err == nil {
		return
	}
	m.AddField("failed_phase_time", o.failedPhaseTime())
	if detail(o.Err).OutcomeUnknown {
		m.AddField("outcome_unknown", int64(1))
	}
	if !o.Expected {
		m.AddField("temporary", bit(detail(o.Err).Temporary()))
		m.AddField("error", o.Err.Error())
	}
}

// failedPhaseTime is 0 where the phase was not reached.
func (o *observation) failedPhaseTime() float64 {
	if ph := o.phase(detail(o.Err).Phase); ph != nil {
		return ph.Duration.Seconds()
	}
	return 0
}

// phase is one that was reached, or nil.
func (o *observation) phase(name smtperr.Phase) *smtpprobe.PhaseResult {
	for i := range o.Phases {
		if o.Phases[i].Phase == name {
			return &o.Phases[i]
		}
	}
	return nil
}

// fieldsOf names the fields of the phases that have some of their own.
var fieldsOf = func(phases ...smtperr.Phase) map[smtperr.Phase]phaseFields {
	names := make(map[smtperr.Phase]phaseFields, len(phases))
	for _, ph := range phases {
		names[ph] = phaseFields{time: string(ph) + "_time", code: string(ph) + "_code"}
	}
	return names
}(
	smtperr.PhaseDNS, smtperr.PhaseConnect, smtperr.PhaseTLS, smtperr.PhaseGreeting, smtperr.PhaseEHLO,
	smtperr.PhaseHELO, smtperr.PhaseSTARTTLS, smtperr.PhaseAuth, smtperr.PhaseMail, smtperr.PhaseRcpt,
	smtperr.PhaseData, smtperr.PhaseBody, smtperr.PhaseDot, smtperr.PhaseRset, smtperr.PhaseQuit,
)

type phaseFields struct{ time, code string }

func (o *observation) addPhases(m telegraf.Metric) {
	for i := range o.Phases {
		ph := &o.Phases[i]
		names, ok := fieldsOf[ph.Phase]
		if !ok {
			continue
		}
		if ph.Complete {
			m.AddField(names.time, ph.Duration.Seconds())
		}
		if ph.Code != 0 {
			m.AddField(names.code, int64(ph.Code))
		}
	}
}

func (o *observation) addTransaction(m telegraf.Metric) {
	var accepted, refused int64
	for i := range o.Recipients {
		switch r := &o.Recipients[i]; {
		case r.Accepted:
			accepted++
		case r.Reply != nil:
			refused++
		}
	}
	if o.phase(smtperr.PhaseRcpt) != nil {
		m.AddField("recipients_accepted", accepted)
		m.AddField("recipients_refused", refused)
	}
	if o.DotSent {
		m.AddField("message_accepted", bit(o.MessageAccepted))
	}
}

func (o *observation) addTLS(m telegraf.Metric) {
	if o.TLS == nil {
		return
	}
	m.AddField("tls_verified", bit(o.TLS.Verified))
	if o.TLS.Complete {
		m.AddField("tls_version", o.TLS.Version)
		m.AddField("tls_cipher", o.TLS.Cipher)
	}
	if o.TLS.Leaf != nil {
		m.AddField("cert_expiry", int64(o.TLS.Leaf.NotAfter.Sub(o.Start).Seconds()))
	}
}

func (o *observation) addCapabilities(m telegraf.Metric) {
	if o.offered == nil {
		return
	}
	m.AddField("extensions", o.offered.extensions)
	m.AddField("auth_mechanisms", o.offered.mechanisms)
	m.AddField("capabilities_changed", bit(o.changed))
	if o.offered.hasSize {
		m.AddField("size_limit", o.offered.size)
	}
	if o.PlainCaps != nil && len(o.PlainCaps.Auth) > 0 {
		m.AddField("auth_mechanisms_cleartext", strings.Join(o.PlainCaps.Auth, ","))
	}
}

// reportPhases makes a point of every phase that was reached.
func (o *observation) reportPhases(acc telegraf.Accumulator, stable []tag) {
	for i := range o.Phases {
		ph := &o.Phases[i]
		class := none
		if ph.Err != nil {
			class = detail(ph.Err).Class.String()
		}
		m := o.point("smtpprobe_phase", stable)
		m.AddTag("phase", string(ph.Phase))
		m.AddTag("error_class", class)
		m.AddTag("reply_code", codeText(ph.Code))
		m.AddField("duration", ph.Duration.Seconds())
		m.AddField("code", int64(ph.Code))
		acc.AddMetric(m)
	}
}

// reportRecipients makes a point of every recipient that was asked for.
func (o *observation) reportRecipients(acc telegraf.Accumulator, stable []tag) {
	for i := range o.Recipients {
		r := &o.Recipients[i]
		if r.Reply == nil && r.Err == nil {
			continue
		}
		class, reason := none, none
		if r.Err != nil {
			class, reason = detail(r.Err).Class.String(), cmp.Or(string(detail(r.Err).Reason), none)
		}
		var reply smtperr.Reply // none: the session ended before
		if r.Reply != nil {
			reply = *r.Reply
		}
		m := o.point("smtpprobe_recipient", stable)
		m.AddTag("recipient", r.Address)
		m.AddTag("error_class", class)
		m.AddTag("reason", reason)
		m.AddTag("reply_code", codeText(reply.Code))
		m.AddField("accepted", bit(r.Accepted))
		m.AddField("duration", r.Duration.Seconds())
		m.AddField("smtp_code", int64(reply.Code))
		if !reply.Enhanced.IsZero() {
			m.AddField("enhanced_code", reply.Enhanced.String())
		}
		acc.AddMetric(m)
	}
}

func bit(yes bool) int64 {
	if yes {
		return 1
	}
	return 0
}

func joined[S ~string](list []S) string {
	texts := make([]string, len(list))
	for i, s := range list {
		texts[i] = string(s)
	}
	return strings.Join(texts, ",")
}
