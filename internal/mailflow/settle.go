package mailflow

import (
	"bytes"
	"slices"
	"time"
)

// Settle records the observations of a scan of a mailbox, and the position of the
// next scan: a JSON value that Position returns from then on, or nil. For each
// observation it returns whether the message may be deleted: the ledger has a
// record of it, and its state is on disk.
func (l *Ledger) Settle(mailbox string, observed []Observation, position []byte) (deletable []bool, err error) {
	l.mu.Lock()
	deletable = make([]bool, len(observed))
	// A message in a mailbox takes precedence over a report that it failed.
	for _, reports := range []bool{false, true} {
		for i := range observed {
			if reports == (observed[i].Report != nil) {
				deletable[i] = l.observe(mailbox, &observed[i])
			}
		}
	}
	flows := l.flowsIn(mailbox)
	l.mu.Unlock()
	for _, f := range flows {
		if err := l.saveFlow(f); err != nil {
			// The next scan reads the messages again and deletes them.
			return make([]bool, len(observed)), err
		}
	}
	return deletable, l.move(mailbox, position)
}

// move records the position of the next scan. If it is lost, messages are read
// again, which does not change their state.
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

// observe records one observation and reports whether the ledger has a record of
// the message.
func (l *Ledger) observe(mailbox string, o *Observation) bool {
	f := l.byID[o.Token.Flow]
	if f == nil || !slices.Contains(f.config.Mailboxes, mailbox) {
		return false
	}
	n := number{o.Token.Run, o.Token.Seq}
	e := f.open[n]
	if e == nil {
		e = f.settled[n]
	}
	switch {
	case e == nil || e.Sent != o.Token.Sent.UnixMilli():
		return false // sent by another agent with the same name, or already pruned
	case o.Report != nil:
		l.report(f, e, mailbox, o)
	default:
		l.arrive(f, e, mailbox, o)
	}
	return true
}

// arrive records that a copy of a message is in a mailbox.
func (l *Ledger) arrive(f *flow, e *entry, mailbox string, o *Observation) {
	if slices.Contains(e.Copies, o.CopyID) || len(e.Copies) >= maxCopies {
		return // the same copy, read again or moved to another folder
	}
	first := len(e.Copies) == 0
	e.Copies = append(e.Copies, o.CopyID)
	now := l.now()
	state := Arrived
	switch {
	case !first:
		state = Duplicate
	case e.State.Settled(): // lost or bounced
		state = Found
	case o.Delay > f.config.Late:
		state = Late
	}
	if state != Duplicate {
		f.settle(e, state, now)
		f.LastArrival = now.UnixMilli()
	}
	a := Arrival{
		Sent: o.Token.Sent, Mailbox: mailbox, Folder: o.Folder, Delay: o.Delay,
		Path: &o.Path, Hops: o.Hops, Checks: o.Checks, MessageID: o.MessageID,
	}
	f.emit(e, state, now, a)
}

// report records a delivery status notification about a message.
func (l *Ledger) report(f *flow, e *entry, mailbox string, o *Observation) {
	if slices.Contains(e.Reports, o.CopyID) || len(e.Reports) >= maxCopies {
		return
	}
	switch o.Report.Action {
	case Delayed:
		f.Counters.Delayed++
	case Failed:
		if e.State.Settled() && e.State != Lost {
			break // the report is about another copy
		}
		now := l.now()
		a := Arrival{Mailbox: mailbox, Folder: FolderNone, Delay: o.Delay, MessageID: e.MessageID, Bounce: newBounce(o.Report)}
		f.settle(e, Bounced, now)
		f.emit(e, Bounced, now, a)
	default:
		return
	}
	e.Reports = append(e.Reports, o.CopyID)
	f.changes++
}

// Scanned records the end of a scan of a mailbox that began at a time. After a
// complete scan, messages that did not arrive before their deadline are lost.
func (l *Ledger) Scanned(mailbox string, began time.Time, complete bool) error {
	if !complete {
		return nil
	}
	l.mu.Lock()
	flows := l.flowsIn(mailbox)
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

// lose settles the messages of a flow that are lost.
func (l *Ledger) lose(f *flow) {
	for _, e := range f.Entries {
		if e.State != InFlight || !f.scannedAfter(e.sent().Add(f.config.Deadline)) {
			continue
		}
		now := l.now()
		a := Arrival{Mailbox: f.config.Mailboxes[0], Folder: FolderNone, MessageID: e.MessageID, OutcomeUnknown: e.Unknown}
		f.settle(e, Lost, now)
		f.emit(e, Lost, now, a)
	}
}

// emit counts an event and adds its point to Arrivals.
func (f *flow) emit(e *entry, s State, now time.Time, a Arrival) {
	f.Counters.count(s)
	f.changes++
	if len(f.Arrivals) >= maxUnemitted {
		return
	}
	a.Relay, a.State = f.config.Relay, s
	a.Time = f.pointTime(now, e.Seq)
	f.Arrivals = append(f.Arrivals, a)
}

// pointTime returns the time of a point: now in milliseconds, and as nanoseconds the
// last six digits of the sequence number. It is unique, because a point overwrites
// another one with the same tags and time.
func (f *flow) pointTime(now time.Time, seq uint64) time.Time {
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
