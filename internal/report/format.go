package report

import (
	"strconv"
	"strings"
	"time"
)

func milliseconds(seconds float32) string {
	ms := float64(seconds) * 1000
	switch {
	case seconds >= maxSeconds:
		return "> 11 days"
	case ms < 10:
		return strconv.FormatFloat(ms, 'f', 2, 64) + " ms"
	case ms < 1000:
		return strconv.FormatFloat(ms, 'f', 0, 64) + " ms"
	}
	return strconv.FormatFloat(ms/1000, 'f', 2, 64) + " s"
}

// percent formats a percentage. It never rounds to 0 % or to 100 %.
func percent(p float64) string {
	switch {
	case p > 0 && p < 0.1:
		return "< 0.1 %"
	case p < 100 && p > 99.9:
		return "> 99.9 %"
	}
	return strconv.FormatFloat(p, 'f', 1, 64) + " %"
}

// maxNames is the maximum number of relays that one row names.
const maxNames = 8

func join(names []string) string {
	if more := len(names) - maxNames; more > 1 {
		return strings.Join(names[:maxNames], ", ") + " and " + strconv.Itoa(more) + " more"
	}
	return strings.Join(names, ", ")
}

// clock formats a time, without the date if that is the date of end.
func clock(at, end time.Time) string {
	if at.UTC().Format(time.DateOnly) == end.UTC().Format(time.DateOnly) {
		return at.UTC().Format(time.TimeOnly)
	}
	return at.UTC().Format(time.DateTime)
}

// replyDigit returns the first digit of a reply code if it has a color, else 0.
func replyDigit(code int16) int16 {
	switch first := code / 100; first {
	case 2, 4, 5:
		return first
	}
	return 0
}

func replyCode(code int16) string {
	if code == 0 {
		return "–"
	}
	return strconv.Itoa(int(code))
}
