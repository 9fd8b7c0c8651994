package check

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/summary"
)

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

func TestPolicyFacts_Senders(t *testing.T) {
	t.Parallel()
	yes, no := true, false
	for _, tt := range []struct {
		name   string
		policy summary.Policy
		want   string
	}{
		{name: "no records", policy: summary.Policy{DANE: "none"}, want: "with DANE: deliver (no policy applies)"},
		{name: "records not validated", policy: summary.Policy{DANE: "unvalidated"}, want: "with DANE: deliver (no policy applies)"},
		{name: "match", policy: summary.Policy{DANE: "ok", WouldDeliverDANE: &yes}, want: "with DANE: deliver"},
		{name: "mismatch", policy: summary.Policy{DANE: "mismatch", WouldDeliverDANE: &no}, want: "with DANE: would NOT deliver to this host"},
		{name: "failed lookup, no session", policy: summary.Policy{DANE: "error"}, want: "with DANE: not decided"},
		{name: "no answer", want: "with DANE: not decided"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			require.Contains(t, policyFacts(&tt.policy, false), fact{"senders", tt.want})
		})
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
