package check

import (
	"errors"
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/summary"
)

func TestBar(t *testing.T) {
	t.Parallel()
	r := newReporter(io.Discard)
	for _, tt := range []struct {
		name            string
		begin, d, total time.Duration
		bar             string
		left            int
	}{
		{name: "first tenth", begin: 0, d: 10, total: 100, bar: "█", left: 0},
		{name: "middle", begin: 10, d: 50, total: 100, bar: "█████", left: 1},
		{name: "end", begin: 60, d: 40, total: 100, bar: "████", left: 6},
		{name: "whole", begin: 0, d: 100, total: 100, bar: "██████████", left: 0},
		{name: "short at the end", begin: 99, d: 1, total: 100, bar: "▏", left: 9},
		{name: "zero at the end", begin: 100, d: 0, total: 100, bar: "▏", left: 9},
		{name: "zero total", bar: "▏"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			bar, left := r.bar(tt.begin, tt.d, tt.total, 10)
			require.Equal(t, tt.bar, bar)
			require.Equal(t, tt.left, left)
		})
	}
}

func TestExpiry(t *testing.T) {
	t.Parallel()
	end := time.Date(2027, 2, 19, 12, 0, 0, 0, time.UTC)
	for before, text := range map[time.Duration]string{
		90 * 24 * time.Hour: "expires in 90 days (2027-02-19)",
		47 * time.Hour:      "expires in 1 day (2027-02-19)",
		time.Minute:         "expires in 0 days (2027-02-19)",
		-time.Minute:        "expired 0 days ago (2027-02-19)",
		-25 * time.Hour:     "expired 1 day ago (2027-02-19)",
	} {
		require.Equal(t, text, expiry(end, end.Add(-before)))
	}
}

func TestState_Worse(t *testing.T) {
	t.Parallel()
	for _, ordered := range [][2]State{{OK, Unknown}, {Unknown, Warning}, {Warning, Critical}} {
		require.Equal(t, ordered[1], ordered[0].worse(ordered[1]))
		require.Equal(t, ordered[1], ordered[1].worse(ordered[0]))
	}
}

func TestFacts(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		summary summary.Summary
		want    []fact
	}{
		{name: "no facts"},
		{
			name:    "STARTTLS refused",
			summary: summary.Summary{STARTTLSRefusal: "454 4.7.0 no TLS", Warnings: []string{summary.STARTTLSRefused}},
			want:    []fact{{"tls", "refused: 454 4.7.0 no TLS"}},
		},
		{
			name:    "errors after the verdict",
			summary: summary.Summary{Secondary: []string{"smtp: QUIT: i/o timeout", "smtp: RSET: 500 unknown command", "close: broken pipe"}},
			want: []fact{
				{"later error", "QUIT failed: no reply in time"}, {"later error", "RSET was refused: 500 unknown command"}, {"later error", "close failed: broken pipe"},
			},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tt.want, facts(&tt.summary))
		})
	}
}

func TestWarnings(t *testing.T) {
	t.Parallel()
	no := false
	for _, tt := range []struct {
		name    string
		outcome Outcome
		want    []fact
	}{
		{name: "no warnings", outcome: Outcome{Summary: &summary.Summary{TLS: &summary.TLS{Complete: true, Verified: true}}}},
		{
			name:    "warnings of the probe",
			outcome: Outcome{Summary: &summary.Summary{Warnings: []string{summary.Quit421, "bare_lf", "new_one"}}},
			want: []fact{
				{"warning", "the relay replied 421 to RSET or QUIT: it closes sessions"},
				{"warning", "the relay sent a line that ends in LF without CR"},
				{"warning", "new_one"},
			},
		},
		{
			name:    "STARTTLS refused",
			outcome: Outcome{Summary: &summary.Summary{STARTTLSRefusal: "454 4.7.0 no TLS", Warnings: []string{summary.STARTTLSRefused}}},
			want:    []fact{{"warning", "STARTTLS was refused: mail goes in the clear (454 4.7.0 no TLS)"}},
		},
		{
			name:    "certificate not verified",
			outcome: Outcome{Summary: &summary.Summary{TLS: &summary.TLS{Complete: true, Problems: []string{"certificate is self-signed"}}}},
			want:    []fact{{"warning", "the certificate is not verified: certificate is self-signed"}},
		},
		{
			name:    "DANE",
			outcome: Outcome{Summary: &summary.Summary{}, Policy: &summary.Policy{WouldDeliverDANE: &no, Result: "tlsa-invalid"}},
			want:    []fact{{"warning", "senders that honor DANE or MTA-STS would not deliver to this host: tlsa-invalid"}},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tt.want, warnings(&tt.outcome))
		})
	}
}

func TestFlagAdvice(t *testing.T) {
	t.Parallel()
	for advice, want := range map[string]string{
		`if they are right, set auth_mechanism = "PLAIN": the relay may not`:   `if they are right, set --auth-mechanism PLAIN: the relay may not`,
		"Set tls_ca, or have the relay send its intermediate certificates.":    "Set --tls-ca, or have the relay send its intermediate certificates.",
		"Set tls_cert and tls_key to a certificate that the relay trusts.":     "Set --tls-cert and --tls-key to a certificate that the relay trusts.",
		"Check the host and port in servers.":                                  "Check the host and port in the URL.",
		"Log in to the account in a web browser once, or use an app password.": "Log in to the account in a web browser once, or use an app password.",
		"Lower message_size, or raise the relay's size limit.":                 "Lower message_size, or raise the relay's size limit.",
	} {
		require.Equal(t, want, flagAdvice(advice))
	}
}

func TestThresholds_State(t *testing.T) {
	t.Parallel()
	yes, no := true, false
	for _, tt := range []struct {
		name    string
		summary summary.Summary
		state   State
		why     string
	}{
		{name: "success", summary: summary.Summary{Success: true, Probe: "connect", Verdict: summary.Verdict{Class: summary.None}}, why: "the relay greets, 0.00 ms"},
		{
			name:    "STARTTLS refused",
			summary: summary.Summary{Success: true, Verdict: summary.Verdict{Class: summary.None}, STARTTLSRefusal: "454 no"},
			state:   Warning, why: "STARTTLS refused: 454 no; mail goes in the clear",
		},
		{
			name:    "421 to QUIT",
			summary: summary.Summary{Success: true, Verdict: summary.Verdict{Class: summary.None}, Warnings: []string{summary.Quit421}},
			state:   Warning, why: "the relay replied 421 to RSET or QUIT: it closes sessions",
		},
		{
			name:    "permanent refusal",
			summary: summary.Summary{Temporary: &no, Error: "smtp: greeting: 554 no", Verdict: summary.Verdict{Class: "greeting_refused", Reason: "refused", Fault: "relay", Code: 554}},
			state:   Critical, why: "greeting_refused/refused: greeting: 554 no",
		},
		{
			name:    "temporary refusal",
			summary: summary.Summary{Temporary: &yes, Error: "smtp: greeting: 450 no", Verdict: summary.Verdict{Class: "greeting_refused", Reason: summary.None, Fault: "relay", Code: 450}},
			state:   Warning, why: "greeting_refused: greeting: 450 no",
		},
		{
			name:    "permanent refusal of this machine",
			summary: summary.Summary{Temporary: &no, Error: "smtp: greeting: 554 no", Verdict: summary.Verdict{Class: "greeting_refused", Reason: "access_denied", Fault: "prober", Code: 554}},
			state:   Critical, why: "greeting_refused/access_denied: greeting: 554 no",
		},
		{
			name:    "temporary refusal of this machine",
			summary: summary.Summary{Temporary: &yes, Error: "smtp: MAIL: 421 no", Verdict: summary.Verdict{Class: "service_unavailable", Reason: "rate_limited", Fault: "prober", Code: 421}},
			state:   Warning, why: "service_unavailable/rate_limited: MAIL: 421 no",
		},
		{
			name:    "no connection",
			summary: summary.Summary{Temporary: &yes, Error: "smtp: connect: refused", Verdict: summary.Verdict{Class: "connect_error", Reason: summary.None, Fault: "network"}},
			state:   Critical, why: "connect_error: connect: refused",
		},
		{
			name:    "this machine",
			summary: summary.Summary{Temporary: &yes, Error: "smtp: connect: no", Verdict: summary.Verdict{Class: "local_error", Reason: summary.None, Fault: "prober"}},
			state:   Unknown, why: "local_error: connect: no",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			state, why := (&Thresholds{}).state(&tt.summary)
			require.Equal(t, tt.state, state)
			require.Equal(t, tt.why, why)
		})
	}
}

func TestThresholds_Validate(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		limits Thresholds
		want   string
	}{
		{name: "no thresholds"},
		{name: "both", limits: Thresholds{WarnTime: time.Second, CritTime: 2 * time.Second}},
		{name: "equal", limits: Thresholds{WarnTime: time.Second, CritTime: time.Second}},
		{name: "only critical", limits: Thresholds{CritTime: time.Second}},
		{name: "critical below warning", limits: Thresholds{WarnTime: time.Second, CritTime: time.Second / 2}, want: "--critical 500ms must not be below --warning 1s"},
		{name: "negative", limits: Thresholds{WarnTime: -1}, want: "--warning, --critical, --cert-warning and --cert-critical must not be negative"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if tt.want == "" {
				require.NoError(t, tt.limits.Validate())
				return
			}
			require.EqualError(t, tt.limits.Validate(), tt.want)
		})
	}
}

func TestWithScheme(t *testing.T) {
	t.Parallel()
	for host, want := range map[string]string{
		"mx.example.org":      "smtp://mx.example.org",
		"mx.example.org:2525": "smtp://mx.example.org:2525",
		"192.0.2.1":           "smtp://192.0.2.1",
		"2001:db8::1":         "smtp://[2001:db8::1]",
		"[2001:db8::1]:25":    "smtp://[2001:db8::1]:25",
		"smtps://mx":          "smtps://mx",
		"lmtp:///run/lmtp":    "lmtp:///run/lmtp",
		"user:secret@host":    "user:secret@host",
		"user:a://b@host":     "user:a://b@host",
	} {
		require.Equal(t, want, withScheme(host))
	}
}

func TestFlagError(t *testing.T) {
	t.Parallel()
	for setting, want := range map[string]string{
		`servers: invalid url "ftp://x": invalid scheme "ftp"`:                                       `invalid url "ftp://x": invalid scheme "ftp"`,
		`invalid probe "deep": must be one of connect, ehlo`:                                         `--probe: invalid value "deep": must be one of connect, ehlo`,
		`invalid read_timeout "-1s": must not be negative`:                                           `--read-timeout: invalid value "-1s": must not be negative`,
		`relay "smtp://a_b_c": invalid username: must not contain CR, LF or NUL`:                     `--username: must not contain CR, LF or NUL`,
		`servers: invalid expect "auth_faild": unknown class "auth_faild"`:                           `--expect: invalid value "auth_faild": unknown class "auth_faild"`,
		`servers: tls_cert "my_cert.pem" needs tls_key`:                                              `--tls-cert "my_cert.pem" needs --tls-key`,
		`servers: probe "rcpt" needs a recipient: to is empty`:                                       `--probe "rcpt" needs a recipient: --to is missing`,
		`servers: probe "auth" needs credentials: set username and password, or a token`:             `--probe "auth" needs credentials: use --username`,
		`source_address "192.0.2.1" contradicts ip_version "ipv6"`:                                   `--source-address "192.0.2.1" contradicts --ip-version "ipv6"`,
		`starttls "required" applies to smtp:// only, not to "smtps://x"`:                            `--starttls "required" applies to smtp:// only, not to "smtps://x"`,
		`invalid url: must not contain credentials (it has an @): set username and password instead`: `invalid url: must not contain credentials (it has an @): use --username instead`,
		`duplicate recipient "a@b" in to`:                                                            `duplicate recipient "a@b" in --to`,
	} {
		require.EqualError(t, flagError(errors.New(setting)), want)
	}
}
