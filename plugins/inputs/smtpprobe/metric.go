package smtpprobe

import (
	"cmp"
	"maps"
	"strconv"
	"strings"
	"time"

	"github.com/influxdata/telegraf"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// none is the value of an outcome tag that has none.
const none = "none"

// observation is a result and what only the probes before it can tell.
type observation struct {
	*smtpprobe.Result
	failures    int64 // in a row
	lastSuccess time.Time
	changed     bool // other capabilities than before
}

// report hands the points of one probe over. All of them carry the time at
// which it began.
func (p *SMTPProbe) report(acc telegraf.Accumulator, stable map[string]string, o *observation) {
	acc.AddFields("smtpprobe", o.fields(), o.outcomeTags(stable), o.Start)
	if p.wants.phases {
		o.reportPhases(acc, stable)
	}
	if p.wants.recipients {
		o.reportRecipients(acc, stable)
	}
}

// withProbe copies the stable tags and adds the one that a schedule changes.
// There is room for those that a point adds.
func (o *observation) withProbe(stable map[string]string) map[string]string {
	const ownTags = 6
	tags := make(map[string]string, len(stable)+ownTags)
	maps.Copy(tags, stable)
	tags["probe"] = string(o.Depth)
	return tags
}

// verdict is what the outcome's tags and their twin fields say.
type verdict struct{ class, reason, code, phase, fault string }

func (o *observation) verdict() verdict {
	v := verdict{none, none, codeText(o.code()), string(smtperr.PhaseDone), none}
	if o.Err != nil {
		v.class = o.Err.Class.String()
		v.reason = cmp.Or(string(o.Err.Reason), none)
		v.phase = string(o.Err.Phase)
		v.fault = cmp.Or(string(o.Err.Fault()), none)
	}
	return v
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

func (o *observation) outcomeTags(stable map[string]string) map[string]string {
	tags, v := o.withProbe(stable), o.verdict()
	tags["error_class"] = v.class
	tags["reason"] = v.reason
	tags["reply_code"] = v.code
	tags["phase"] = v.phase
	tags["fault"] = v.fault
	return tags
}

// usualFields is about as many as a probe has: a map that grows costs twice.
const usualFields = 28

// fields starts with what every probe has; each part adds what there is.
func (o *observation) fields() map[string]any {
	v := o.verdict()
	f := make(map[string]any, usualFields)
	f["success"] = bit(o.Expected)
	f["result"] = v.class
	f["result_reason"] = v.reason
	f["result_phase"] = v.phase
	f["result_fault"] = v.fault
	f["result_code"] = int64(0)
	f["smtp_code"] = int64(o.code())
	f["total_time"] = o.Total.Seconds()
	f["consecutive_failures"] = o.failures
	if !o.lastSuccess.IsZero() {
		f["seconds_since_success"] = int64(max(0, o.Start.Add(o.Total).Sub(o.lastSuccess)).Seconds())
	}
	if o.RemoteAddr != "" {
		f["remote_address"] = o.RemoteAddr
	}
	if o.Reply != nil && o.Reply.Enhanced != (smtperr.EnhancedCode{}) {
		f["enhanced_code"] = o.Reply.Enhanced.String()
	}
	o.addFailure(f)
	o.addPhases(f)
	o.addTransaction(f)
	o.addTLS(f)
	o.addCapabilities(f)
	if len(o.Warnings) > 0 {
		f["warnings"] = joined(o.Warnings)
	}
	return f
}

func (o *observation) addFailure(f map[string]any) {
	if o.Err == nil {
		return
	}
	f["result_code"] = int64(o.Err.Class)
	f["failed_phase_time"] = float64(0) // unless the phase was reached
	if o.Err.OutcomeUnknown {
		f["outcome_unknown"] = int64(1)
	}
	if !o.Expected {
		f["temporary"] = bit(o.Err.Temporary)
		f["error"] = o.Err.Error()
	}
}

// timed are the phases that have a field of their own.
var timed = map[smtperr.Phase]bool{
	smtperr.PhaseDNS: true, smtperr.PhaseConnect: true, smtperr.PhaseTLS: true, smtperr.PhaseGreeting: true,
	smtperr.PhaseEHLO: true, smtperr.PhaseHELO: true, smtperr.PhaseSTARTTLS: true, smtperr.PhaseAuth: true,
	smtperr.PhaseMail: true, smtperr.PhaseRcpt: true, smtperr.PhaseData: true, smtperr.PhaseBody: true,
	smtperr.PhaseDot: true, smtperr.PhaseRset: true, smtperr.PhaseQuit: true,
}

func (o *observation) addPhases(f map[string]any) {
	for i := range o.Phases {
		ph := &o.Phases[i]
		if o.Err != nil && o.Err.Phase == ph.Phase {
			f["failed_phase_time"] = ph.Duration.Seconds()
		}
		if !timed[ph.Phase] {
			continue
		}
		if ph.Complete {
			f[string(ph.Phase)+"_time"] = ph.Duration.Seconds()
		}
		if ph.Code != 0 {
			f[string(ph.Phase)+"_code"] = int64(ph.Code)
		}
	}
}

func (o *observation) addTransaction(f map[string]any) {
	var accepted, refused int64
	for i := range o.Recipients {
		switch r := &o.Recipients[i]; {
		case r.Accepted:
			accepted++
		case r.Reply != nil:
			refused++
		}
	}
	if o.reached(smtperr.PhaseRcpt) {
		f["recipients_accepted"] = accepted
		f["recipients_refused"] = refused
	}
	if o.DotSent {
		f["message_accepted"] = bit(o.MessageAccepted)
	}
}

func (o *observation) reached(phase smtperr.Phase) bool {
	for i := range o.Phases {
		if o.Phases[i].Phase == phase {
			return true
		}
	}
	return false
}

func (o *observation) addTLS(f map[string]any) {
	if o.TLS == nil {
		return
	}
	f["tls_verified"] = bit(o.TLS.Verified)
	if o.TLS.Complete {
		f["tls_version"] = o.TLS.Version
		f["tls_cipher"] = o.TLS.Cipher
	}
	if o.TLS.Leaf != nil {
		f["cert_expiry"] = int64(o.TLS.Leaf.NotAfter.Sub(o.Start).Seconds())
	}
}

func (o *observation) addCapabilities(f map[string]any) {
	if o.Capabilities == nil {
		return
	}
	f["extensions"] = strings.Join(o.Capabilities.Keywords(), ",")
	f["auth_mechanisms"] = strings.Join(o.Capabilities.Auth, ",")
	f["capabilities_changed"] = bit(o.changed)
	if o.Capabilities.HasSize {
		f["size_limit"] = o.Capabilities.Size
	}
	if o.PlainCaps != nil && len(o.PlainCaps.Auth) > 0 {
		f["auth_mechanisms_cleartext"] = strings.Join(o.PlainCaps.Auth, ",")
	}
}

// reportPhases makes a point of every phase that was reached.
func (o *observation) reportPhases(acc telegraf.Accumulator, stable map[string]string) {
	for i := range o.Phases {
		ph := &o.Phases[i]
		class := none
		if ph.Err != nil {
			class = ph.Err.Class.String()
		}
		tags := o.withProbe(stable)
		tags["phase"] = string(ph.Phase)
		tags["error_class"] = class
		tags["reply_code"] = codeText(ph.Code)
		acc.AddFields("smtpprobe_phase", map[string]any{"duration": ph.Duration.Seconds(), "code": int64(ph.Code)}, tags, o.Start)
	}
}

// reportRecipients makes a point of every recipient that was asked for.
func (o *observation) reportRecipients(acc telegraf.Accumulator, stable map[string]string) {
	for i := range o.Recipients {
		r := &o.Recipients[i]
		if r.Reply == nil && r.Err == nil {
			continue
		}
		class, reason := none, none
		if r.Err != nil {
			class, reason = r.Err.Class.String(), cmp.Or(string(r.Err.Reason), none)
		}
		f := map[string]any{"accepted": bit(r.Accepted), "duration": r.Duration.Seconds(), "smtp_code": int64(0)}
		if r.Reply != nil {
			f["smtp_code"] = int64(r.Reply.Code)
			if r.Reply.Enhanced != (smtperr.EnhancedCode{}) {
				f["enhanced_code"] = r.Reply.Enhanced.String()
			}
		}
		tags := o.withProbe(stable)
		tags["recipient"] = r.Address
		tags["error_class"] = class
		tags["reason"] = reason
		tags["reply_code"] = codeText(int(f["smtp_code"].(int64)))
		acc.AddFields("smtpprobe_recipient", f, tags, o.Start)
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
