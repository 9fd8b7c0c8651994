//go:build e2e && zoo

package zoo

import (
	"regexp"
	"testing"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/e2e"
)

func startCourier(t *testing.T) *instance {
	t.Helper()
	place := e2e.PlaceFor(t, "courier")
	for name, text := range map[string]string{
		"me": hostname, "defaultdomain": "zoo.test", "locals": "localhost\nzoo.test", "bofh": "", "esmtpacceptmailfor": "zoo.test",
		"sizelimit": "20000", "aliases/system": "postmaster: root",
	} {
		place.WriteConfig(t, "etc/courier/"+name, text+"\n")
	}
	r := &instance{complaint: regexp.MustCompile(`(?i)unexpected|timeout|lost connection`)}
	r.Program = sandboxed(t, place, "courier", []string{"courier-mta", "courier-base", "courier-authlib"}, `
for d in /var/lib/courier /var/lib/courier/tmp /var/lib/courier/msgs /var/lib/courier/msgq /var/lib/courier/track /var/lib/courier/allfilters /var/lib/courier/filters \
	/run/courier /var/run/courier; do mkdir -p $d; chown courier:courier $d; done
chown -R courier:courier /etc/courier
export LD_LIBRARY_PATH=/usr/lib:/usr/lib/courier-authlib
export BOFHBADMIME=accept BOFHCHECKDNS=0 BOFHCHECKHELO=0 TARPIT=0 BLOCK= MAILFROMDNSCHECK=0
export ESMTPAUTH= ESMTP_TLS=0
cd /etc/courier
listen="/usr/sbin/couriertcpd -user=courier -group=courier -address=$ADDRESS -nodnslookup -noidentlookup"
$listen 2525 /usr/sbin/courieresmtpd & first=$!
AUTH_REQUIRED=1 $listen 2526 /usr/sbin/courieresmtpd & second=$!
trap 'kill $first $second' TERM
wait; wait`)
	r.AwaitPorts(t, 2525, 2526)
	smtp, auth := "smtp://"+place.At(2525), "smtp://"+place.At(2526)
	r.probes = []e2e.Relay{
		{Name: "a session", URL: smtp, Settings: ehlo, Want: "none/none:250:done"},
		{Name: "a recipient in another domain", URL: smtp, Settings: otherDomain, Want: "recipients_refused/relay_denied:513:rcpt", Fault: "config"},
		{Name: "MAIL before AUTH", URL: auth, Settings: knownUser, Want: "sender_refused/auth_required:535:mail", Fault: "config"},
		{Name: "LMTP on an SMTP port", URL: "lmtp://" + place.At(2525), Want: "helo_refused/not_lmtp:502:ehlo", Fault: "config"},
	}
	return r
}
