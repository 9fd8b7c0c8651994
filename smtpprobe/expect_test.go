package smtpprobe_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// A relay that refuses this client for another reason may still be an open relay.
func TestExpect_OpenRelayUnchecked(t *testing.T) {
	t.Parallel()
	bare := smtpprobe.Expectation{Class: smtperr.ClassRecipientsRefused}
	denied := smtpprobe.Expectation{Class: smtperr.ClassRecipientsRefused, Reason: smtperr.ReasonRelayDenied}
	by550 := smtpprobe.Expectation{Class: smtperr.ClassRecipientsRefused, Code: 550}
	full := smtpprobe.Expectation{Class: smtperr.ClassRecipientsRefused, Reason: smtperr.ReasonMailboxFull}
	rcpt := func(reply string) smtptest.Script { return smtptest.Script{Rcpt: smtptest.Say(reply)} }
	for _, tt := range []struct {
		name      string
		script    smtptest.Script
		expect    smtpprobe.Expectation
		expected  bool
		reason    smtperr.Reason
		unchecked bool
	}{
		{name: "relaying denied", script: rcpt("554 5.7.1 Relay access denied"), expect: bare, expected: true, reason: smtperr.ReasonRelayDenied},
		{name: "relaying denied as expected reason", script: rcpt("554 5.7.1 Relay access denied"), expect: denied, expected: true, reason: smtperr.ReasonRelayDenied},
		{name: "block list", script: rcpt("554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org"), expect: bare, reason: smtperr.ReasonClientBlocked, unchecked: true},
		{name: "HELO name", script: rcpt("504 5.5.2 <x>: Helo command rejected: need fully-qualified hostname"), expect: denied, reason: smtperr.ReasonHeloRejected, unchecked: true},
		{name: "reverse DNS", script: rcpt("450 4.7.1 Client host rejected: cannot find your hostname"), expect: bare, reason: smtperr.ReasonRDNS, unchecked: true},
		{name: "rate limit", script: rcpt("450 4.7.1 Error: too much mail from 192.0.2.1"), expect: bare, reason: smtperr.ReasonRateLimited, unchecked: true},
		{name: "greylisting", script: rcpt("450 4.2.0 Greylisted"), expect: bare, reason: smtperr.ReasonGreylisted, unchecked: true},
		{name: "unknown reason", script: rcpt("550 Invalid recipient"), expect: bare, reason: smtperr.ReasonMailboxUnavailable, unchecked: true},
		{name: "unknown reason, expected code", script: rcpt("550 Invalid recipient"), expect: by550, expected: true, reason: smtperr.ReasonMailboxUnavailable},
		{name: "greeting", script: smtptest.Script{Greeting: smtptest.Say("554 5.7.1 blocked using dnsbl.sorbs.net")}, expect: bare, reason: smtperr.ReasonClientBlocked, unchecked: true},
		{name: "no open-relay check", script: rcpt("550 5.1.1 unknown"), expect: full, reason: smtperr.ReasonMailboxUnknown},
		{name: "open relay", script: smtptest.Script{}, expect: bare, reason: smtperr.ReasonOpenRelay},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r, _ := converse(t, plain, tt.script, func(p *probing) {
				send(alice)(p)
				p.Depth = smtpprobe.DepthRcpt
				p.Expect = []smtpprobe.Expectation{tt.expect}
			})
			e := failure(r)
			require.Equal(t, tt.reason, e.Reason)
			require.Equal(t, tt.expected, r.Expected)
			if tt.unchecked {
				require.Contains(t, e.Error(), " (the open-relay check could not be made)")
				require.Contains(t, e.Advice(), "The open-relay check could not be made. "+tt.reason.Advice())
			} else {
				require.NotContains(t, e.Error(), "could not be made")
				require.NotContains(t, e.Advice(), "could not be made")
			}
		})
	}
}
