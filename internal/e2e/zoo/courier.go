//go:build e2e && zoo

package zoo

import (
	"regexp"
	"testing"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/e2e"
)

func startCourier(t *testing.T) *running {
	t.Helper()
	place := e2e.PlaceFor(t, "courier")
	for name, text := range map[string]string{
		"me": hostname, "defaultdomain": "zoo.test", "locals": "localhost\nzoo.test", "bofh": "", "esmtpacceptmailfor": "zoo.test",
		"sizelimit": "20000", "aliases/system": "postmaster: root",
	} {
		write(t, place, "etc/courier/"+name, text+"\n")
	}
	r := &running{place: place, rude: regexp.MustCompile(`(?i)unexpected|timeout|lost connection`)}
	r.program = sandboxed(t, place, "courier", []string{"courier-mta", "courier-base", "courier-authlib"}, `
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
	r.await(t, 2525, 2526)
	smtp, auth := url("smtp", place, 2525), url("smtp", place, 2526)
	r.situations = []situation{
		{asked: "a session", url: smtp, settings: ehlo, verdict: "none/none:250:done"},
		{asked: "a recipient of another domain", url: smtp, settings: foreign, verdict: "recipients_refused/relay_denied:513:rcpt", fault: "config"},
		{asked: "MAIL without the AUTH that the port requires", url: auth, settings: known, verdict: "sender_refused/auth_required:535:mail", fault: "config"},
		{asked: "LMTP on an SMTP port", url: url("lmtp", place, 2525), verdict: "helo_refused/not_lmtp:502:ehlo", fault: "config"},
	}
	return r
}
