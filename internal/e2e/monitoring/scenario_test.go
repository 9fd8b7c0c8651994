//go:build e2e

package monitoring

import (
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/dashboards"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/dashboards/alerts"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/e2e"
)

// timing sets the alerts' windows for a probe interval of one second.
var timing = alerts.Timing{Interval: time.Second, Slow: slowGreeting / 2, Silent: 30 * time.Second, Objective: 0.99, Minute: time.Second}

// stepLimit is how long a step may take until all databases have the expected
// data. The alerts look back ten seconds.
const stepLimit = time.Minute

// settle is the time after the beginning of a step that has to pass before its
// alerts are compared, so that those of the previous step have resolved.
const settle = 5 * time.Second

// step is a change of the relays and its effects.
type step struct {
	name      string
	change    func()
	fires     []alert // exactly these fire in the end
	inhibited []alert // of those, the ones that Alertmanager inhibits
	shows     map[dashboards.View]expectation
	check     func(*testing.T)
}

func TestScenario(t *testing.T) {
	s := startScenario(t)
	hundred := startFleet(t, s.influx)
	for i, st := range s.steps() {
		hundred.apply(i)
		s.run(t, st)
	}
	hundred.measure(t, s.influx)
	s.prometheus.measure(t)
}

// notifying returns the alerts that are not inhibited.
func (s step) notifying() []alert {
	return slices.DeleteFunc(slices.Clone(s.fires), func(f alert) bool { return slices.Contains(s.inhibited, f) })
}

func TestRules_Promtool(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(e2e.Root(t), "dashboards", "alerts")
	for _, args := range [][]string{
		{"promtool", "check", "rules", "prometheus.yml"}, {"promtool", "test", "rules", "prometheus_test.yml"}, {"amtool", "check-config", "alertmanager.yml"},
	} {
		cmd := exec.CommandContext(t.Context(), args[0], args[1:]...)
		cmd.Dir = dir
		output, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s", output)
		t.Logf("%s", output)
	}
}

// steps returns the steps of the scenario. The agents are a and b.
func (s *scenario) steps() []step {
	expiring := alert("SMTPCertificateExpiring login")
	return []step{
		{
			name: "healthy", change: func() {},
			fires: []alert{expiring},
			shows: map[dashboards.View]expectation{
				dashboards.Working: last("", 1), dashboards.Failing: every(0), dashboards.Overall: last("", 1), dashboards.NotVerified: every(0),
				dashboards.NextExpiry: within("", 4.9*day, 5*day), dashboards.Certificates: within("login ", 4.9*day, 5*day),
				dashboards.Problems: rowCount(0), dashboards.Classes: positive(), dashboards.Reasons: positive(), dashboards.StoppedAt: positive(),
				dashboards.State:      allOf(every(0), seriesCount("login ", 2), seriesCount("closed ", 2)),
				dashboards.ReplyCodes: positive("235", "250", "554"), // the relay closed is expected to refuse
				dashboards.Phases: allOf(above("connect", 0), above("greeting", 0), above("ehlo", 0), above("starttls", 0), above("tls", 0),
					above("auth", 0), above("mail", 0), above("rcpt", 0), above("rset", 0), above("quit", 0)),
				dashboards.Total: allOf(above("login ", 0), above("closed ", 0)), dashboards.PhasesSlow: allOf(above("connect", 0), above("rcpt", 0)),
				dashboards.Percentiles: allOf(above("median", 0), above("p95", 0), above("p99", 0)), dashboards.RelayLatency: anyRowWith("mx1", "a"),
				dashboards.AvailabilityTrend: allOf(every(1), seriesCount("", 8)), dashboards.Sessions: anyRowWith("login"), dashboards.Availability: allOf(last("", 1), seriesCount("", 8)),
				dashboards.Consecutive: every(0), dashboards.Vantage: allOf(rowsWith(1, "mx1", "2"), rowsWith(1, "mx1", "0")),
				dashboards.Capabilities: allOf(rowCount(4), rowsWith(1, "mx1", "8BITMIME,ENHANCEDSTATUSCODES,PIPELINING,SIZE")),
				dashboards.GroupState:   every(1), dashboards.GroupSelected: positive("outbound: mx2", "single: mx2"),
				dashboards.GroupHealthy: allOf(last("outbound a healthy", 2), last("outbound b total", 2), last("single a healthy", 1)),
			},
			check: s.variables,
		},
		{
			name: "logins refused", change: func() { s.login.set(refusesLogin) },
			fires:     []alert{expiring, "SMTPAuthFailures login", "SMTPRelayDown login"},
			inhibited: []alert{"SMTPAuthFailures login"}, // one notification for refused logins
			shows: map[dashboards.View]expectation{
				dashboards.Working: last("", 0.75), dashboards.Failing: last("", 1), dashboards.Overall: last("", 0.75),
				dashboards.Problems: allOf(rowCount(2), rowsWith(2, "login", "auth_failed", "auth_credentials_invalid", "credentials", "auth", "535")),
				dashboards.State:    allOf(last("login ", 16), seriesCount("login ", 2), last("mx1 ", 0)),
				dashboards.Classes:  positive("auth_failed"), dashboards.Reasons: positive("auth_failed auth_credentials_invalid"),
				dashboards.ReplyCodes: positive("535", "250", "554"), dashboards.StoppedAt: positive("auth"),
				dashboards.Phases:      above("auth", 0), // refused commands have a latency
				dashboards.Consecutive: allOf(above("login ", 2), last("mx1 ", 0)), dashboards.Vantage: rowsWith(1, "login", "1"),
				dashboards.Availability: allOf(last("login ", 0), last("mx1 ", 1)),
			},
			check: s.availabilityIsLow,
		},
		{
			name: "mail refused, logins accepted, certificate renewed", change: func() {
				s.login.set(healthy)
				s.login.renew(90 * 24 * time.Hour)
				s.mx2.set(refusesMail)
			},
			// By the end the last refused login is ten seconds ago.
			fires:     []alert{"SMTPRefusals mx2", "SMTPRelayDown mx2", "SMTPGroupDown single a", "SMTPGroupDown single b"},
			inhibited: []alert{"SMTPRefusals mx2"},
			shows: map[dashboards.View]expectation{
				dashboards.Failing: last("", 1), dashboards.NextExpiry: within("", 89*day, 90*day),
				dashboards.State:   allOf(within("mx2 ", 17, 19), seriesCount("mx2 ", 2), last("login ", 0), seriesCount("login ", 2)),
				dashboards.Classes: positive("sender_refused", "recipients_refused"), dashboards.StoppedAt: positive("mail", "rcpt"),
				dashboards.Problems: rowCount(2), dashboards.GroupSelected: positive("outbound: mx1", "single: none"),
				dashboards.GroupState: allOf(last("single ", 0), last("outbound ", 1)), dashboards.GroupHealthy: last("outbound a healthy", 1),
			},
		},
		{
			name: "slow", change: func() { s.mx2.set(slow) },
			fires: []alert{"SMTPPhaseSlow mx2 a", "SMTPPhaseSlow mx2 b"},
			shows: map[dashboards.View]expectation{
				dashboards.Percentiles: above("p99", slowGreeting.Seconds()), dashboards.PhasesSlow: above("greeting", slowGreeting.Seconds()),
				dashboards.Failing: every(0), dashboards.Total: above("mx2 ", slowGreeting.Seconds()), dashboards.Phases: above("greeting", slowGreeting.Seconds()/5),
				dashboards.Classes: positive(), dashboards.State: every(0),
			},
			check: func(t *testing.T) { require.Equal(t, []string{"greeting"}, s.prometheus.slowPhases(t, "mx2")) },
		},
		{
			name: "down from b", change: func() { s.mx2.set(disconnectsB) },
			fires: []alert{"SMTPRelayPartlyDown mx2", "SMTPGroupDown single b"},
			shows: map[dashboards.View]expectation{
				dashboards.Working: last("", 1), dashboards.Failing: last("", 1),
				dashboards.Problems: allOf(rowCount(1), rowsWith(1, "mx2", "b", "disconnected", "ehlo")), dashboards.StoppedAt: positive("ehlo"),
				dashboards.Vantage: rowsWith(1, "mx2", "0.5"), dashboards.GroupState: allOf(last("single b", 0), last("single a", 1)),
			},
			check: func(t *testing.T) { s.vantagePoints(t, []string{"mx2 network-b"}, nil) },
		},
		{
			name: "down", change: s.mx2.stop,
			fires: []alert{"SMTPRelayDown mx2", "SMTPGroupDown single a", "SMTPGroupDown single b"},
			shows: map[dashboards.View]expectation{
				dashboards.Problems: allOf(rowCount(2), rowsWith(2, "mx2", "connect_error", "refused", "network")),
				dashboards.State:    allOf(last("mx2 ", 7), seriesCount("mx2 ", 2)), dashboards.Classes: positive("connect_error"),
				dashboards.ReplyCodes: positive("235", "250", "554"), dashboards.Vantage: rowsWith(1, "mx2", "1"), dashboards.Overall: last("", 0.75),
			},
			check: func(t *testing.T) { s.vantagePoints(t, nil, []string{"mx2"}) },
		},
		{
			name: "mx2 recovered, closed accepts mail", change: func() {
				s.mx2.set(healthy)
				s.mx2.start(s.t)
				s.closed.set(healthy)
			},
			fires:     []alert{"SMTPOpenRelay closed a", "SMTPOpenRelay closed b", "SMTPRelayDown closed"},
			inhibited: []alert{"SMTPRelayDown closed"},
			shows: map[dashboards.View]expectation{
				dashboards.Problems: allOf(rowCount(2), rowsWith(2, "closed", "unexpected_success", "open_relay", "250")),
				dashboards.State:    allOf(last("closed ", 27), last("mx2 ", 0), seriesCount("mx2 ", 2)), dashboards.Classes: positive("unexpected_success"),
			},
		},
		{
			name: "recovered", change: func() { s.closed.set(refusesAll) },
			shows: map[dashboards.View]expectation{
				dashboards.Working: last("", 1), dashboards.Failing: every(0), dashboards.Overall: last("", 1), dashboards.Problems: rowCount(0),
				dashboards.State: every(0), dashboards.Classes: positive(), dashboards.Consecutive: last("", 0), dashboards.GroupState: every(1),
			},
			check: func(t *testing.T) { s.vantagePoints(t, nil, nil) },
		},
		{
			name: "agent b stopped", change: func() { s.b.Stop(s.t) },
			fires: []alert{"SMTPNoData login b", "SMTPNoData mx1 b", "SMTPNoData mx2 b", "SMTPNoData closed b"},
			shows: map[dashboards.View]expectation{dashboards.Working: last("", 1), dashboards.Failing: every(0)},
		},
	}
}

const day = 24 * 60 * 60.0
