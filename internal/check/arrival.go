package check

import (
	"fmt"
	"strings"
	"time"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/console"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/mailflow"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/summary"
)

// arrival returns the verdict on a message that was followed, and the results
// of the mailbox's authentication checks.
func (r *reporter) arrival(a *Arrival) []string {
	status := r.color.Good("ARRIVED")
	text := fmt.Sprintf("after %s in %q (%s)", inSeconds(a.Delay), console.OneLine(a.Mailbox), a.Folder)
	switch {
	case a.arrived() && a.Folder == string(mailflow.FolderJunk):
		status = r.color.Warn("ARRIVED AS JUNK")
	case a.arrived():
	case a.State == string(mailflow.Bounced):
		status, text = r.color.Bad("BOUNCED"), a.Class+"/"+a.Reason+": "+strings.TrimPrefix(a.Error, errorPrefix)
	case a.Problems != "":
		status, text = r.color.Bad("NOT KNOWN"), strings.ReplaceAll(a.Problems, "\n", "; ")
	default:
		status, text = r.color.Bad("NOT ARRIVED"), fmt.Sprintf("within %s; it may still be on its way", inSeconds(a.Waited))
	}
	var checks []fact
	for _, f := range []fact{{"spf", a.SPF}, {"dkim", a.DKIM}, {"dmarc", a.DMARC}} {
		if f.value != "" {
			checks = append(checks, f)
		}
	}
	if a.Skewed {
		checks = append(checks, fact{"clocks", "the clocks of the hops disagree: their times are unknown"})
	}
	return append([]string{status + "  " + text}, r.columns(checks)...)
}

const maxHopWidth = 40

// hops draws the path of a message as a waterfall of its hops.
func (r *reporter) hops(a *Arrival) []string {
	if len(a.Hops) == 0 {
		return nil
	}
	width := 0
	var sum time.Duration
	for _, h := range a.Hops {
		width = max(width, len(h.By))
		sum += time.Duration(h.Time)
	}
	width = min(width, maxHopWidth)
	room := max(minBars, r.width-width-timeWidth-len("  ")-len("  ")-len(" TLS"))

	lines := make([]string, 0, 2+len(a.Hops))
	lines = append(lines, "", "  path of the message")
	var begin time.Duration
	for _, h := range a.Hops {
		took := time.Duration(h.Time)
		text, bar := "?", ""
		if !a.Skewed {
			drawn, left := r.bar(begin, took, sum, room)
			text, bar = inSeconds(h.Time), strings.Repeat(" ", left)+r.color.Good(drawn)
		}
		begin += took
		if h.Encrypted {
			bar += " TLS"
		}
		lines = append(lines, strings.TrimRight(fmt.Sprintf("  %-*s%*s  %s", width, console.OneLine(h.By), timeWidth, text, bar), " "))
	}
	return lines
}

// inSeconds formats a delay, which has a resolution of a second.
func inSeconds(s summary.Seconds) string { return fmt.Sprintf("%.1f s", s.Float()) }
