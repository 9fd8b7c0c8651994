package grafana

// Panel is one picture. Rows are panels, too, of type "row".
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

// GridPos is a place on the grid, which is 24 columns wide.
type GridPos struct {
	H int `json:"h"`
	W int `json:"w"`
	X int `json:"x"`
	Y int `json:"y"`
}

// Target is a query. Each data source has keys of its own.
type Target map[string]any

// FieldConfig is how values look.
type FieldConfig struct {
	Defaults  FieldDefaults `json:"defaults"`
	Overrides []Override    `json:"overrides"`
}

// FieldDefaults holds for every field that no override names.
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

// Color says where a field's color comes from.
type Color struct {
	Mode       string `json:"mode"` // fixed | thresholds | palette-classic
	FixedColor string `json:"fixedColor,omitempty"`
}

// Thresholds color a value by its size.
type Thresholds struct {
	Mode  string      `json:"mode"` // absolute | percentage
	Steps []Threshold `json:"steps"`
}

// Threshold is a color and the least value that has it; nil begins at minus
// infinity.
type Threshold struct {
	Color string   `json:"color"`
	Value *float64 `json:"value"`
}

// Mapping gives values a text and a color.
type Mapping struct {
	Type    string               `json:"type"` // value
	Options map[string]MapResult `json:"options"`
}

// MapResult is how one value is shown.
type MapResult struct {
	Text  string `json:"text"`
	Color string `json:"color"`
	Index int    `json:"index"`
}

// Override changes how some fields look.
type Override struct {
	Matcher    Matcher    `json:"matcher"`
	Properties []Property `json:"properties"`
}

// Matcher picks fields.
type Matcher struct {
	ID      string `json:"id"` // byName | byRegexp
	Options any    `json:"options"`
}

// Property is one thing about a field.
type Property struct {
	ID    string `json:"id"`
	Value any    `json:"value"`
}

// DataLink leads from a value elsewhere.
type DataLink struct {
	Title       string `json:"title"`
	URL         string `json:"url"`
	TargetBlank bool   `json:"targetBlank"`
}

// Transformation works on the answers of the queries before they are drawn.
type Transformation struct {
	ID      string         `json:"id"`
	Options map[string]any `json:"options"`
}

// Named overrides the properties of the field of one name.
func Named(name string, properties ...Property) Override {
	return Override{Matcher: Matcher{ID: "byName", Options: name}, Properties: properties}
}

// Above is a threshold that begins at a value.
func Above(value float64, color string) Threshold { return Threshold{Color: color, Value: &value} }

// Base is the color of everything below the first threshold.
func Base(color string) Threshold { return Threshold{Color: color} }

// Number is a pointer to a number, for the optional ones.
func Number[T int | float64](n T) *T { return &n }
