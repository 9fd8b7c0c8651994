//go:build e2e

package monitoring

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// panel is the content of a dashboard's panel from any data source: values over
// time by series name, or the rows of a table.
type panel struct {
	series map[string][]float64
	rows   []map[string]any
}

func newPanel() panel { return panel{series: make(map[string][]float64)} }

// add appends a value to a series, unless it is null.
func (p *panel) add(name string, value any) {
	if number, ok := value.(float64); ok {
		p.series[name] = append(p.series[name], number)
	}
}

// values returns the values of all series with a name prefix.
func (p *panel) values(prefix string) []float64 {
	var values []float64
	for name, v := range p.series {
		if strings.HasPrefix(name, prefix) {
			values = append(values, v...)
		}
	}
	return values
}

// expectation fails a test if a panel's content is not the expected one.
type expectation func(t require.TestingT, p panel)

// attempt is a require.TestingT that only records the failure, so that an
// expectation can be tried again.
type attempt struct{ failed bool }

// Errorf discards the message.
func (*attempt) Errorf(string, ...any) {}

// FailNow ends the expectation by a panic, which matches recovers from.
func (a *attempt) FailNow() {
	a.failed = true
	panic(a)
}

// matches reports whether a panel's content is the expected one.
func (e expectation) matches(p panel) bool {
	try := &attempt{}
	defer func() {
		if r := recover(); r != nil && r != any(try) {
			panic(r)
		}
	}()
	e(try, p)
	return !try.failed
}

// last expects that all series with a name prefix end with a value, and that
// there is one.
func last(prefix string, want float64) expectation {
	return func(t require.TestingT, p panel) {
		found := false
		for name, values := range p.series {
			if strings.HasPrefix(name, prefix) && len(values) > 0 {
				found = true
				require.InDelta(t, want, values[len(values)-1], 0.001, name)
			}
		}
		require.True(t, found, "no series %s in %v", prefix, p.series)
	}
}

// every expects that all values of all series are equal to one value.
func every(want float64) expectation {
	return func(t require.TestingT, p panel) {
		for name, values := range p.series {
			for _, value := range values {
				require.InDelta(t, want, value, 0.001, name)
			}
		}
	}
}

// positive expects positive values in the named series and in no others.
func positive(names ...string) expectation {
	return func(t require.TestingT, p panel) {
		var found []string
		for name, values := range p.series {
			if slices.Max(append(values, 0)) > 0 {
				found = append(found, className(name))
			}
		}
		require.ElementsMatch(t, names, found)
	}
}

// className returns the class for a series that is named after a class's number,
// as the dashboard's value mapping does, and other names unchanged.
func className(name string) string {
	number, err := strconv.Atoi(name)
	if err != nil || number >= len(smtperr.Classes()) {
		return name
	}
	return smtperr.Class(number).String()
}

// above expects a series with a name prefix and a value above a limit.
func above(prefix string, limit float64) expectation {
	return func(t require.TestingT, p panel) {
		require.Greater(t, slices.Max(append(p.values(prefix), -1)), limit, "%s in %v", prefix, p.series)
	}
}

// within expects that all values of the series with a name prefix are in a
// range, and that there is one.
func within(prefix string, low, high float64) expectation {
	return func(t require.TestingT, p panel) {
		values := p.values(prefix)
		require.NotEmpty(t, values)
		for _, value := range values {
			require.GreaterOrEqual(t, value, low)
			require.LessOrEqual(t, value, high)
		}
	}
}

// seriesCount expects n series with a name prefix.
func seriesCount(prefix string, n int) expectation {
	return func(t require.TestingT, p panel) {
		found := 0
		for name := range p.series {
			if strings.HasPrefix(name, prefix) {
				found++
			}
		}
		require.Equal(t, n, found, "%s in %v", prefix, p.series)
	}
}

// rowCount expects n rows.
func rowCount(n int) expectation {
	return func(t require.TestingT, p panel) {
		require.Len(t, p.rows, n)
	}
}

// rowsWith expects that exactly n rows have all of the cells.
func rowsWith(n int, cells ...string) expectation {
	return func(t require.TestingT, p panel) {
		require.Equal(t, n, p.countRows(cells), "rows with %v in %v", cells, p.rows)
	}
}

// anyRowWith expects that at least one row has all of the cells.
func anyRowWith(cells ...string) expectation {
	return func(t require.TestingT, p panel) {
		require.Positive(t, p.countRows(cells), "rows with %v in %v", cells, p.rows)
	}
}

// countRows returns how many rows have all of the cells.
func (p *panel) countRows(cells []string) int {
	found := 0
	for _, row := range p.rows {
		texts := make([]string, 0, len(row))
		for _, cell := range row {
			texts = append(texts, fmt.Sprint(cell))
		}
		if !slices.ContainsFunc(cells, func(want string) bool { return !slices.Contains(texts, want) }) {
			found++
		}
	}
	return found
}

// allOf expects all of the expectations.
func allOf(expectations ...expectation) expectation {
	return func(t require.TestingT, p panel) {
		for _, expect := range expectations {
			expect(t, p)
		}
	}
}
