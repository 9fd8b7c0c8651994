// Package grafana has the types of Grafana's dashboard model that this project uses:
// the JSON of "Dashboard → Settings → JSON model", schema version 39 (Grafana 10.4
// and newer).
package grafana

// SchemaVersion is the version of the model. Newer Grafanas migrate dashboards.
const SchemaVersion = 39

// Dashboard is a dashboard.
type Dashboard struct {
	UID           string      `json:"uid"`
	Title         string      `json:"title"`
	Description   string      `json:"description"`
	Tags          []string    `json:"tags"`
	Links         []Link      `json:"links"`
	Editable      bool        `json:"editable"`
	GraphTooltip  int         `json:"graphTooltip"` // 1: shared crosshair
	SchemaVersion int         `json:"schemaVersion"`
	Version       int         `json:"version"`
	Timezone      string      `json:"timezone"`
	Refresh       string      `json:"refresh"`
	Time          TimeRange   `json:"time"`
	Annotations   Annotations `json:"annotations"`
	Templating    Templating  `json:"templating"`
	Panels        []Panel     `json:"panels"`
}

// Link leads to another dashboard or page.
type Link struct {
	Title       string   `json:"title"`
	Type        string   `json:"type"` // dashboards | link
	URL         string   `json:"url"`
	Icon        string   `json:"icon"`
	Tooltip     string   `json:"tooltip"`
	TargetBlank bool     `json:"targetBlank"`
	Tags        []string `json:"tags"`
	AsDropdown  bool     `json:"asDropdown"`
	IncludeVars bool     `json:"includeVars"`
	KeepTime    bool     `json:"keepTime"`
}

// TimeRange is the default time range of a dashboard.
type TimeRange struct {
	From string `json:"from"`
	To   string `json:"to"`
}

// Datasource identifies a data source.
type Datasource struct {
	Type string `json:"type"`
	UID  string `json:"uid"`
}

// Templating holds the variables at the top of a dashboard.
type Templating struct {
	List []Variable `json:"list"`
}

// Variable is a variable of a dashboard.
type Variable struct {
	Name        string      `json:"name"`
	Label       string      `json:"label"`
	Description string      `json:"description,omitempty"`
	Type        string      `json:"type"` // datasource | query
	Datasource  *Datasource `json:"datasource,omitempty"`
	Query       any         `json:"query"`
	Definition  string      `json:"definition,omitempty"`
	Regex       string      `json:"regex"`
	Multi       bool        `json:"multi"`
	IncludeAll  bool        `json:"includeAll"`
	AllValue    string      `json:"allValue,omitempty"`
	Refresh     int         `json:"refresh,omitempty"` // 2: when the time range changes
	Sort        int         `json:"sort,omitempty"`    // 1: alphabetical
	Hide        int         `json:"hide"`
	Current     Current     `json:"current"`
	Options     []Current   `json:"options"`
}

// Current is the selected value of a variable.
type Current struct {
	Text  any `json:"text"`
	Value any `json:"value"`
}

// Annotations holds the annotations of all panels.
type Annotations struct {
	List []Annotation `json:"list"`
}

// Annotation marks events. InfluxDB uses Target, Prometheus the fields from Expr on.
type Annotation struct {
	Name       string      `json:"name"`
	Datasource *Datasource `json:"datasource"`
	Enable     bool        `json:"enable"`
	Hide       bool        `json:"hide"`
	IconColor  string      `json:"iconColor"`
	BuiltIn    int         `json:"builtIn,omitempty"`
	Type       string      `json:"type,omitempty"`
	Target     Target      `json:"target,omitempty"`

	Expr            string `json:"expr,omitempty"`
	TitleFormat     string `json:"titleFormat,omitempty"`
	TextFormat      string `json:"textFormat,omitempty"`
	TagKeys         string `json:"tagKeys,omitempty"`
	Step            string `json:"step,omitempty"`
	UseValueForTime bool   `json:"useValueForTime,omitempty"`
}
