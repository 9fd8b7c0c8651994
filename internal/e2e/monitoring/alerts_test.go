//go:build e2e

package monitoring

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestAlerts_WrittenPoints runs the alerts' InfluxQL on written points, for
// conditions that the relays of TestScenario do not produce. For each there is also
// a relay without an alert.
func TestAlerts_WrittenPoints(t *testing.T) {
	t.Parallel()
	db := startInfluxDB(t)
	now := time.Now()
	var lines strings.Builder
	point := func(secondsAgo int, format string, args ...any) {
		fmt.Fprintf(&lines, format, args...)
		fmt.Fprintf(&lines, " %d\n", now.Add(-time.Duration(secondsAgo)*time.Second).UnixNano())
	}
	const tags = "source=s,host=a"
	for ago := 59; ago >= 0; ago-- {
		// Refused logins exhaust the error budget of "burns"; one lost probe does
		// not exhaust that of "blip".
		success, fault := 1, "none"
		if ago < 20 {
			success, fault = 0, "credentials"
		}
		point(ago, `smtpprobe,relay=burns,fault=%s,%s success=%di,result_fault="%[1]s",result_code=%[4]di,consecutive_failures=0i`, fault, tags, success, 9*(1-success))
		success, fault = 1, "none"
		if ago == 2 {
			success, fault = 0, "network"
		}
		point(ago, `smtpprobe,relay=blip,fault=%s,%s success=%di,result_fault="%[1]s",result_code=%[4]di,consecutive_failures=0i`, fault, tags, success, 9*(1-success))
	}
	for relay, fields := range map[string]string{
		"fine":       "tls_verified=1i,cert_expiry=7776000i,chain_expiry=7776000i",
		"unverified": "tls_verified=0i,cert_expiry=7776000i,chain_expiry=7776000i",
		"expired":    "tls_verified=1i,cert_expiry=-60i,chain_expiry=7776000i",
		"expiring":   "tls_verified=1i,cert_expiry=86400i,chain_expiry=86400i",
		"old-chain":  "tls_verified=1i,cert_expiry=7776000i,chain_expiry=86400i",
	} {
		point(0, `smtpprobe,relay=%s,%s success=1i,result_fault="none",result_code=0i,consecutive_failures=0i,%s`, relay, tags, fields)
	}
	point(10, `smtpprobe_change,relay=stripped,%s,what=extensions,layer=plain before="PIPELINING,STARTTLS",after="PIPELINING",added="",removed="STARTTLS"`, tags)
	point(10, `smtpprobe_change,relay=no-auth,%s,what=auth,layer=tls before="LOGIN,PLAIN",after="",added="",removed="LOGIN,PLAIN"`, tags)
	point(10, `smtpprobe_change,relay=fine,%s,what=extensions,layer=plain before="PIPELINING,XSTARTTLS",after="PIPELINING",added="",removed="XSTARTTLS"`, tags)
	for ago := 20; ago >= 0; ago-- {
		rose := 0
		if ago < 10 {
			rose = 1
		}
		point(ago, "smtpprobe_flow,relay=leaky,mailbox=inbox,host=a seconds_since_arrival=%di,lost_total=%di,bounced_total=%[2]di,duplicate_total=%[2]di,late_total=%[3]di", 20-ago, rose, 3*rose)
		// A counter that a restart resets has not increased.
		point(ago, "smtpprobe_flow,relay=fine,mailbox=inbox,host=a seconds_since_arrival=1i,lost_total=%di,bounced_total=%[1]di,duplicate_total=%[1]di,late_total=%[1]di", 7*(1-rose))
	}
	point(0, "smtpprobe_flow,relay=silent,mailbox=inbox,host=a seconds_since_arrival=31i,lost_total=0i,bounced_total=0i,duplicate_total=0i,late_total=0i")
	point(5, "smtpprobe_arrival,relay=spammy,mailbox=inbox,host=a,state=arrived,folder=junk,error_class=none,reason=none delay=0.5")
	point(5, "smtpprobe_arrival,relay=fine,mailbox=inbox,host=a,state=arrived,folder=inbox,error_class=none,reason=none delay=0.5")
	point(1, "smtpprobe_mailbox,mailbox=locked,source=s,host=a,error_class=auth_failed,reason=none,phase=auth success=0i")
	point(1, "smtpprobe_mailbox,mailbox=inbox,source=s,host=a,error_class=none,reason=none,phase=done success=1i")
	for relay, hosts := range map[string][2]string{
		"fine": {`dane="ok",would_deliver_dane=1i`, `dane="ok",would_deliver_dane=1i`}, "undeliverable": {`dane="mismatch",would_deliver_dane=0i`, `dane="mismatch",would_deliver_dane=0i`},
		"partly":      {`dane="none",would_deliver_sts=0i`, `dane="none",would_deliver_sts=1i`},
		"unvalidated": {`dane="unvalidated",would_deliver_dane=0i`, `dane="unvalidated",would_deliver_dane=0i`},
	} {
		for i, fields := range hosts {
			point(5, "smtpprobe_policy,relay=%s,source=mx%d,host=a %s", relay, i, fields)
		}
	}
	point(1, "smtpprobe_gather,instance=1,host=a suspect=0i")
	point(1, "smtpprobe_gather,instance=1,host=b suspect=1i")
	point(1, "smtpprobe_gather,instance=2,host=b suspect=0i")

	db.write(t, lines.String())
	require.Equal(t, distinct([]alert{
		"SMTPErrorBudgetBurnFast burns credentials", "SMTPErrorBudgetBurn burns credentials", // the slowest alert needs more probes
		"SMTPAvailabilityLow burns",
		"SMTPTLSNotVerified unverified", "SMTPCertificateExpired expired", "SMTPCertificateExpiring expiring", "SMTPCertificateExpiring old-chain",
		"SMTPCapabilityLost stripped", "SMTPCapabilityLost no-auth",
		"SMTPMailLost leaky inbox", "SMTPMailBounced leaky inbox", "SMTPMailDuplicated leaky inbox", "SMTPMailLate leaky inbox",
		"SMTPMailSilent silent inbox", "SMTPMailJunk spammy inbox", "SMTPMailboxUnreadable locked",
		"SMTPWouldNotDeliver undeliverable", "SMTPWouldDeliverPartly undeliverable", "SMTPWouldDeliverPartly partly",
		"SMTPProberSuspect b",
	}), db.firing(t))
}
