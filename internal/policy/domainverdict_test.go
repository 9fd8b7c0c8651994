package policy

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestDomainVerdict(t *testing.T) {
	t.Parallel()
	good, byDANE, bySTS := &Verdict{DeliverDANE: Delivers, DeliverSTS: Delivers}, &Verdict{DeliverDANE: WouldDefer}, &Verdict{DeliverSTS: WouldDefer}
	both := &Verdict{DeliverDANE: WouldDefer, DeliverSTS: WouldDefer}
	undecided := &Verdict{DeliverDANE: Undecided, DeliverSTS: Undecided}
	for _, tt := range []struct {
		name              string
		verdicts          []*Verdict
		delivers, decided bool
		dane, sts         int
	}{
		{name: "one good host", verdicts: []*Verdict{good}, delivers: true, decided: true},
		{name: "one of two hosts", verdicts: []*Verdict{both, good}, delivers: true, decided: true, dane: 1, sts: 1},
		{name: "DANE and MTA-STS by different hosts", verdicts: []*Verdict{byDANE, bySTS}, delivers: true, decided: true, dane: 1, sts: 1},
		{name: "all fail DANE", verdicts: []*Verdict{byDANE, byDANE}, decided: true, dane: 2},
		{name: "one fails, one undecided", verdicts: []*Verdict{both, undecided}, dane: 1, sts: 1},
		{name: "one good, one undecided", verdicts: []*Verdict{good, undecided}, delivers: true, decided: true},
		{name: "all undecided", verdicts: []*Verdict{undecided}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := NewDomainVerdict([]string{"0", "1"})
			for i, v := range tt.verdicts {
				d.Add(string(rune('0'+i)), v)
			}
			delivers, decided := d.Delivers()
			require.Equal(t, tt.delivers, delivers)
			require.Equal(t, tt.decided, decided)
			require.Equal(t, tt.dane, d.FailingDANE())
			require.Equal(t, tt.sts, d.FailingSTS())
		})
	}
}

func TestDomainVerdict_UnknownHosts(t *testing.T) {
	t.Parallel()
	d := NewDomainVerdict(nil)
	d.Add("", &Verdict{DeliverDANE: NoPolicy, DeliverSTS: NoPolicy})
	_, decided := d.Delivers()
	require.False(t, decided)

	d = NewDomainVerdict(nil)
	d.Add("", &Verdict{DeliverDANE: WouldDefer})
	delivers, decided := d.Delivers()
	require.True(t, decided, "bogus MX records stop every DANE sender")
	require.False(t, delivers)
}
