package mailflow

import (
	"bytes"
	"slices"
	"time"
)

// See settles the messages that a look into a mailbox has seen, and remembers
// how far the look has come: position, a JSON value, is what Position returns
// from then on. It returns which of the sightings may be deleted: those that are
// about a message of this ledger, and that are settled on disk.
func (l *Ledger) See(mailbox string, seen []Sighting, position []byte) (deletable []bool, err error) {
	l.mu.Lock()
	deletable = make([]bool, len(seen))
	// A message that is there counts before a report that it is not.
	for _, reports := range []bool{false, true} {
		for i := range seen {
			if reports == (seen[i].Report != nil) {
				deletable[i] = l.see(mailbox, &seen[i])
			}
		}
	}
	last := l.doc.Positions[mailbox]
	if position != nil && !bytes.Equal(position, last) {
		l.doc.Positions[mailbox] = slices.Clone(position)
		l.changes++
	}
	l.mu.Unlock()
	if err := l.Save(); err != nil {
		// What is not settled on disk is read again, and deleted then.
		l.mu.Lock()
		l.doc.Positions[mailbox] = last
		l.mu.Unlock()
		return make([]bool, len(seen)), err
	}
	return deletable, nil
}

// see settles one sighting and reports whether the ledger knows its message.
func (l *Ledger) see(mailbox string, s *Sighting) bool {
	f := l.doc.Flows[s.Token.Flow]
	if f == nil || f.config == nil || !slices.Contains(f.config.Mailboxes, mailbox) {
		return false
	}
	n := number{s.Token.Run, s.Token.Seq}
	e := f.open[n]
	if e == nil {
		e = f.settled[n]
	}
	switch {
	case e == nil || e.Sent != s.Token.Sent.UnixMilli():
		return false // of another process with this name, or long forgotten
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
		return // the same copy, at another place or seen again
	}
	first := len(e.Stamps) == 0
	e.Stamps = append(e.Stamps, s.Stamp)
	now := l.now()
	state := Arrived
	switch {
	case !first:
		state = Duplicate
	case e.State.Settled(): // lost, or bounced and yet here
		state = Found
	case s.Delay > f.config.Late:
		state = Late
	}
	if state != Duplicate {
		f.settle(e, state, now)
		f.LastArrival = now.UnixMilli()
	}
	a := Arrival{
		Mailbox: mailbox, Folder: s.Folder, Delay: s.Delay,
		Path: &s.Path, Checks: s.Checks, MessageID: s.MessageID,
	}
	l.emit(f, e, state, now, a)
}

// report settles a message that a report is about.
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
		f.settle(e, Bounced, now)
		a := Arrival{Mailbox: mailbox, Folder: FolderNone, Delay: s.Delay, Bounce: newBounce(s.Report)}
		l.emit(f, e, Bounced, now, a)
	default:
		return
	}
	e.Reports = append(e.Reports, s.Stamp)
	l.changes++
}

// Looked ends a look into a mailbox that began at a time. If it was complete,
// messages may be lost now.
func (l *Ledger) Looked(mailbox string, began time.Time, complete bool) error {
	if !complete {
		return nil
	}
	l.mu.Lock()
	for _, f := range l.flows {
		if slices.Contains(f.config.Mailboxes, mailbox) {
			f.complete[mailbox] = began
			l.lose(f)
		}
	}
	l.mu.Unlock()
	return l.Save()
}

// lose settles what did not arrive.
func (l *Ledger) lose(f *flow) {
	for _, e := range f.Entries {
		if e.State != InFlight || !f.searched(e.sent().Add(f.config.Deadline)) {
			continue
		}
		now := l.now()
		f.settle(e, Lost, now)
		l.emit(f, e, Lost, now, Arrival{Mailbox: f.config.Mailboxes[0], Folder: FolderNone, OutcomeUnknown: e.Unknown})
	}
}

// emit counts an event and keeps its point until it is known to be emitted.
func (l *Ledger) emit(f *flow, e *entry, s State, now time.Time, a Arrival) {
	f.Counters.count(s)
	l.changes++
	if len(l.doc.Arrivals) >= maxUnemitted {
		return
	}
	a.Relay, a.State = f.Relay, s
	a.Time = l.stamp(now, e.Seq)
	l.doc.Arrivals = append(l.doc.Arrivals, a)
}

// stamp returns the time of a point: to the millisecond, the last six digits of
// its nanoseconds being those of the number, and each time once.
func (l *Ledger) stamp(now time.Time, seq uint64) time.Time {
	t := now.Truncate(time.Millisecond).Add(time.Duration(seq % 1e6))
	for {
		if _, taken := l.times[t.UnixNano()]; !taken {
			break
		}
		t = t.Add(time.Millisecond)
	}
	l.times[t.UnixNano()] = struct{}{}
	return t
}
