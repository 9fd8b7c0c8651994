//go:build e2e

package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest/certs"
)

// The recipients of the test messages, and the ports where they arrive.
const (
	toInbox  = "inbox@mail.test" // a mailbox of Dovecot
	toSink   = "sink@sink.test"  // the sink of the prober
	imapsAt  = 2993
	sinkAt   = 2425
	relayAt  = 2525
	inboxKey = "a key for the mail flow only"
)

// The first character of a message's signature, one of 64, selects what the
// relays do with the message.
const (
	discarded  = "ABC"    // by the first relay: 5 %
	duplicated = "DE"     // by the second: 3 %
	bounced    = "F"      // by the third: 2 %
	delayed    = "GHIJKL" // by the third: 9 %
)

// headerCheck returns a header check that applies an action to the messages from
// a domain whose signature begins with one of the characters. In Postfix the
// flag i makes the pattern case-sensitive.
func headerCheck(first, domain, action string) string {
	return `/^Message-Id: *<1(\.[0-9a-f]+){4}\.[` + first + `][^@]*@` + domain + `>/i ` + action + "\n"
}

// mailRelay is a Postfix that only forwards mail.
type mailRelay struct {
	*Program
	Log *Log
}

// If Postfix retries a delivery before the delivery agent has released the queue
// file, it logs "skipped, still being delivered" and keeps the message in its active
// queue until it is restarted. Therefore it must not retry within a second.
const mailRelaySettings = `
mynetworks = 127.0.0.0/8
smtpd_relay_restrictions = permit_mynetworks, reject
disable_dns_lookups = yes
minimal_backoff_time = 3s
maximal_backoff_time = 4s
queue_run_delay = 1s
destination_recipient_limit = 1
smtp_destination_recipient_limit = 1
lmtp_destination_concurrency_failed_cohort_limit = 100
transport_retry_time = 1s
bounce_queue_lifetime = 1h
nested_header_checks =
header_checks = regexp:{dir}/checks
`

// startMailRelay starts a Postfix with more settings and with header checks.
func startMailRelay(t *testing.T, name, settings, checks string) *mailRelay {
	t.Helper()
	place := PlaceFor(t, name)
	place.WriteFile(t, "checks", checks)
	p := RunPostfix(t, place, PostfixConfig{
		Hostname: name + ".test", Settings: mailRelaySettings + settings, Services: "{address}:2525 inet n - n - - smtpd\n",
	})
	return &mailRelay{Program: p, Log: p.log("mail.log")}
}

// release releases each held message after 2 to 30 seconds, until stop is
// closed.
func (r *mailRelay) release(stop <-chan struct{}) {
	for {
		select {
		case <-stop:
			return
		case <-time.After(500 * time.Millisecond):
		}
		held, err := filepath.Glob(r.File("spool", "hold", "*"))
		if err != nil {
			return
		}
		for _, file := range held {
			id := filepath.Base(file)
			info, err := os.Stat(file)
			if err != nil {
				continue
			}
			wait := 2 + (int(id[len(id)-1])*31+int(id[len(id)-2])*7)%28
			if time.Since(info.ModTime()) > time.Duration(wait)*time.Second {
				_ = exec.Command("/usr/sbin/postsuper", "-c", r.File("etc"), "-H", id).Run() //nolint:errcheck // retried in the next round
			}
		}
	}
}

// mailStore is a Dovecot with one mailbox that serves LMTP and IMAP over TLS.
type mailStore struct{ *Program }

const mailStoreSettings = `
protocols = lmtp imap
ssl = yes
ssl_cert = <{cert}
ssl_key = <{key}
service imap-login {
  inet_listener imap {
    port = 0
  }
  inet_listener imaps {
    port = {imaps}
    ssl = yes
  }
}
`

func startMailStore(t *testing.T, tls *TLSFiles) *mailStore {
	t.Helper()
	place := PlaceFor(t, "store")
	cert, key := tls.IssueFiles(t, "dovecot", certs.For(place.Address))
	return &mailStore{RunDovecot(t, place, DovecotConfig{
		Hostname: "dovecot.test", Users: []string{"inbox"}, Settings: mailStoreSettings,
		Pairs: []string{"{cert}", cert, "{key}", key, "{imaps}", strconv.Itoa(imapsAt)},
	})}
}

// restart starts the store again after Stop.
func (d *mailStore) restart(t *testing.T) {
	t.Helper()
	d.Program = restartDovecot(t, d.Place)
}

// delivered returns the arrival times of all copies of each message, by token.
func (d *mailStore) delivered(t *testing.T) map[string][]time.Time {
	t.Helper()
	at := make(map[string][]time.Time)
	files, err := filepath.Glob(d.File("mail", "inbox", "*", "*"))
	require.NoError(t, err)
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil || !strings.Contains(filepath.Base(file), ".M") {
			continue
		}
		header, _, _ := strings.Cut(string(content), "\n\n")
		_, token, found := strings.Cut(header, "X-Smtpprobe-Id: ")
		if !found {
			continue
		}
		token, _, _ = strings.Cut(token, "\n")
		info, err := os.Stat(file)
		require.NoError(t, err)
		token = strings.TrimSpace(token)
		at[token] = append(at[token], info.ModTime())
	}
	return at
}
