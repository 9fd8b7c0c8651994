//go:build e2e

package monitoring

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// history is an hour of probes, one per minute and relay, as line protocol, as
// OpenMetrics, and as SQL that creates the tables.
type history struct {
	lines, sql strings.Builder
	samples    map[string][]string // of OpenMetrics, by metric
}

// pastProbe is a probe of a history. Empty fields are absent.
type pastProbe struct {
	relay, result, fault, backend  string
	code, sinceSuccess             int
	rcptTime, authTime, certExpiry string
}

// probeAt returns a relay's probe in a minute of the hour.
func probeAt(relay string, minute int) pastProbe {
	p := pastProbe{relay: relay, result: "none", fault: "none", backend: "only.example.org", code: 250, rcptTime: "0.05"}
	switch relay {
	case "mx":
		p.certExpiry = days(10)
	case "login":
		p.rcptTime, p.authTime, p.certExpiry = "", "0.07", days(90)
		if minute >= 20 && minute < 25 {
			p.result, p.fault, p.code, p.backend = "auth_failed", "credentials", 535, ""
		}
	case "farm":
		p.backend = []string{"b2.example.org", "b1.example.org"}[minute%2]
		if minute >= 28 && minute < 50 && minute%2 == 0 {
			p.result, p.fault, p.code = "recipients_refused", "message", 550
		}
	case "down":
		if minute >= 50 {
			p.result, p.fault, p.code, p.backend, p.sinceSuccess = "connect_error", "network", 0, "", 60*(minute-49)
		}
	}
	return p
}

func days(n int) string { return strconv.Itoa(n * 24 * 60 * 60) }

func (p *pastProbe) success() int {
	if p.result == "none" {
		return 1
	}
	return 0
}

// newHistory returns the hour before a time.
func newHistory(now time.Time) *history {
	h := &history{samples: make(map[string][]string)}
	h.sql.WriteString(`CREATE TABLE smtpprobe (time timestamptz, relay text, success bigint, result text, smtp_code bigint, rcpt_time float8,
  auth_time float8, seconds_since_success bigint, cert_expiry bigint, greeting_host text, error text);
CREATE TABLE smtpprobe_change (time timestamptz, relay text, what text, layer text, before text, after text);
CREATE TABLE smtpprobe_arrival (time timestamptz, relay text, mailbox text, state text, message_id text);
`)
	failedLogins, lost := 0, 0
	for minute := range 60 {
		at := now.Add(time.Duration(minute-59)*time.Minute - 10*time.Second)
		for _, relay := range []string{"mx", "login", "farm", "down"} {
			p := probeAt(relay, minute)
			h.addProbe(&p, at)
			if relay == "login" {
				failedLogins += 1 - p.success()
				h.sample("smtpprobe_fault_failures_total", labels(relay)+`,result_fault="credentials"`, failedLogins, at)
			}
		}
		if minute == 40 {
			h.addChange(at)
		}
		h.sample("smtpprobe_flow_lost_total", `relay="mx",mailbox="inbox",host="fra1"`, lost, at)
		if minute == 30 || minute == 31 {
			h.addLostMessage(strconv.Itoa(minute), at)
			lost = 2 // from the next minute on
		}
	}
	return h
}

func labels(relay string) string { return fmt.Sprintf(`relay=%q,source="s",host="fra1"`, relay) }

func (h *history) addProbe(p *pastProbe, at time.Time) {
	fmt.Fprintf(&h.lines, "smtpprobe,relay=%s,source=s,host=fra1 success=%di,result=%q,smtp_code=%di,seconds_since_success=%di",
		p.relay, p.success(), p.result, p.code, p.sinceSuccess)
	for _, field := range []struct{ format, value string }{
		{",rcpt_time=%s", p.rcptTime}, {",auth_time=%s", p.authTime}, {",cert_expiry=%si", p.certExpiry}, {",greeting_host=%q", p.backend},
	} {
		if field.value != "" {
			fmt.Fprintf(&h.lines, field.format, field.value)
		}
	}
	fmt.Fprintf(&h.lines, " %d\n", at.UnixNano())

	fmt.Fprintf(&h.sql, "INSERT INTO smtpprobe VALUES (to_timestamp(%d), '%s', %d, '%s', %d, %s, %s, %d, %s, NULLIF('%s', ''), NULL);\n",
		at.Unix(), p.relay, p.success(), p.result, p.code, orNull(p.rcptTime), orNull(p.authTime), p.sinceSuccess, orNull(p.certExpiry), p.backend)

	h.sample("smtpprobe_success", labels(p.relay), p.success(), at)
	h.sample("smtpprobe_smtp_code", labels(p.relay), p.code, at)
	h.sample("smtpprobe_seconds_since_success", labels(p.relay), p.sinceSuccess, at)
	if p.rcptTime != "" {
		h.sample("smtpprobe_rcpt_time", labels(p.relay), p.rcptTime, at)
	}
	if p.certExpiry != "" {
		h.sample("smtpprobe_cert_expiry", labels(p.relay), p.certExpiry, at)
	}
	outcome := labels(p.relay) + fmt.Sprintf(`,result=%q`, p.result)
	if p.success() == 0 && p.backend != "" {
		outcome += fmt.Sprintf(`,backend=%q`, p.backend)
	}
	h.sample("smtpprobe_outcome_time", outcome, at.Unix(), at)
}

func orNull(number string) string {
	if number == "" {
		return "NULL"
	}
	return number
}

func (h *history) addChange(at time.Time) {
	const before, after = "PIPELINING,STARTTLS", "PIPELINING"
	fmt.Fprintf(&h.lines, "smtpprobe_change,relay=farm,source=s,host=fra1,what=extensions,layer=plain "+
		"before=%q,after=%q,added=\"\",removed=\"STARTTLS\" %d\n", before, after, at.UnixNano())
	fmt.Fprintf(&h.sql, "INSERT INTO smtpprobe_change VALUES (to_timestamp(%d), 'farm', 'extensions', 'plain', '%s', '%s');\n", at.Unix(), before, after)
	h.sample("smtpprobe_changed_time",
		fmt.Sprintf(`relay="farm",host="fra1",what="extensions",layer="plain",before=%q,after=%q`, before, after), at.Unix(), at)
}

func (h *history) addLostMessage(id string, at time.Time) {
	fmt.Fprintf(&h.lines, "smtpprobe_arrival,relay=mx,mailbox=inbox,host=fra1,state=lost,folder=none message_id=%q %d\n", id, at.UnixNano())
	fmt.Fprintf(&h.sql, "INSERT INTO smtpprobe_arrival VALUES (to_timestamp(%d), 'mx', 'inbox', 'lost', '%s');\n", at.Unix(), id)
}

// sample adds a sample of OpenMetrics.
func (h *history) sample(metric, labels string, value any, at time.Time) {
	h.samples[metric] = append(h.samples[metric], fmt.Sprintf("%s{%s} %v %d", metric, labels, value, at.Unix()))
}

// openMetrics returns the samples, grouped by metric as the format requires.
func (h *history) openMetrics() string {
	var b strings.Builder
	for _, metric := range slices.Sorted(maps.Keys(h.samples)) {
		fmt.Fprintf(&b, "# TYPE %s unknown\n%s\n", strings.TrimSuffix(metric, "_total"), strings.Join(h.samples[metric], "\n"))
	}
	b.WriteString("# EOF\n")
	return b.String()
}
