package policy

// Domain counts the verdicts on all MX hosts of a domain.
type Domain struct {
	hosts       map[string]bool
	failingDANE map[string]bool
	failingSTS  map[string]bool
	dane, sts   tally
}

// tally says whether one kind of sender finds a host to deliver to.
type tally struct{ delivers, undecided bool }

func (t *tally) add(d Delivery) {
	t.delivers = t.delivers || d == Delivers || d == NoPolicy
	t.undecided = t.undecided || d == Undecided
}

// NewDomain returns a Domain with these hosts and no verdicts.
func NewDomain(hosts []string) *Domain {
	d := &Domain{hosts: make(map[string]bool), failingDANE: make(map[string]bool), failingSTS: make(map[string]bool)}
	for _, h := range hosts {
		d.hosts[h] = true
	}
	return d
}

// Add adds the verdict on a host, or on one of its addresses. The host is empty if
// the MX records could not be looked up.
func (d *Domain) Add(host string, v *Verdict) {
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
func (d *Domain) Skip() {
	d.dane.undecided, d.sts.undecided = true, true
}

// Hosts returns the number of hosts.
func (d *Domain) Hosts() int { return len(d.hosts) }

// FailingDANE returns the number of hosts that a DANE sender does not deliver to.
func (d *Domain) FailingDANE() int { return len(d.failingDANE) }

// FailingSTS returns the number of hosts that an MTA-STS sender does not deliver
// to.
func (d *Domain) FailingSTS() int { return len(d.failingSTS) }

// Delivers reports whether each kind of sender finds a host to deliver to, and
// whether the verdicts decide that.
func (d *Domain) Delivers() (delivers, decided bool) {
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
