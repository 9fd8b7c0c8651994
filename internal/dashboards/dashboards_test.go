package dashboards

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/cog/plugins"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/dashboards/grafana"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

func TestFiles_AreUpToDate(t *testing.T) {
	t.Parallel()
	files, err := Files()
	require.NoError(t, err)
	for name, want := range files {
		got, err := os.ReadFile(filepath.Join("..", "..", "dashboards", name))
		require.NoError(t, err)
		require.Equal(t, string(want), string(got), "%s is not what the generator writes: run go generate ./internal/dashboards", name)
	}
	found, err := filepath.Glob("../../dashboards/*.json")
	require.NoError(t, err)
	require.Len(t, found, len(files), "a dashboard that no source writes")
}

func TestSources_AnswerEveryView(t *testing.T) {
	t.Parallel()
	drawn := looks()
	for _, source := range Sources() {
		for _, section := range sections {
			for _, view := range section.views {
				require.Contains(t, drawn, view)
				require.NotEmpty(t, source.Queries[view], "%s does not ask for %s", source.Key, view)
			}
		}
		require.Len(t, source.Queries, len(drawn), "%s asks for what nothing draws", source.Key)
	}
}

func TestDashboard_EveryClass(t *testing.T) {
	t.Parallel()
	for _, source := range Sources() {
		panels := make(map[string]grafana.Panel)
		for _, p := range source.Dashboard().Panels {
			panels[p.Title] = p
		}
		for _, class := range smtperr.Classes() {
			number := strconv.Itoa(int(class))
			states := panels[looks()[State].title].FieldConfig.Defaults.Mappings[0].Options
			require.Contains(t, states, number)
			require.NotEmpty(t, states[number].Color)
			require.Contains(t, panels[looks()[Problems].title].FieldConfig.Defaults.Mappings[0].Options, class.String())
			var named []any
			for _, o := range panels[looks()[Classes].title].FieldConfig.Overrides {
				named = append(named, o.Matcher.Options)
			}
			require.Contains(t, named, class.String())
			require.Contains(t, named, number)
		}
	}
}

func TestDashboard_PanelsDoNotOverlap(t *testing.T) {
	t.Parallel()
	for _, source := range Sources() {
		taken := make(map[[2]int]string)
		ids := make(map[int]bool)
		for _, p := range source.Dashboard().Panels {
			require.False(t, ids[p.ID], "two panels with the id %d", p.ID)
			ids[p.ID] = true
			require.LessOrEqual(t, p.GridPos.X+p.GridPos.W, 24)
			for x := p.GridPos.X; x < p.GridPos.X+p.GridPos.W; x++ {
				for y := p.GridPos.Y; y < p.GridPos.Y+p.GridPos.H; y++ {
					require.Empty(t, taken[[2]int{x, y}], "%s covers another panel", p.Title)
					taken[[2]int{x, y}] = p.Title
				}
			}
		}
	}
}

// Grafana's own types, decoded strictly: no unknown field, and none missing.
func TestFiles_GrafanaTypes(t *testing.T) {
	t.Parallel()
	plugins.RegisterDefaultPlugins()
	strictly := func(text []byte) []*cog.BuildError {
		var d dashboard.Dashboard //nolint:staticcheck // provisioned files have this schema, not that of dashboardv2
		var found cog.BuildErrors
		if err := d.UnmarshalJSONStrict(text); err != nil {
			require.ErrorAs(t, err, &found) // empty where there is none
		}
		return found
	}
	files, err := Files()
	require.NoError(t, err)
	for name, text := range files {
		require.Empty(t, strictly(text), name)
		misspelt := bytes.Replace(text, []byte(`"wideLayout"`), []byte(`"wideLayuot"`), 1)
		require.NotEmpty(t, strictly(misspelt), name)
	}
}
