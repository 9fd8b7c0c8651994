package report

import (
	"fmt"
	"math"
	"strings"
	"time"
	"unicode"

	"github.com/influxdata/telegraf"
)

// The functions below read values from results, which are not trusted. They
// escape and bound text, and bound numbers so that their sums do not overflow.

// textLimit is the maximum length of a text, in characters. Names and errors of the
// plugin are shorter.
const textLimit = 1000

// printable escapes the characters of a text that are not printable, such as those
// that change the direction of writing, and truncates the text.
func printable(text string) string {
	var b strings.Builder
	remaining := textLimit
	for _, r := range text {
		if remaining--; remaining < 0 {
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

// tagText returns the value of a tag, "" without the tag.
func tagText(m telegraf.Metric, key string) string {
	value, _ := m.GetTag(key)
	return printable(value)
}

// text returns the value of a field as text, "" without the field.
func text(m telegraf.Metric, field string) string {
	value, ok := m.GetField(field)
	if !ok {
		return ""
	}
	return printable(fmt.Sprint(value))
}

// number returns the value of a field, 0 if it has none of this type.
func number[T int64 | float64](m telegraf.Metric, field string) T {
	value, _ := m.GetField(field)
	n, _ := value.(T)
	return n
}

// maxSeconds is the longest time in the page. Longer times are truncated to it.
const maxSeconds = 1e6

// seconds returns the time in a field, 0 without a valid one.
func seconds(m telegraf.Metric, field string) float32 {
	f := number[float64](m, field)
	if math.IsNaN(f) {
		return 0
	}
	return float32(min(max(f, 0), maxSeconds))
}

// count returns the count in a field, 0 without a valid one.
func count(m telegraf.Metric, field string) int64 {
	const most = 1e12
	return min(max(number[int64](m, field), 0), most)
}

// after returns the time some seconds after another. Unlike time.Time.Add it reaches
// the year 9999, in which some certificates expire.
func after(at time.Time, seconds int64) time.Time {
	const most = 1e12
	return time.Unix(at.Unix()+min(max(seconds, -most), most), 0)
}
