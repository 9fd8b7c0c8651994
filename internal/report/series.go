package report

import (
	"cmp"
	"time"
	"unique"

	"github.com/influxdata/telegraf"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// identity is what tells targets apart: the tags that never change for one, and
// the host that probes it.
type identity struct{ relay, source, port, ip, probe, host string }

func identify(m telegraf.Metric) identity {
	return identity{tagText(m, "relay"), tagText(m, "source"), tagText(m, "port"), tagText(m, "ip"), tagText(m, "probe"), tagText(m, "host")}
}

// series is what is known of one target.
type series struct {
	id     identity
	probes []probe
	took   map[smtperr.Phase][]float32 // seconds of each time that it completed
	failed map[failure]int

	implicit bool // TLS comes before the greeting
	backends map[string]*seenBackend

	latest      time.Time // of the probe that the following is of
	lastClass   smtperr.Class
	lastSuccess bool
	expiry      time.Time // of the certificate shown last
	errorText   string    // of the latest failure
	errorAt     time.Time
}

// probe is one probe.
type probe struct {
	at      time.Time
	class   smtperr.Class
	success bool    // the outcome was the one expected
	total   float32 // seconds
	code    int16   // the decisive reply, 0 without one
	reason  unique.Handle[string]
}

// shown is the state in the timeline: a failure that was expected is none.
func (p probe) shown() smtperr.Class {
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
	return &series{id: id, took: make(map[smtperr.Phase][]float32), failed: make(map[failure]int)}
}

func (s *series) add(m telegraf.Metric, class smtperr.Class) {
	p := probe{
		at: m.Time(), class: class, success: number[int64](m, "success") == 1, total: seconds(m, "total_time"),
		code: replyOf(m), reason: unique.Make(text(m, "result_reason")),
	}
	s.probes = append(s.probes, p)
	for _, phase := range smtperr.Phases() {
		if field := string(phase) + "_time"; m.HasField(field) {
			s.took[phase] = append(s.took[phase], seconds(m, field))
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
		s.implicit = true
	}
	if p.at.Before(s.latest) {
		return
	}
	s.latest, s.lastClass, s.lastSuccess = p.at, class, p.success
	if m.HasField("cert_expiry") {
		s.expiry = after(p.at, number[int64](m, "cert_expiry"))
	}
}

func (s *series) successes() int {
	n := 0
	for _, p := range s.probes {
		if p.success {
			n++
		}
	}
	return n
}

// worst is the failure that was seen most often; ties go to the first in the
// classifier's table.
func (s *series) worst() (failure, bool) {
	var most failure
	seen := 0
	for f, n := range s.failed {
		if n > seen || n == seen && cmp.Less(f.class, most.class) {
			most, seen = f, n
		}
	}
	return most, seen > 0
}

// replyOf is the decisive reply; what is no reply code is none.
func replyOf(m telegraf.Metric) int16 {
	if code := number[int64](m, "smtp_code"); code >= 100 && code <= 999 {
		return int16(code)
	}
	return 0
}
