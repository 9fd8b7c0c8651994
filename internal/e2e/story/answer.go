//go:build e2e

package story

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// answer is what a panel shows, whatever the data source: values over time by
// the name of their series, or the rows of a table.
type answer struct {
	series map[string][]float64
	rows   []map[string]any
}

func newAnswer() answer { return answer{series: make(map[string][]float64)} }

// add takes the next value of a series; there may be none.
func (a *answer) add(name string, value any) {
	if number, ok := value.(float64); ok {
		a.series[name] = append(a.series[name], number)
	}
}

// called are the values of the series whose names begin so.
func (a *answer) called(prefix string) []float64 {
	var values []float64
	for name, v := range a.series {
		if strings.HasPrefix(name, prefix) {
			values = append(values, v...)
		}
	}
	return values
}

// expectation is what a panel should say.
type expectation func(t require.TestingT, a answer)

// attempt is a test that may fail and be made again.
type attempt struct{ failed bool }

// Errorf has nobody to tell.
func (*attempt) Errorf(string, ...any) {}

// FailNow ends the expectation, by a panic that met takes back.
func (a *attempt) FailNow() {
	a.failed = true
	panic(a)
}

// met reports whether an answer is as expected.
func (e expectation) met(shown answer) bool {
	try := &attempt{}
	defer func() {
		if r := recover(); r != nil && r != any(try) {
			panic(r)
		}
	}()
	e(try, shown)
	return !try.failed
}

// shows: the series whose names begin so end with this value, each of them.
func shows(prefix string, want float64) expectation {
	return func(t require.TestingT, a answer) {
		found := false
		for name, values := range a.series {
			if strings.HasPrefix(name, prefix) && len(values) > 0 {
				found = true
				require.InDelta(t, want, values[len(values)-1], 0.001, name)
			}
		}
		require.True(t, found, "no series %s in %v", prefix, a.series)
	}
}

// only: every series is of these values.
func only(want float64) expectation {
	return func(t require.TestingT, a answer) {
		for name, values := range a.series {
			for _, value := range values {
				require.InDelta(t, want, value, 0.001, name)
			}
		}
	}
}

// counts: there are values above zero in these series, and no others.
func counts(names ...string) expectation {
	return func(t require.TestingT, a answer) {
		var found []string
		for name, values := range a.series {
			if slices.Max(append(values, 0)) > 0 {
				found = append(found, className(name))
			}
		}
		require.ElementsMatch(t, names, found)
	}
}

// className is the name that the dashboard gives a series called after the
// number of a class.
func className(name string) string {
	number, err := strconv.Atoi(name)
	if err != nil || number >= len(smtperr.Classes()) {
		return name
	}
	return smtperr.Class(number).String()
}

// has: there is such a series, with a value above this.
func has(prefix string, above float64) expectation {
	return func(t require.TestingT, a answer) {
		require.Greater(t, slices.Max(append(a.called(prefix), -1)), above, "%s in %v", prefix, a.series)
	}
}

// holds: so many rows have all of these among their cells.
func holds(rows int, cells ...string) expectation {
	return func(t require.TestingT, a answer) {
		found := 0
		for _, row := range a.rows {
			if hasCells(row, cells) {
				found++
			}
		}
		require.Equal(t, rows, found, "rows with %v in %v", cells, a.rows)
	}
}

// mentions: a row has all of these among its cells.
func mentions(cells ...string) expectation {
	return func(t require.TestingT, a answer) {
		require.True(t, slices.ContainsFunc(a.rows, func(row map[string]any) bool { return hasCells(row, cells) }), "no row with %v in %v", cells, a.rows)
	}
}

func hasCells(row map[string]any, cells []string) bool {
	texts := make([]string, 0, len(row))
	for _, cell := range row {
		texts = append(texts, fmt.Sprint(cell))
	}
	return !slices.ContainsFunc(cells, func(want string) bool { return !slices.Contains(texts, want) })
}

// rows: the table has so many.
func rows(want int) expectation {
	return func(t require.TestingT, a answer) {
		require.Len(t, a.rows, want)
	}
}

// all of these hold.
func all(expectations ...expectation) expectation {
	return func(t require.TestingT, a answer) {
		for _, expect := range expectations {
			expect(t, a)
		}
	}
}

// oneEach: so many series have names that begin so, whatever happened to the
// relay.
func oneEach(prefix string, want int) expectation {
	return func(t require.TestingT, a answer) {
		found := 0
		for name := range a.series {
			if strings.HasPrefix(name, prefix) {
				found++
			}
		}
		require.Equal(t, want, found, "%s in %v", prefix, a.series)
	}
}

// within: every value of these series is.
func within(prefix string, low, high float64) expectation {
	return func(t require.TestingT, a answer) {
		values := a.called(prefix)
		require.NotEmpty(t, values)
		for _, value := range values {
			require.GreaterOrEqual(t, value, low)
			require.LessOrEqual(t, value, high)
		}
	}
}
