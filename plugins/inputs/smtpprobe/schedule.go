package smtpprobe

import (
	"time"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe"
)

// resting tells whether a relay that is down is left alone in this gather: the
// pause doubles with every failure, counted in gathers, up to backoff.
func (r *relay) resting(m *memory, now time.Time) bool {
	if r.backoff <= 0 || m.failures == 0 || now.Sub(m.probed) >= r.backoff {
		return false
	}
	pause := 1<<min(m.failures-1, 16) - 1
	if m.skipped >= pause {
		return false
	}
	m.skipped++
	return true
}

// depthNow is how deep to go: a message every send_interval, and no further
// than RCPT in between. The schedule moves on with each attempt, so that a
// relay that was down gets one message when it is back, not all it missed.
func (r *relay) depthNow(m *memory, now time.Time, always bool) smtpprobe.Depth {
	if r.plan.Depth != smtpprobe.DepthSend {
		return r.plan.Depth
	}
	// Gathers are not punctual to the millisecond: one that comes a little
	// early must not put a message off for a whole interval.
	early := min(r.sendInterval/10, 5*time.Second)
	if !always && now.Add(early).Before(m.nextSend) {
		return smtpprobe.DepthRcpt
	}
	m.nextSend = m.nextSend.Add(r.sendInterval)
	if m.nextSend.Before(now) {
		m.nextSend = now.Add(r.sendInterval)
	}
	return smtpprobe.DepthSend
}
