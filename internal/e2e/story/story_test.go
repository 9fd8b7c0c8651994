//go:build e2e

package story

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

// timing is the pace of the story: a probe a second instead of one a minute.
var timing = alerts.Timing{Interval: time.Second, Slow: slowGreeting / 2, Silent: 30 * time.Second, Objective: 0.99, Minute: time.Second}

// stageLimit is how long a stage may take until all systems say what they
// should. The alerts look back ten seconds.
const stageLimit = 30 * time.Second

// settle is how long after its beginning a stage is judged, at the earliest:
// what was true before has passed then.
const settle = 5 * time.Second

// stage is one part of the story.
type stage struct {
	name string
	act  func()
	// fires are the alerts that fire by its end, and no others.
	fires []fired
	// inhibited are those of them that Alertmanager notifies nobody of.
	inhibited []fired
	// shows is what the views say then, of its last seconds.
	shows map[dashboards.View]expectation
	also  func(*testing.T)
}

func TestTheDatabasesTellTheStory(t *testing.T) {
	s := begin(t)
	hundred := startFleet(t, s.influx)
	for i, part := range s.stages() {
		hundred.follow(i)
		s.play(t, part)
	}
	hundred.measure(t, s.influx)
	s.prometheus.scraped(t)
}

// notifies are the alerts that reach somebody.
func (s stage) notifies() []fired {
	return slices.DeleteFunc(slices.Clone(s.fires), func(f fired) bool { return slices.Contains(s.inhibited, f) })
}

func TestPromtoolAcceptsTheRules(t *testing.T) {
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

// stages are the story. Agents are called a and b.
func (s *story) stages() []stage {
	expiring := fired("SMTPCertificateExpiring login")
	return []stage{
		{
			name: "healthy", act: func() {},
			fires: []fired{expiring},
			shows: map[dashboards.View]expectation{
				dashboards.Working: shows("", 1), dashboards.Failing: only(0), dashboards.Overall: shows("", 1), dashboards.NotVerified: only(0),
				dashboards.NextExpiry: within("", 4.9*day, 5*day), dashboards.Certificates: within("login ", 4.9*day, 5*day),
				dashboards.Problems: rows(0), dashboards.Classes: counts(), dashboards.Reasons: counts(), dashboards.StoppedAt: counts(),
				dashboards.State:      all(only(0), oneEach("login ", 2), oneEach("closed ", 2)),
				dashboards.ReplyCodes: counts("235", "250", "554"), // closed refuses, as it should
				dashboards.Phases: all(has("connect", 0), has("greeting", 0), has("ehlo", 0), has("starttls", 0), has("tls", 0),
					has("auth", 0), has("mail", 0), has("rcpt", 0), has("rset", 0), has("quit", 0)),
				dashboards.Total: all(has("login ", 0), has("closed ", 0)), dashboards.PhasesSlow: all(has("connect", 0), has("rcpt", 0)),
				dashboards.Percentiles: all(has("median", 0), has("p95", 0), has("p99", 0)), dashboards.RelayLatency: mentions("mx1", "a"),
				dashboards.AvailabilityTrend: all(only(1), oneEach("", 8)), dashboards.Sessions: mentions("login"), dashboards.Availability: all(shows("", 1), oneEach("", 8)),
				dashboards.Consecutive: only(0), dashboards.Vantage: all(holds(1, "mx1", "2"), holds(1, "mx1", "0")),
				dashboards.Capabilities: all(rows(4), holds(1, "mx1", "8BITMIME,ENHANCEDSTATUSCODES,PIPELINING,SIZE")),
				dashboards.GroupState:   only(1), dashboards.GroupSelected: counts("outbound: mx2", "single: mx2"),
				dashboards.GroupHealthy: all(shows("outbound a healthy", 2), shows("outbound b total", 2), shows("single a healthy", 1)),
			},
			also: s.variables,
		},
		{
			name: "logins are refused", act: func() { s.login.behaves(refusesLogin) },
			fires:     []fired{expiring, "SMTPAuthFailures login", "SMTPRelayDown login"},
			inhibited: []fired{"SMTPAuthFailures login"}, // one refused password is one page
			shows: map[dashboards.View]expectation{
				dashboards.Working: shows("", 0.75), dashboards.Failing: shows("", 1), dashboards.Overall: shows("", 0.75),
				dashboards.Problems: all(rows(2), holds(2, "login", "auth_failed", "auth_credentials_invalid", "credentials", "auth", "535")),
				dashboards.State:    all(shows("login ", 16), oneEach("login ", 2), shows("mx1 ", 0)),
				dashboards.Classes:  counts("auth_failed"), dashboards.Reasons: counts("auth_failed auth_credentials_invalid"),
				dashboards.ReplyCodes: counts("535", "250", "554"), dashboards.StoppedAt: counts("auth"),
				dashboards.Phases:      has("auth", 0), // a refusal has a latency
				dashboards.Consecutive: all(has("login ", 2), shows("mx1 ", 0)), dashboards.Vantage: holds(1, "login", "1"),
				dashboards.Availability: all(shows("login ", 0), shows("mx1 ", 1)),
			},
			also: s.availabilityIsLow,
		},
		{
			name: "mail is refused, the login works again and its certificate is renewed", act: func() {
				s.login.behaves(healthy)
				s.login.renew(90 * 24 * time.Hour)
				s.mx2.behaves(refusesMail)
			},
			// The logins that were refused ten seconds ago are past by its end.
			fires:     []fired{"SMTPRefusals mx2", "SMTPRelayDown mx2", "SMTPGroupDown single a", "SMTPGroupDown single b"},
			inhibited: []fired{"SMTPRefusals mx2"},
			shows: map[dashboards.View]expectation{
				dashboards.Failing: shows("", 1), dashboards.NextExpiry: within("", 89*day, 90*day),
				dashboards.State:   all(within("mx2 ", 17, 19), oneEach("mx2 ", 2), shows("login ", 0), oneEach("login ", 2)),
				dashboards.Classes: counts("sender_refused", "recipients_refused"), dashboards.StoppedAt: counts("mail", "rcpt"),
				dashboards.Problems: rows(2), dashboards.GroupSelected: counts("outbound: mx1", "single: none"),
				dashboards.GroupState: all(shows("single ", 0), shows("outbound ", 1)), dashboards.GroupHealthy: shows("outbound a healthy", 1),
			},
		},
		{
			name: "slow", act: func() { s.mx2.behaves(slow) },
			fires: []fired{"SMTPPhaseSlow mx2 a", "SMTPPhaseSlow mx2 b"},
			shows: map[dashboards.View]expectation{
				dashboards.Percentiles: has("p99", slowGreeting.Seconds()), dashboards.PhasesSlow: has("greeting", slowGreeting.Seconds()),
				dashboards.Failing: only(0), dashboards.Total: has("mx2 ", slowGreeting.Seconds()), dashboards.Phases: has("greeting", slowGreeting.Seconds()/5),
				dashboards.Classes: counts(), dashboards.State: only(0),
			},
			also: func(t *testing.T) { require.Equal(t, []string{"greeting"}, s.prometheus.slowPhases(t, "mx2")) },
		},
		{
			name: "down from b", act: func() { s.mx2.behaves(shunsB) },
			fires: []fired{"SMTPRelayPartlyDown mx2", "SMTPGroupDown single b"},
			shows: map[dashboards.View]expectation{
				dashboards.Working: shows("", 1), dashboards.Failing: shows("", 1),
				dashboards.Problems: all(rows(1), holds(1, "mx2", "b", "disconnected", "ehlo")), dashboards.StoppedAt: counts("ehlo"),
				dashboards.Vantage: holds(1, "mx2", "0.5"), dashboards.GroupState: all(shows("single b", 0), shows("single a", 1)),
			},
			also: func(t *testing.T) { s.vantagePoints(t, []string{"mx2 network-b"}, nil) },
		},
		{
			name: "down", act: s.mx2.down,
			fires: []fired{"SMTPRelayDown mx2", "SMTPGroupDown single a", "SMTPGroupDown single b"},
			shows: map[dashboards.View]expectation{
				dashboards.Problems: all(rows(2), holds(2, "mx2", "connect_error", "refused", "network")),
				dashboards.State:    all(shows("mx2 ", 7), oneEach("mx2 ", 2)), dashboards.Classes: counts("connect_error"),
				dashboards.ReplyCodes: counts("235", "250", "554"), dashboards.Vantage: holds(1, "mx2", "1"), dashboards.Overall: shows("", 0.75),
			},
			also: func(t *testing.T) { s.vantagePoints(t, nil, []string{"mx2"}) },
		},
		{
			name: "mx2 works again, closed is an open relay", act: func() {
				s.mx2.behaves(healthy)
				s.mx2.up(s.t)
				s.closed.behaves(healthy)
			},
			fires:     []fired{"SMTPOpenRelay closed a", "SMTPOpenRelay closed b", "SMTPRelayDown closed"},
			inhibited: []fired{"SMTPRelayDown closed"},
			shows: map[dashboards.View]expectation{
				dashboards.Problems: all(rows(2), holds(2, "closed", "unexpected_success", "open_relay", "250")),
				dashboards.State:    all(shows("closed ", 27), shows("mx2 ", 0), oneEach("mx2 ", 2)), dashboards.Classes: counts("unexpected_success"),
			},
		},
		{
			name: "recovered", act: func() { s.closed.behaves(refusesAll) },
			shows: map[dashboards.View]expectation{
				dashboards.Working: shows("", 1), dashboards.Failing: only(0), dashboards.Overall: shows("", 1), dashboards.Problems: rows(0),
				dashboards.State: only(0), dashboards.Classes: counts(), dashboards.Consecutive: shows("", 0), dashboards.GroupState: only(1),
			},
			also: func(t *testing.T) { s.vantagePoints(t, nil, nil) },
		},
		{
			name: "agent b falls silent", act: func() { s.b.Stop(s.t) },
			fires: []fired{"SMTPNoData login b", "SMTPNoData mx1 b", "SMTPNoData mx2 b", "SMTPNoData closed b"},
			shows: map[dashboards.View]expectation{dashboards.Working: shows("", 1), dashboards.Failing: only(0)},
		},
	}
}

const day = 24 * 60 * 60.0
