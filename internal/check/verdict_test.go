package check

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/summary"
)

func TestErrorText(t *testing.T) {
	t.Parallel()
	s := &summary.Summary{
		Error: "smtp: greeting: i/o timeout", Verdict: summary.Verdict{Class: "read_timeout", Reason: "no_greeting", Phase: "greeting"},
		Phases: []summary.Phase{{Phase: "greeting", Time: summary.Seconds(9 * time.Second)}},
	}
	require.Equal(t, "greeting: timed out after 9.0 s", errorText(s))
	s.Phases[0].Time = summary.Seconds(1500 * time.Microsecond)
	require.Equal(t, "greeting: timed out after 1.50 ms", errorText(s))
}

func TestRetry(t *testing.T) {
	t.Parallel()
	yes, no := true, false
	require.Equal(t, "no (permanent)", retry(&summary.Summary{Temporary: &no}))
	require.Equal(t, "yes (temporary)", retry(&summary.Summary{Temporary: &yes}))
	require.Equal(t, "yes (temporary), but the message may arrive twice", retry(&summary.Summary{Temporary: &yes, OutcomeUnknown: true}))
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
