package alerts

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

const folder = "../../../dashboards/alerts"

func TestTheFilesAreWhatTheGeneratorWrites(t *testing.T) {
	t.Parallel()
	files := Files(DefaultTiming())
	for name, want := range files {
		got, err := os.ReadFile(filepath.Join(folder, name))
		require.NoError(t, err)
		require.Equal(t, string(want), string(got), "%s is not what the generator writes: run go generate ./internal/dashboards", name)
	}
	scripts, err := filepath.Glob(filepath.Join(folder, "kapacitor", "*"))
	require.NoError(t, err)
	require.Len(t, scripts, len(All(DefaultTiming())), "a script that no alert writes")
}

func TestTheDocumentDescribesEveryAlert(t *testing.T) {
	t.Parallel()
	document, err := os.ReadFile("../../../docs/alerts.md")
	require.NoError(t, err)
	require.Contains(t, string(document), Document(DefaultTiming()), "run go generate ./internal/dashboards")
}

func TestEveryAlertSaysWhatItAsksAndWhatToDo(t *testing.T) {
	t.Parallel()
	seen := make(map[string]bool)
	for _, a := range All(DefaultTiming()) {
		require.False(t, seen[a.Name], a.Name)
		seen[a.Name] = true
		for _, text := range []string{a.Summary, a.Do, a.Value, a.Op, a.PromQL, a.InfluxQL.Select, a.InfluxQL.Tick} {
			require.NotEmpty(t, text, a.Name)
		}
		require.Positive(t, a.InfluxQL.Over, a.Name)
		require.Contains(t, []Severity{Critical, Warning}, a.Severity)
	}
}

func TestNoQueryGroupsOrChoosesByATagOfTheOutcome(t *testing.T) {
	t.Parallel()
	for _, a := range All(DefaultTiming()) {
		queries := []string{a.PromExpr(DefaultTiming()), a.Tick(DefaultTiming())}
		for _, v := range a.Variants(DefaultTiming()) {
			queries = append(queries, v.Query)
		}
		for _, query := range queries {
			for _, tag := range []string{"error_class", "reply_code", `"reason"`, `"fault"`, "'phase'", "selected"} {
				require.NotContains(t, query, tag, a.Name)
			}
		}
	}
}

func TestEveryRefusalOfTheTableIsAsked(t *testing.T) {
	t.Parallel()
	require.Equal(t, []smtperr.Class{
		smtperr.ClassStartTLSRefused, smtperr.ClassGreetingRefused, smtperr.ClassHeloRefused, smtperr.ClassSenderRefused,
		smtperr.ClassRecipientRefused, smtperr.ClassRecipientsRefused, smtperr.ClassDataRefused, smtperr.ClassServiceUnavailable,
	}, Refusals())
	rules := string(Files(DefaultTiming())["prometheus.yml"])
	for _, class := range Refusals() {
		require.Contains(t, rules, "smtpprobe_result_code == "+strconv.Itoa(int(class)))
	}
}

func TestDurationsFollowTheInterval(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		interval time.Duration
		want     string
	}{
		{time.Minute, "a 10m b 1h {x} c"}, {time.Second, "a 10s b 1m {x} c"}, {30 * time.Second, "a 5m b 30m {x} c"},
		{500 * time.Millisecond, "a 5s b 30s {x} c"}, {6 * time.Minute, "a 1h b 6h {x} c"}, {55 * time.Millisecond, "a 550ms b 3300ms {x} c"},
	} {
		require.Equal(t, tt.want, Timing{Interval: tt.interval}.scaled("a {10} b {60} {x} c"))
	}
	require.Equal(t, "0s", DefaultTiming().intervals(0))
}

func TestGrafanaReadsTheProvisioningFiles(t *testing.T) {
	t.Parallel()
	for name, rules := range map[string]int{"grafana-influxql.yml": len(All(DefaultTiming())) - 1 + len(phases()), "grafana-prometheus.yml": len(All(DefaultTiming()))} {
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
		require.NoError(t, yaml.Unmarshal(Files(DefaultTiming())[name], &file))
		require.Equal(t, 1, file.APIVersion)
		require.Len(t, file.Groups, 1)
		require.Len(t, file.Groups[0].Rules, rules)
		seen := make(map[string]bool)
		for _, r := range file.Groups[0].Rules {
			// Grafana's limit on a uid.
			require.LessOrEqual(t, len(r.UID), 40, r.UID)
			require.False(t, seen[r.UID], r.UID)
			seen[r.UID] = true
			require.Equal(t, "C", r.Condition)
			require.Len(t, r.Data, 3)
			require.Equal(t, "${"+DatasourceVariable+"}", r.Data[0].DatasourceUID)
			for _, text := range r.Annotations {
				require.NotContains(t, text, "$", "a variable of the environment begins with it")
				require.False(t, strings.Contains(text, "{") && !strings.Contains(text, "{{"), text)
			}
		}
	}
}
