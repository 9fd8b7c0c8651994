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

func TestFiles_UpToDate(t *testing.T) {
	t.Parallel()
	files, err := Files()
	require.NoError(t, err)
	for name, want := range files {
		got, err := os.ReadFile(filepath.Join("..", "..", "dashboards", name))
		require.NoError(t, err)
		require.Equal(t, string(want), string(got), "%s is out of date: run go generate ./internal/dashboards", name)
	}
	found, err := filepath.Glob("../../dashboards/*.json")
	require.NoError(t, err)
	require.Len(t, found, len(files), "every dashboard has a source")
}

func TestSources_Queries(t *testing.T) {
	t.Parallel()
	specs := panelSpecs()
	for _, source := range Sources() {
		for _, section := range sections {
			for _, view := range section.views {
				require.Contains(t, specs, view)
				require.NotEmpty(t, source.Queries[view], "%s has no query for %s", source.Key, view)
			}
		}
		require.Len(t, source.Queries, len(specs), "%s has a query without a view", source.Key)
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
			states := panels[panelSpecs()[State].title].FieldConfig.Defaults.Mappings[0].Options
			require.Contains(t, states, number)
			require.NotEmpty(t, states[number].Color)
			require.Contains(t, panels[panelSpecs()[Problems].title].FieldConfig.Defaults.Mappings[0].Options, class.String())
			var named []any
			for _, o := range panels[panelSpecs()[Classes].title].FieldConfig.Overrides {
				named = append(named, o.Matcher.Options)
			}
			require.Contains(t, named, class.String())
			require.Contains(t, named, number)
		}
	}
}

func TestDashboard_Layout(t *testing.T) {
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

// The types of Grafana's SDK reject unknown and missing fields.
func TestFiles_GrafanaTypes(t *testing.T) {
	t.Parallel()
	plugins.RegisterDefaultPlugins()
	strict := func(text []byte) []*cog.BuildError {
		var d dashboard.Dashboard //nolint:staticcheck // provisioned files have this schema, not that of dashboardv2
		var found cog.BuildErrors
		if err := d.UnmarshalJSONStrict(text); err != nil {
			require.ErrorAs(t, err, &found) // empty without an error
		}
		return found
	}
	files, err := Files()
	require.NoError(t, err)
	for name, text := range files {
		require.Empty(t, strict(text), name)
		misspelt := bytes.Replace(text, []byte(`"wideLayout"`), []byte(`"wideLayuot"`), 1)
		require.NotEmpty(t, strict(misspelt), name)
	}
}
