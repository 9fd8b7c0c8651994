package wire

import (
	"errors"
	"net"
	"time"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/socket"
)

// link is the connection below TLS. Its reads return data that arrived before
// the deadline even if this process gets to read it later.
type link struct {
	*socket.Conn
	readDeadline     time.Time
	writeDeadline    time.Time
	maxWriteDeadline time.Time // if set, limits SetWriteDeadline: crypto/tls sets a deadline of its own when it closes
	stalls           stallDetector
	peeking          bool // the reads are those of HasUnread, whose deadline is not the peer's
}

func newLink(conn *socket.Conn) *link {
	return &link{Conn: conn, stalls: stallDetector{lastRan: time.Now()}}
}

// SetDeadline sets the deadlines of reads and writes.
func (l *link) SetDeadline(t time.Time) error {
	l.readDeadline, l.writeDeadline = t, t
	return l.Conn.SetDeadline(t)
}

// SetReadDeadline sets the deadline of reads.
func (l *link) SetReadDeadline(t time.Time) error {
	l.readDeadline = t
	return l.Conn.SetReadDeadline(t)
}

// SetWriteDeadline sets the deadline of writes, but not beyond maxWriteDeadline.
func (l *link) SetWriteDeadline(t time.Time) error {
	if !l.maxWriteDeadline.IsZero() && t.After(l.maxWriteDeadline) {
		t = l.maxWriteDeadline
	}
	l.writeDeadline = t
	return l.Conn.SetWriteDeadline(t)
}

func (l *link) Read(b []byte) (int, error) {
	l.stalls.beforeWait()
	n, err := l.Conn.Read(b)
	switch {
	case l.peeking:
		l.stalls.afterWait(time.Time{})
	case isTimeout(err):
		l.stalls.afterWait(l.readDeadline)
		return l.readArrived(b, err)
	case err == nil:
		l.stalls.afterWait(l.Arrived())
	default:
		l.stalls.afterWait(time.Time{})
	}
	return n, err
}

// readArrived reads data that arrived before the deadline that has passed, or
// returns the timeout. Package net reports a deadline before it looks for data.
func (l *link) readArrived(b []byte, timeout error) (int, error) {
	if !l.Pending() {
		return 0, timeout
	}
	defer func() { _ = l.Conn.SetReadDeadline(l.readDeadline) }() // if that fails, so does the next read
	if err := l.Conn.SetReadDeadline(time.Now().Add(unsolicitedTimeout)); err != nil {
		return 0, timeout
	}
	n, err := l.Conn.Read(b)
	if err != nil {
		return 0, timeout
	}
	arrived := l.Arrived()
	if arrived.IsZero() && !l.stalls.cover(l.readDeadline) || arrived.After(l.readDeadline) {
		return 0, timeout
	}
	l.stalls.afterWait(arrived)
	return n, nil
}

func (l *link) Write(b []byte) (int, error) {
	l.stalls.beforeWait()
	n, err := l.Conn.Write(b)
	expected := time.Time{}
	if isTimeout(err) {
		expected = l.writeDeadline
	}
	l.stalls.afterWait(expected)
	return n, err
}

func isTimeout(err error) bool {
	if err == nil {
		return false
	}
	timeout, ok := errors.AsType[net.Error](err)
	return ok && timeout.Timeout()
}

// stallTolerance is how late a process may wake up on a busy machine without
// being considered stalled.
const stallTolerance = 500 * time.Millisecond

// stallDetector records the intervals in which this process should have run but
// did not, because it was stopped or the machine was overloaded, or in which it
// was busy computing. A deadline that passed in such an interval is not the
// peer's fault.
type stallDetector struct {
	lastRan time.Time // when this process was last known to run
	stalls  []interval
}

type interval struct{ from, to time.Time }

// beforeWait is called before each wait. The time since the last wait was spent
// computing.
func (s *stallDetector) beforeWait() { s.afterWait(s.lastRan) }

// afterWait is called after each wait, with the time at which it was expected to
// end, zero if unknown.
func (s *stallDetector) afterWait(expected time.Time) {
	now := time.Now()
	if !expected.IsZero() && now.Sub(expected) > stallTolerance && now.Sub(s.lastRan) > stallTolerance {
		if expected.Before(s.lastRan) {
			expected = s.lastRan
		}
		s.stalls = append(s.stalls, interval{expected, now})
	}
	s.lastRan = now
}

// cover reports whether a deadline passed within a stall.
func (s *stallDetector) cover(deadline time.Time) bool {
	for _, stall := range s.stalls {
		if !deadline.Before(stall.from) && !deadline.After(stall.to) {
			return true
		}
	}
	return false
}
