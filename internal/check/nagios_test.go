package check

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/summary"
)

func TestState_Worse(t *testing.T) {
	t.Parallel()
	for _, ordered := range [][2]State{{OK, Unknown}, {Unknown, Warning}, {Warning, Critical}} {
		require.Equal(t, ordered[1], ordered[0].worse(ordered[1]))
		require.Equal(t, ordered[1], ordered[1].worse(ordered[0]))
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
