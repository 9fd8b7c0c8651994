package report

import (
	"cmp"
	"time"
	"unique"

	"github.com/influxdata/telegraf"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// identity identifies a target by its tags that never change, and the agent that
// probes it.
type identity struct{ relay, source, port, ip, probe, host string }

func identify(m telegraf.Metric) identity {
	return identity{tagText(m, "relay"), tagText(m, "source"), tagText(m, "port"), tagText(m, "ip"), tagText(m, "probe"), tagText(m, "host")}
}

// series holds the results of one target.
type series struct {
	id     identity
	probes []probe
	times  map[smtperr.Phase][]float32 // seconds, of each completed phase
	failed map[failure]int

	implicitTLS bool // TLS comes before the greeting
	backends    map[string]*backendStats

	lastProbe   time.Time
	lastClass   smtperr.Class // of the last probe
	lastSuccess bool          // of the last probe
	expiry      time.Time     // of the last certificate
	errorText   string        // of the last failure
	errorAt     time.Time     // time of the last failure
}

// probe is the result of one probe.
type probe struct {
	at      time.Time
	class   smtperr.Class
	success bool    // the outcome was the expected one
	total   float32 // seconds
	code    int16   // the decisive reply code, 0 without a reply
	reason  unique.Handle[string]
}

// state returns the class, or ClassNone for a failure that was expected.
func (p probe) state() smtperr.Class {
	if p.success {
		return smtperr.ClassNone
	}
	return p.class
}

// failure is one way to fail.
type failure struct {
	class         smtperr.Class
	reason, phase string
	code          int16
}

func newSeries(id identity) *series {
	return &series{id: id, times: make(map[smtperr.Phase][]float32), failed: make(map[failure]int)}
}

// add adds a probe.
func (s *series) add(m telegraf.Metric, class smtperr.Class) {
	p := probe{
		at: m.Time(), class: class, success: number[int64](m, "success") == 1, total: seconds(m, "total_time"),
		code: replyOf(m), reason: unique.Make(text(m, "result_reason")),
	}
	s.probes = append(s.probes, p)
	for _, phase := range smtperr.Phases() {
		if field := string(phase) + "_time"; m.HasField(field) {
			s.times[phase] = append(s.times[phase], seconds(m, field))
		}
	}
	s.addBackend(text(m, "greeting_host"), p)
	if !p.success {
		s.failed[failure{class, p.reason.Value(), text(m, "result_phase"), p.code}]++
		if !p.at.Before(s.errorAt) {
			s.errorAt, s.errorText = p.at, text(m, "error")
		}
	}
	if tls, _ := m.GetTag("tls"); tls == "implicit" {
		s.implicitTLS = true
	}
	if p.at.Before(s.lastProbe) {
		return
	}
	s.lastProbe, s.lastClass, s.lastSuccess = p.at, class, p.success
	if m.HasField("cert_expiry") {
		s.expiry = after(p.at, number[int64](m, "cert_expiry"))
	}
}

// successes counts the probes with the expected outcome.
func (s *series) successes() int {
	n := 0
	for _, p := range s.probes {
		if p.success {
			n++
		}
	}
	return n
}

// topFailure returns the most frequent failure, the one with the lowest class if
// several are. ok is false without failures.
func (s *series) topFailure() (top failure, ok bool) {
	most := 0
	for f, n := range s.failed {
		if n > most || n == most && cmp.Less(f.class, top.class) {
			top, most = f, n
		}
	}
	return top, most > 0
}

// replyOf returns the decisive reply code, or 0 if the metric has no valid one.
func replyOf(m telegraf.Metric) int16 {
	if code := number[int64](m, "smtp_code"); code >= 100 && code <= 999 {
		return int16(code)
	}
	return 0
}
