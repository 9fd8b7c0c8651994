package wire

import (
	"errors"
	"net"
	"time"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/socket"
)

// link is the connection below TLS. It sees to it that a wait ends by what had
// arrived before its deadline, not by what this process had noticed by then.
type link struct {
	*socket.Conn
	readBy  time.Time
	writeBy time.Time
	stalls  stalls
	peeking bool      // a deadline that passes means nothing
	limit   time.Time // of all write deadlines, if set: TLS sets one of its own to close
}

func newLink(conn *socket.Conn) *link {
	return &link{Conn: conn, stalls: stalls{ran: time.Now()}}
}

// SetDeadline limits reads and writes.
func (l *link) SetDeadline(t time.Time) error {
	l.readBy, l.writeBy = t, t
	return l.Conn.SetDeadline(t)
}

// SetReadDeadline limits reads.
func (l *link) SetReadDeadline(t time.Time) error {
	l.readBy = t
	return l.Conn.SetReadDeadline(t)
}

// SetWriteDeadline limits writes, not beyond the limit that is set.
func (l *link) SetWriteDeadline(t time.Time) error {
	if !l.limit.IsZero() && t.After(l.limit) {
		t = l.limit
	}
	l.writeBy = t
	return l.Conn.SetWriteDeadline(t)
}

func (l *link) Read(b []byte) (int, error) {
	l.stalls.begin()
	n, err := l.Conn.Read(b)
	switch {
	case l.peeking:
		l.stalls.end(time.Time{})
	case isTimeout(err):
		l.stalls.end(l.readBy)
		return l.overdue(b, err)
	case err == nil:
		l.stalls.end(l.Arrived())
	default:
		l.stalls.end(time.Time{})
	}
	return n, err
}

// overdue reads what the kernel received before the deadline that has passed.
// Go reports a deadline before it looks for data.
func (l *link) overdue(b []byte, timeout error) (int, error) {
	if !l.Pending() {
		return 0, timeout
	}
	defer func() { _ = l.Conn.SetReadDeadline(l.readBy) }() // if it fails, so does the next read
	// Something is there to be read, so that this waits for nothing but a busy
	// machine.
	if err := l.Conn.SetReadDeadline(time.Now().Add(earlyWait)); err != nil {
		return 0, timeout
	}
	n, err := l.Conn.Read(b)
	if err != nil {
		return 0, timeout
	}
	arrived := l.Arrived()
	if arrived.IsZero() && !l.stalls.cover(l.readBy) || arrived.After(l.readBy) {
		return 0, timeout
	}
	l.stalls.end(arrived)
	return n, nil
}

func (l *link) Write(b []byte) (int, error) {
	l.stalls.begin()
	n, err := l.Conn.Write(b)
	due := time.Time{}
	if isTimeout(err) {
		due = l.writeBy
	}
	l.stalls.end(due)
	return n, err
}

func isTimeout(err error) bool {
	if err == nil {
		return false
	}
	timeout, ok := errors.AsType[net.Error](err)
	return ok && timeout.Timeout()
}

// tolerance is how late a busy machine may wake a process without that being a
// stall.
const tolerance = 500 * time.Millisecond

// stalls are the times in which this process should have run and did not: it
// was stopped, the machine was overloaded, or it computed. A deadline that
// passed meanwhile is not the peer's fault.
type stalls struct {
	ran  time.Time // when this process was last seen to run
	gaps []gap
}

type gap struct{ from, to time.Time }

// begin precedes a wait. The time since the last one was spent without waiting.
func (s *stalls) begin() { s.end(s.ran) }

// end follows a wait that was due to end at a time, zero if that is not known.
func (s *stalls) end(due time.Time) {
	now := time.Now()
	if !due.IsZero() && now.Sub(due) > tolerance && now.Sub(s.ran) > tolerance {
		if due.Before(s.ran) {
			due = s.ran
		}
		s.gaps = append(s.gaps, gap{due, now})
	}
	s.ran = now
}

// cover reports whether a deadline passed within a stall.
func (s *stalls) cover(deadline time.Time) bool {
	for _, g := range s.gaps {
		if !deadline.Before(g.from) && !deadline.After(g.to) {
			return true
		}
	}
	return false
}
