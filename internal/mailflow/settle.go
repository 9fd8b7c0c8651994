package mailflow

import (
	"bytes"
	"slices"
	"time"
)

// See settles the messages that a look into a mailbox has seen, and remembers
// how far the look has come: position, a JSON value, is what Position returns
// from then on. It returns the sightings that may be deleted: those about a
// message of this ledger that are settled on disk.
func (l *Ledger) See(mailbox string, seen []Sighting, position []byte) (deletable []bool, err error) {
	l.mu.Lock()
	deletable = make([]bool, len(seen))
	// A message in a mailbox takes precedence over a report that it failed.
	for _, reports := range []bool{false, true} {
		for i := range seen {
			if reports == (seen[i].Report != nil) {
				deletable[i] = l.settleOne(mailbox, &seen[i])
			}
		}
	}
	flows := l.in(mailbox)
	l.mu.Unlock()
	for _, f := range flows {
		if err := l.saveFlow(f); err != nil {
			// A message that is not settled on disk is read again and deleted
			// later.
			return make([]bool, len(seen)), err
		}
	}
	return deletable, l.move(mailbox, position)
}

// move records how far a look has read. If the position is lost, messages are
// read again, and no other state is lost.
func (l *Ledger) move(mailbox string, position []byte) error {
	p := l.positions[mailbox]
	if p == nil || position == nil {
		return nil
	}
	l.mu.Lock()
	if !bytes.Equal(position, p.value) {
		p.value = slices.Clone(position)
		p.changes++
	}
	l.mu.Unlock()
	return l.savePosition(mailbox)
}

// settleOne settles one sighting and reports whether the ledger knows its message.
func (l *Ledger) settleOne(mailbox string, s *Sighting) bool {
	f := l.byID[s.Token.Flow]
	if f == nil || !slices.Contains(f.config.Mailboxes, mailbox) {
		return false
	}
	n := number{s.Token.Run, s.Token.Seq}
	e := f.open[n]
	if e == nil {
		e = f.settled[n]
	}
	switch {
	case e == nil || e.Sent != s.Token.Sent.UnixMilli():
		return false // of another process with this name, or already pruned
	case s.Report != nil:
		l.report(f, e, mailbox, s)
	default:
		l.arrive(f, e, mailbox, s)
	}
	return true
}

// arrive settles a message that is in a mailbox.
func (l *Ledger) arrive(f *flow, e *entry, mailbox string, s *Sighting) {
	if slices.Contains(e.Stamps, s.Stamp) || len(e.Stamps) >= maxStamps {
		return // the same copy, moved or seen again
	}
	first := len(e.Stamps) == 0
	e.Stamps = append(e.Stamps, s.Stamp)
	now := l.now()
	state := Arrived
	switch {
	case !first:
		state = Duplicate
	case e.State.Settled(): // lost or bounced before
		state = Found
	case s.Delay > f.config.Late:
		state = Late
	}
	if state != Duplicate {
		f.settle(e, state, now)
		f.LastArrival = now.UnixMilli()
	}
	a := Arrival{
		Sent: s.Token.Sent, Mailbox: mailbox, Folder: s.Folder, Delay: s.Delay,
		Path: &s.Path, Hops: s.Hops, Checks: s.Checks, MessageID: s.MessageID,
	}
	f.emit(e, state, now, a)
}

// report settles the message of a report.
func (l *Ledger) report(f *flow, e *entry, mailbox string, s *Sighting) {
	if slices.Contains(e.Reports, s.Stamp) || len(e.Reports) >= maxStamps {
		return
	}
	switch s.Report.Action {
	case Delayed:
		f.Counters.Delayed++
	case Failed:
		if e.State.Settled() && e.State != Lost {
			break // the copy that bounced was a second one
		}
		now := l.now()
		a := Arrival{Mailbox: mailbox, Folder: FolderNone, Delay: s.Delay, MessageID: e.MessageID, Bounce: newBounce(s.Report)}
		f.settle(e, Bounced, now)
		f.emit(e, Bounced, now, a)
	default:
		return
	}
	e.Reports = append(e.Reports, s.Stamp)
	f.changes++
}

// Looked ends a look into a mailbox that began at a time. If it was complete,
// messages may be lost now.
func (l *Ledger) Looked(mailbox string, began time.Time, complete bool) error {
	if !complete {
		return nil
	}
	l.mu.Lock()
	flows := l.in(mailbox)
	for _, f := range flows {
		f.complete[mailbox] = began
		l.lose(f)
	}
	l.mu.Unlock()
	for _, f := range flows {
		if err := l.saveFlow(f); err != nil {
			return err
		}
	}
	return nil
}

// lose settles the messages that did not arrive.
func (l *Ledger) lose(f *flow) {
	for _, e := range f.Entries {
		if e.State != InFlight || !f.searched(e.sent().Add(f.config.Deadline)) {
			continue
		}
		now := l.now()
		a := Arrival{Mailbox: f.config.Mailboxes[0], Folder: FolderNone, MessageID: e.MessageID, OutcomeUnknown: e.Unknown}
		f.settle(e, Lost, now)
		f.emit(e, Lost, now, a)
	}
}

// emit counts an event and keeps its point until it is known to be emitted.
func (f *flow) emit(e *entry, s State, now time.Time, a Arrival) {
	f.Counters.count(s)
	f.changes++
	if len(f.Arrivals) >= maxUnemitted {
		return
	}
	a.Relay, a.State = f.config.Relay, s
	a.Time = f.stamp(now, e.Seq)
	f.Arrivals = append(f.Arrivals, a)
}

// stamp returns the time of a point: to the millisecond, the last six digits of
// its nanoseconds being those of the number, and each time once.
func (f *flow) stamp(now time.Time, seq uint64) time.Time {
	t := now.Truncate(time.Millisecond).Add(time.Duration(seq % 1e6))
	for {
		if _, taken := f.times[t.UnixNano()]; !taken {
			break
		}
		t = t.Add(time.Millisecond)
	}
	f.times[t.UnixNano()] = struct{}{}
	return t
}
