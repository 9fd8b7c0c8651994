package dashboards

// View identifies a panel, independent of the data source.
type View string

// The views, in the order of a dashboard.
const (
	Working           View = "working"
	Failing           View = "failing"
	Overall           View = "overall"
	NextExpiry        View = "next-expiry"
	NotVerified       View = "not-verified"
	Suspect           View = "suspect"
	Problems          View = "problems"
	State             View = "state"
	Classes           View = "classes"
	Reasons           View = "reasons"
	ReplyCodes        View = "reply-codes"
	StoppedAt         View = "stopped-at"
	Backends          View = "backends"
	Phases            View = "phases"
	PhasesSlow        View = "phases-slow"
	Percentiles       View = "percentiles"
	Total             View = "total"
	RelayLatency      View = "relay-latency"
	Availability      View = "availability"
	AvailabilityTrend View = "availability-trend"
	SinceSuccess      View = "since-success"
	Consecutive       View = "consecutive"
	Vantage           View = "vantage"
	Certificates      View = "certificates"
	Capabilities      View = "capabilities"
	Sessions          View = "sessions"
	Changes           View = "changes"
	GroupState        View = "group-state"
	GroupSelected     View = "group-selected"
	GroupHealthy      View = "group-healthy"
	MailStates        View = "mail-states"
	MailDelay         View = "mail-delay"
	MailFlows         View = "mail-flows"
	MailLatest        View = "mail-latest"
	Mailboxes         View = "mailboxes"
	Policies          View = "policies"
	PolicyDomains     View = "policy-domains"
	Gathers           View = "gathers"
)

// Query is a query of a view. A view may have several.
type Query struct {
	Text string
	// Legend names the series, in the template language of the data source.
	Legend string
	// Table selects rows instead of series over time.
	Table bool
	// Now selects one value, of the present or over the time range, instead of a
	// value for each step.
	Now bool
	// Column names the value in a table, for data sources that cannot name it in
	// the query.
	Column string
}

// section is a row of a dashboard, with its panels.
type section struct {
	title string
	views []View
}

var sections = []section{
	{"Now", []View{Working, Failing, Overall, NextExpiry, NotVerified, Suspect, Problems, State}},
	{"Failures", []View{Classes, Reasons, ReplyCodes, StoppedAt, Backends}},
	{"Latency", []View{Phases, PhasesSlow, Percentiles, Total, RelayLatency}},
	{"Availability", []View{Availability, SinceSuccess, AvailabilityTrend, Consecutive, Vantage}},
	{"TLS and capabilities", []View{Certificates, Capabilities, Sessions, Changes}},
	{"Failover groups", []View{GroupState, GroupSelected, GroupHealthy}},
	{"Mail flow", []View{MailStates, MailDelay, MailFlows, MailLatest, Mailboxes}},
	{"DANE and MTA-STS", []View{Policies, PolicyDomains}},
	{"Probers", []View{Gathers}},
}
