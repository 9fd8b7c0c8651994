package alerts

import (
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"text/template"
	"time"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

const folder = "../../../dashboards/alerts"

func generated(t *testing.T) map[string][]byte {
	t.Helper()
	files, err := Files(DefaultTiming())
	require.NoError(t, err)
	return files
}

func TestFiles_UpToDate(t *testing.T) {
	t.Parallel()
	for name, want := range generated(t) {
		got, err := os.ReadFile(filepath.Join(folder, name))
		require.NoError(t, err)
		require.Equal(t, string(want), string(got), "%s is out of date: run go generate ./internal/dashboards", name)
	}
}

func TestDocument_UpToDate(t *testing.T) {
	t.Parallel()
	document, err := os.ReadFile("../../../docs/alerts.md")
	require.NoError(t, err)
	require.Contains(t, string(document), Document(DefaultTiming()), "docs/alerts.md is not up to date: run go generate ./internal/dashboards")
}

func TestAll_Complete(t *testing.T) {
	t.Parallel()
	seen := make(map[string]bool)
	for _, a := range All(DefaultTiming()) {
		require.False(t, seen[a.Name], a.Name)
		seen[a.Name] = true
		for _, text := range []string{a.Summary, a.Do, a.Value, a.Op} {
			require.NotEmpty(t, text, a.Name)
		}
		require.NotEqual(t, a.Burn == nil, a.PromQL == "" || len(a.InfluxQL) == 0, a.Name)
		for _, q := range a.InfluxQL {
			require.Positive(t, q.Over, a.Name)
		}
		require.Contains(t, []Severity{Critical, Warning}, a.Severity)
	}
	for _, i := range inhibitions() {
		for _, name := range append(i.targets, i.source) {
			require.True(t, seen[name], "an inhibit rule names %s, which is no alert", name)
		}
	}
	for _, name := range overAllAgents {
		require.True(t, seen[name], "an inhibit rule names %s, which is no alert", name)
	}
}

// An inhibit rule applies only if source and target have the labels that have to
// be equal.
func TestInhibitions_Labels(t *testing.T) {
	t.Parallel()
	labels := make(map[string][]string)
	for _, a := range All(DefaultTiming()) {
		labels[a.Name] = a.By
	}
	for _, i := range inhibitions() {
		for _, name := range append(i.targets, i.source) {
			require.Subset(t, labels[name], i.equal, "%s, while %s fires", name, i.source)
		}
	}
}

// The network of a suspect agent causes no alert over all agents.
func TestAll_SuspectAgents(t *testing.T) {
	t.Parallel()
	for _, a := range All(DefaultTiming()) {
		if slices.Contains(overAllAgents, a.Name) {
			require.NotContains(t, a.By, "host", a.Name)
			require.Contains(t, a.PromExpr(DefaultTiming()), "unless on (host)", a.Name)
		}
	}
}

// Outcome tags change with a relay's state, and may have been dropped.
func TestAll_OutcomeTags(t *testing.T) {
	t.Parallel()
	for _, a := range All(DefaultTiming()) {
		queries := []string{a.PromExpr(DefaultTiming())}
		for _, q := range a.InfluxQL {
			queries = append(queries, q.Query)
		}
		for _, query := range queries {
			for _, tag := range []string{"error_class", "reply_code", `"reason"`, `"fault"`, `"phase"`, "selected"} {
				if a.Burn == nil && a.Name != "SMTPPhaseSlow" {
					require.NotContains(t, query, tag, a.Name)
				}
			}
		}
	}
}

func TestTiming_Validate(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		set  func(*Timing)
		want string // of the error, empty for none
	}{
		{name: "default", set: func(*Timing) {}},
		{name: "objective with room for a lost probe", set: func(t *Timing) { t.Objective = 0.9988 }},
		{name: "objective without room for a lost probe", set: func(t *Timing) { t.Objective = 0.999 },
			want: "invalid objective 0.999: with a probe every 1m0s a single lost probe would break it; must be at most 0.99884"},
		{name: "high objective with more probes", set: func(t *Timing) { t.Objective, t.Interval = 0.999, 30*time.Second }},
		{name: "default objective with fewer probes", set: func(t *Timing) { t.Interval = 10 * time.Minute },
			want: "invalid objective 0.99: with a probe every 10m0s a single lost probe would break it; must be at most 0.98842"},
		{name: "no probe in a window", set: func(t *Timing) { t.Interval = 2 * time.Hour }, want: "invalid interval 2h0m0s: an error budget needs a probe within 1h0m0s"},
		{name: "objective too low", set: func(t *Timing) { t.Objective = 0.9 }, want: "invalid objective 0.9: the alert on 14.4x its budget could never fire; must be above 0.93056"},
		{name: "single probe in a window", set: func(t *Timing) { t.Interval = time.Hour }, want: "a single lost probe would break every objective"},
		{name: "objective in percent", set: func(t *Timing) { t.Objective = 99 }, want: "invalid objective 99: must be above 0 and below 1"},
		{name: "NaN", set: func(t *Timing) { t.Objective = math.NaN() }, want: "invalid objective NaN"},
		{name: "interval below a millisecond", set: func(t *Timing) { t.Interval = time.Microsecond }, want: "invalid interval 1µs"},
		{name: "no interval", set: func(t *Timing) { t.Interval = 0 }, want: "invalid interval 0s"},
		{name: "negative duration", set: func(t *Timing) { t.Slow = -1 }, want: "durations must be above zero"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			timing := DefaultTiming()
			tt.set(&timing)
			_, err := Files(timing)
			if tt.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, tt.want)
		})
	}
}

func TestBurn_SingleLostProbe(t *testing.T) {
	t.Parallel()
	for _, interval := range []time.Duration{10 * time.Second, time.Minute, 5 * time.Minute} {
		timing := DefaultTiming()
		timing.Interval = interval
		require.NoError(t, timing.Validate())
		for _, b := range burns {
			for all := 1.0; all <= float64(timing.minutes(b.Long)/interval); all++ {
				require.False(t, b.Fires(timing, 1, all, 1, 1), "%gx after %v probes a %s", b.Factor, all, interval)
			}
		}
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	require.Equal(t, []smtperr.Class{
		smtperr.ClassStartTLSRefused, smtperr.ClassGreetingRefused, smtperr.ClassHeloRefused, smtperr.ClassSenderRefused,
		smtperr.ClassRecipientRefused, smtperr.ClassRecipientsRefused, smtperr.ClassDataRefused, smtperr.ClassServiceUnavailable,
	}, Refusals())
	rules := string(generated(t)["prometheus.yml"])
	for _, class := range Refusals() {
		require.Contains(t, rules, "smtpprobe_result_code == "+strconv.Itoa(int(class)))
	}
}

func TestTiming_Scaled(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		interval time.Duration
		want     string
	}{
		{interval: time.Minute, want: "a 10m b 1h {x} c"},
		{interval: time.Second, want: "a 10s b 1m {x} c"},
		{interval: 30 * time.Second, want: "a 5m b 30m {x} c"},
		{interval: 500 * time.Millisecond, want: "a 5s b 30s {x} c"},
		{interval: 6 * time.Minute, want: "a 1h b 6h {x} c"},
		{interval: 55 * time.Millisecond, want: "a 550ms b 3300ms {x} c"},
	} {
		require.Equal(t, tt.want, Timing{Interval: tt.interval}.Scaled("a {10} b {60} {x} c"))
	}
	require.Equal(t, "0s", DefaultTiming().intervals(0))
}

func TestGrafana_Files(t *testing.T) {
	t.Parallel()
	queries := 0
	for _, a := range All(DefaultTiming()) {
		queries += max(1, len(a.InfluxQL))
	}
	for name, rules := range map[string]int{"grafana-influxql.yml": queries, "grafana-prometheus.yml": len(All(DefaultTiming()))} {
		var file struct {
			APIVersion int `yaml:"apiVersion"`
			Groups     []struct {
				Name, Folder, Interval string
				Rules                  []struct {
					UID, Title, Condition string
					Data                  []struct {
						RefID             string `yaml:"refId"`
						DatasourceUID     string `yaml:"datasourceUid"`
						RelativeTimeRange struct{ From, To int }
						Model             map[string]any
					}
					Annotations map[string]string
				}
			}
		}
		require.NoError(t, yaml.Unmarshal(generated(t)[name], &file))
		require.Equal(t, 1, file.APIVersion)
		require.Len(t, file.Groups, 1)
		require.Len(t, file.Groups[0].Rules, rules)
		seen := make(map[string]bool)
		for _, r := range file.Groups[0].Rules {
			// Grafana's limit on a uid.
			require.LessOrEqual(t, len(r.UID), 40, r.UID)
			require.False(t, seen[r.UID], r.UID)
			seen[r.UID] = true
			require.Equal(t, "FIRES", r.Condition)
			require.Equal(t, r.Condition, r.Data[len(r.Data)-1].RefID)
			require.Equal(t, "${"+DatasourceVariable+"}", r.Data[0].DatasourceUID)
			for _, d := range r.Data {
				require.Equal(t, d.RefID, d.Model["refId"])
			}
			require.Len(t, r.Annotations, 3)
			for _, text := range r.Annotations {
				require.NotContains(t, text, "$", "it begins an environment variable")
				require.False(t, strings.Contains(text, "{") && !strings.Contains(text, "{{"), text)
			}
		}
	}
}

// Prometheus executes the description as a template with the series of the outcome.
func TestAlert_Outcome(t *testing.T) {
	t.Parallel()
	type sample struct{ Labels map[string]string }
	for code, want := range map[string]string{
		"0":   "Now from vm: connect_error/refused at connect. ",
		"421": "Now from vm: connect_error/refused at connect, reply 421. ",
	} {
		outcome := sample{Labels: map[string]string{
			"host": "vm", "result": "connect_error", "result_reason": "refused", "result_phase": "connect", "smtp_code": code,
		}}
		description, err := template.New("").Funcs(template.FuncMap{"query": func(string) []sample { return []sample{outcome} }}).
			Parse("{{ $labels := .Labels }}" + Alert{Outcome: true}.outcome())
		require.NoError(t, err)
		var text strings.Builder
		require.NoError(t, description.Execute(&text, sample{Labels: map[string]string{"relay": "mx1"}}))
		require.Equal(t, want, text.String())
	}
}
