package dashboards

// View is one panel, whatever the data source.
type View string

// The views, in the order in which a dashboard shows them.
const (
	Working       View = "working"
	Failing       View = "failing"
	Overall       View = "overall"
	NextExpiry    View = "next-expiry"
	Problems      View = "problems"
	State         View = "state"
	Classes       View = "classes"
	Reasons       View = "reasons"
	ReplyCodes    View = "reply-codes"
	StoppedAt     View = "stopped-at"
	Phases        View = "phases"
	Total         View = "total"
	Availability  View = "availability"
	Consecutive   View = "consecutive"
	Vantage       View = "vantage"
	Certificates  View = "certificates"
	Capabilities  View = "capabilities"
	GroupState    View = "group-state"
	GroupSelected View = "group-selected"
	GroupHealthy  View = "group-healthy"
)

// Query asks a data source for what a view shows. A view may need several.
type Query struct {
	Text string
	// Legend names the series, in the data source's own templates.
	Legend string
	// Table asks for rows instead of series over time.
	Table bool
	// Now asks for the present, or for the whole range at once, instead of a
	// value for each step.
	Now bool
	// Column renames the value in a table, for data sources that cannot.
	Column string
}

// section is a row of a dashboard with the panels below it.
type section struct {
	title string
	views []View
}

var sections = []section{
	{"Now", []View{Working, Failing, Overall, NextExpiry, Problems, State}},
	{"Failures", []View{Classes, Reasons, ReplyCodes, StoppedAt}},
	{"Latency", []View{Phases, Total}},
	{"Availability", []View{Availability, Consecutive, Vantage}},
	{"TLS and capabilities", []View{Certificates, Capabilities}},
	{"Failover groups", []View{GroupState, GroupSelected, GroupHealthy}},
}
