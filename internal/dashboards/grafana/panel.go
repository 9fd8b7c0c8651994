package grafana

// Panel is a panel. Rows are panels of type "row".
type Panel struct {
	ID              int              `json:"id"`
	Type            string           `json:"type"`
	Title           string           `json:"title"`
	Description     string           `json:"description,omitempty"`
	GridPos         GridPos          `json:"gridPos"`
	Datasource      *Datasource      `json:"datasource,omitempty"`
	Targets         []Target         `json:"targets,omitempty"`
	FieldConfig     *FieldConfig     `json:"fieldConfig,omitempty"`
	Options         map[string]any   `json:"options,omitempty"`
	Transformations []Transformation `json:"transformations,omitempty"`
	Interval        string           `json:"interval,omitempty"`
	Collapsed       *bool            `json:"collapsed,omitempty"` // rows only
	Panels          []Panel          `json:"panels,omitzero"`     // rows only
}

// GridPos is a position in the grid, which has 24 columns.
type GridPos struct {
	H int `json:"h"`
	W int `json:"w"`
	X int `json:"x"`
	Y int `json:"y"`
}

// Target is a query. Its keys depend on the data source.
type Target map[string]any

// FieldConfig configures the display of values.
type FieldConfig struct {
	Defaults  FieldDefaults `json:"defaults"`
	Overrides []Override    `json:"overrides"`
}

// FieldDefaults applies to fields without an override.
type FieldDefaults struct {
	Unit       string         `json:"unit,omitempty"`
	Decimals   *int           `json:"decimals,omitempty"`
	Min        *float64       `json:"min,omitempty"`
	Max        *float64       `json:"max,omitempty"`
	NoValue    string         `json:"noValue,omitempty"`
	Color      *Color         `json:"color,omitempty"`
	Mappings   []Mapping      `json:"mappings"`
	Thresholds *Thresholds    `json:"thresholds,omitempty"`
	Custom     map[string]any `json:"custom,omitempty"`
}

// Color selects the color of a field.
type Color struct {
	Mode       string `json:"mode"` // fixed | thresholds | palette-classic
	FixedColor string `json:"fixedColor,omitempty"`
}

// Thresholds select a color by value.
type Thresholds struct {
	Mode  string      `json:"mode"` // absolute | percentage
	Steps []Threshold `json:"steps"`
}

// Threshold is a color and the lowest value that has it. Nil is minus infinity.
type Threshold struct {
	Color string   `json:"color"`
	Value *float64 `json:"value"`
}

// Mapping maps values to texts and colors.
type Mapping struct {
	Type    string               `json:"type"` // value
	Options map[string]MapResult `json:"options"`
}

// MapResult is the text and the color of a value.
type MapResult struct {
	Text  string `json:"text"`
	Color string `json:"color"`
	Index int    `json:"index"`
}

// Override changes properties of fields.
type Override struct {
	Matcher    Matcher    `json:"matcher"`
	Properties []Property `json:"properties"`
}

// Matcher selects fields.
type Matcher struct {
	ID      string `json:"id"` // byName | byRegexp
	Options any    `json:"options"`
}

// Property is a property of a field.
type Property struct {
	ID    string `json:"id"`
	Value any    `json:"value"`
}

// DataLink is a link on a value.
type DataLink struct {
	Title       string `json:"title"`
	URL         string `json:"url"`
	TargetBlank bool   `json:"targetBlank"`
}

// Transformation transforms the results of the queries.
type Transformation struct {
	ID      string         `json:"id"`
	Options map[string]any `json:"options"`
}

// Named returns an override of the field with this name.
func Named(name string, properties ...Property) Override {
	return Override{Matcher: Matcher{ID: "byName", Options: name}, Properties: properties}
}

// Above returns a threshold with a lowest value.
func Above(value float64, color string) Threshold { return Threshold{Color: color, Value: &value} }

// Base returns the threshold for values below all others.
func Base(color string) Threshold { return Threshold{Color: color} }

// Number returns a pointer to n, for optional fields.
func Number[T int | float64](n T) *T { return &n }
