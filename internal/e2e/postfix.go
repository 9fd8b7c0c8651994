//go:build e2e

package e2e

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest/certs"
)

// Postfix is a Postfix that accepts mail for mail.test and delivers it to
// maildirs.
type Postfix struct {
	*Program
	Log *Log
}

// The ports of Postfix. Each is a service with other settings.
const (
	postfixSMTP        = 2525 // STARTTLS offered
	postfixSubmission  = 2587 // STARTTLS required, AUTH once TLS is active
	postfixSMTPS       = 2465 // implicit TLS, AUTH
	postfixCleartext   = 2588 // AUTH without TLS
	postfixSmall       = 2600 // accepts messages up to smallMessage bytes and announces it
	postfixSmallSilent = 2601 // the same, not announced
	postfixLimited     = 2602 // accepts one connection per client and minute
	postfixStrict      = 2603 // refuses to relay by 5xx instead of 4xx
	postfixNoClient    = 2604 // refuses every client in the greeting
	postfixNoMail      = 2605 // greets with 521
	postfixNoHelo      = 2606 // refuses the HELO name refused.test
	postfixNoSender    = 2607 // refuses senders of refused.test
	postfixNoData      = 2608 // refuses DATA
	postfixNoContent   = 2609 // refuses every message after its dot
	postfixASCII       = 2610 // without SMTPUTF8 and 8BITMIME
	postfixProxied     = 2611 // requires the PROXY protocol
	postfixPostscreen  = 2612 // behind postscreen
)

const smallMessage = 1024

// PostfixOptions are the optional features of a Postfix.
type PostfixOptions struct {
	SASL string // path of Dovecot's authentication socket
	TLS  *TLSFiles
}

// The settings that every test needs, and those that depend on its options.
const (
	postfixSettings = `
mynetworks = 192.0.2.1/32
recipient_delimiter = +
virtual_mailbox_domains = mail.test
virtual_mailbox_maps = inline:{ {alice@mail.test = alice/}, {bob@mail.test = bob/},
  {busy@mail.test = busy/}, {grey@mail.test = grey/}, {ålice@mail.test = alice/} }
smtpd_relay_restrictions = permit_sasl_authenticated, defer_unauth_destination
smtpd_recipient_restrictions =
  check_recipient_access inline:{ {busy@mail.test = 421 4.3.2 Overloaded}, {grey@mail.test = DEFER 4.7.1 Greylisted for 60 seconds} }
smtpd_sasl_security_options = noanonymous
postscreen_greet_wait = 1s
postscreen_greet_banner = postfix.test waits
`
	postfixTLS = `
smtpd_tls_cert_file = {cert}
smtpd_tls_key_file = {key}
smtpd_tls_security_level = may
smtpd_tls_received_header = yes
`
	postfixSASL = `
smtpd_sasl_type = dovecot
smtpd_sasl_path = {sasl}
`
)

const postfixServices = `
{address}:2525 inet n - n - - smtpd
{address}:2587 inet n - n - - smtpd
  -o smtpd_tls_security_level=encrypt -o smtpd_sasl_auth_enable={auth}
{address}:2465 inet n - n - - smtpd
  -o smtpd_tls_wrappermode=yes -o smtpd_sasl_auth_enable={auth}
{address}:2588 inet n - n - - smtpd
  -o smtpd_tls_security_level=none -o smtpd_sasl_auth_enable={auth}
{address}:2600 inet n - n - - smtpd
  -o message_size_limit={small}
{address}:2601 inet n - n - - smtpd
  -o message_size_limit={small} -o smtpd_discard_ehlo_keywords=size
{address}:2602 inet n - n - - smtpd
  -o smtpd_client_connection_rate_limit=1
{address}:2603 inet n - n - - smtpd
  -o smtpd_relay_restrictions=reject_unauth_destination
{address}:2604 inet n - n - - smtpd
  -o smtpd_delay_reject=no -o smtpd_client_restrictions=reject
{address}:2605 inet n - n - - smtpd
  -o smtpd_delay_reject=no
  -o { smtpd_client_restrictions = check_client_access static:{521 5.3.2 no mail here} }
{address}:2606 inet n - n - - smtpd
  -o smtpd_delay_reject=no
  -o { smtpd_helo_restrictions = check_helo_access inline:{refused.test=REJECT} }
{address}:2607 inet n - n - - smtpd
  -o smtpd_delay_reject=no
  -o { smtpd_sender_restrictions = check_sender_access inline:{refused.test=REJECT} }
{address}:2608 inet n - n - - smtpd
  -o smtpd_data_restrictions=reject
{address}:2609 inet n - n - - smtpd
  -o smtpd_end_of_data_restrictions=reject
{address}:2610 inet n - n - - smtpd
  -o smtputf8_enable=no -o smtpd_discard_ehlo_keywords=8bitmime
{address}:2611 inet n - n - - smtpd
  -o smtpd_upstream_proxy_protocol=haproxy
{address}:2612 inet n - n - 1 postscreen
`

// StartPostfix starts a Postfix that stops when the test ends.
func StartPostfix(t *testing.T, options PostfixOptions) *Postfix {
	t.Helper()
	place := PlaceFor(t, "postfix")
	settings := postfixSettings
	pairs := []string{"{small}", strconv.Itoa(smallMessage), "{auth}", yesNo(options.SASL != "")}
	if options.TLS != nil {
		settings += postfixTLS
		cert, key := options.TLS.IssueFiles(t, "postfix", certs.For(place.Address))
		pairs = append(pairs, "{cert}", cert, "{key}", key)
	}
	if options.SASL != "" {
		settings += postfixSASL
		pairs = append(pairs, "{sasl}", options.SASL)
	}
	p := RunPostfix(t, place, PostfixConfig{Hostname: "postfix.test", Settings: settings, Services: postfixServices, Pairs: pairs})
	return &Postfix{Program: p, Log: p.log("mail.log")}
}

func yesNo(yes bool) string {
	if yes {
		return "yes"
	}
	return "no"
}

// Session waits for the end of the only session of a client, which is known by
// its address, and returns its log lines.
func (p *Postfix) Session(t *testing.T, client string) []string {
	t.Helper()
	p.Log.Wait(t, "/smtpd[", "disconnect from", "["+client+"]")
	return p.Log.Lines(t, "["+client+"]")
}

// RequireCleanSession fails the test if Postfix logged a protocol error in the
// only session of a client.
func (p *Postfix) RequireCleanSession(t *testing.T, client string) {
	t.Helper()
	for _, line := range p.Session(t, client) {
		for _, complaint := range []string{"lost connection", "timeout after", "improper command", "non-SMTP", "PREGREET", "HANGUP", "COMMAND"} {
			require.NotContains(t, line, complaint)
		}
	}
}

// RequireNoLostConnection fails the test if Postfix lost the connection of a
// client that is not listed.
func (p *Postfix) RequireNoLostConnection(t *testing.T, except ...string) {
	t.Helper()
	for _, line := range p.Log.Lines(t, "lost connection") {
		require.True(t, slices.ContainsFunc(except, func(client string) bool { return strings.Contains(line, "["+client+"]") }), line)
	}
}

// Mail waits for the only message in a mailbox and returns its text.
func (p *Postfix) Mail(t *testing.T, mailbox string) string {
	t.Helper()
	return p.awaitMail(t, p.File("mail", mailbox))
}
