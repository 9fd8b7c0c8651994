package policy

// DomainVerdict adds up the verdicts on all MX hosts of a domain.
type DomainVerdict struct {
	hosts       map[string]bool
	failingDANE map[string]bool
	failingSTS  map[string]bool
	dane, sts   tally
}

// tally is the result for one kind of sender: whether there is a host that it
// delivers to, and whether there is one for which that is undecided.
type tally struct{ delivers, undecided bool }

func (t *tally) add(d Delivery) {
	t.delivers = t.delivers || d == Delivers || d == NoPolicy
	t.undecided = t.undecided || d == Undecided
}

// NewDomainVerdict returns a DomainVerdict with these hosts and no verdicts.
func NewDomainVerdict(hosts []string) *DomainVerdict {
	d := &DomainVerdict{hosts: make(map[string]bool), failingDANE: make(map[string]bool), failingSTS: make(map[string]bool)}
	for _, h := range hosts {
		d.hosts[h] = true
	}
	return d
}

// Add adds the verdict on a host, or on one of its addresses. The host is empty if
// the MX records could not be looked up.
func (d *DomainVerdict) Add(host string, v *Verdict) {
	d.dane.add(v.DeliverDANE)
	d.sts.add(v.DeliverSTS)
	if host == "" {
		return
	}
	if v.DeliverDANE == WouldDefer {
		d.failingDANE[host] = true
	}
	if v.DeliverSTS == WouldDefer {
		d.failingSTS[host] = true
	}
}

// Skip adds a host that was not probed.
func (d *DomainVerdict) Skip() {
	d.dane.undecided, d.sts.undecided = true, true
}

// Hosts returns the number of hosts.
func (d *DomainVerdict) Hosts() int { return len(d.hosts) }

// FailingDANE returns the number of hosts that a DANE sender does not deliver to.
func (d *DomainVerdict) FailingDANE() int { return len(d.failingDANE) }

// FailingSTS returns the number of hosts that an MTA-STS sender does not deliver
// to.
func (d *DomainVerdict) FailingSTS() int { return len(d.failingSTS) }

// Delivers reports whether each kind of sender finds a host to deliver to, and
// whether the verdicts decide that.
func (d *DomainVerdict) Delivers() (delivers, decided bool) {
	delivers, decided = true, true
	for _, t := range []tally{d.dane, d.sts} {
		switch {
		case t.delivers:
		case t.undecided:
			delivers, decided = false, false
		default:
			return false, true
		}
	}
	if len(d.hosts) == 0 {
		return false, false
	}
	return delivers, decided
}
