package report

import (
	"fmt"
	"math"
	"strings"
	"time"
	"unicode"

	"github.com/influxdata/telegraf"
)

// What was read may be anybody's: texts are escaped and bounded, numbers are
// bounded, so that no sum of them overflows.

// textLimit is in characters; a name or an error of the plugin's is shorter.
const textLimit = 1000

// printable escapes every character of a text that is not printed as itself,
// such as one that turns the direction of writing, and cuts the text.
func printable(text string) string {
	var b strings.Builder
	left := textLimit
	for _, r := range text {
		if left--; left < 0 {
			b.WriteString("…")
			break
		}
		if unicode.IsPrint(r) {
			b.WriteRune(r)
		} else {
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}

func tagText(m telegraf.Metric, key string) string {
	value, _ := m.GetTag(key)
	return printable(value)
}

func text(m telegraf.Metric, field string) string {
	value, ok := m.GetField(field)
	if !ok {
		return ""
	}
	return printable(fmt.Sprint(value))
}

func number[T int64 | float64](m telegraf.Metric, field string) T {
	value, _ := m.GetField(field)
	n, _ := value.(T)
	return n
}

// longest is the longest time that is shown as it is, in seconds.
const longest = 1e6

// seconds is a field's time, 0 if it has none.
func seconds(m telegraf.Metric, field string) float32 {
	f := number[float64](m, field)
	if math.IsNaN(f) {
		return 0
	}
	return float32(min(max(f, 0), longest))
}

// count is a field's number of things.
func count(m telegraf.Metric, field string) int64 {
	const most = 1e12
	return min(max(number[int64](m, field), 0), most)
}

// after is a time that may be further away than a duration reaches.
func after(at time.Time, seconds int64) time.Time {
	const most = 1e12 // beyond the year 9999, in which some certificates expire
	return time.Unix(at.Unix()+min(max(seconds, -most), most), 0)
}

// stamped has the time of a metric.
type stamped struct{ At time.Time }

// latestFirst is how many rows a table of events shows.
const latestFirst = 200
