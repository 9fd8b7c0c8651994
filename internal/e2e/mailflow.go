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

// The addresses that mail flows to, and the ports of what they lead to.
const (
	toInbox  = "inbox@mail.test" // a mailbox of Dovecot
	toSink   = "sink@sink.test"  // the sink of the prober
	imapsAt  = 2993
	sinkAt   = 2425
	relayAt  = 2525
	inboxKey = "a key for the mail flow only"
)

// What happens to a message is decided by the first character of its signature,
// of which there are 64.
const (
	fateDiscarded = "ABC"    // by the first relay: 5 %
	fateDoubled   = "DE"     // by the second: 3 %
	fateBounced   = "F"      // by the third: 2 %
	fateDelayed   = "GHIJKL" // by the third: 9 %
)

// fate returns a header check: an action on the messages from a domain whose
// signature begins with one of these characters. The i at the end makes the
// pattern distinguish upper and lower case.
func fate(first, domain, action string) string {
	return `/^Message-Id: *<1(\.[0-9a-f]+){4}\.[` + first + `][^@]*@` + domain + `>/i ` + action + "\n"
}

// mailRelay is a Postfix that does no more than pass mail on.
type mailRelay struct {
	Place
	Log *Log

	server *process
}

const mailRelayMain = `
compatibility_level = 3.6
maillog_file = {dir}/mail.log
maillog_file_prefixes = {dir}
queue_directory = {dir}/spool
data_directory = {dir}/data
myhostname = {name}.test
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
smtpd_peername_lookup = no
smtpd_relay_restrictions = permit_mynetworks, reject
alias_maps =
alias_database =
local_recipient_maps =
disable_dns_lookups = yes
minimal_backoff_time = 1s
maximal_backoff_time = 2s
queue_run_delay = 1s
destination_recipient_limit = 1
smtp_destination_recipient_limit = 1
lmtp_destination_concurrency_failed_cohort_limit = 100
transport_retry_time = 1s
bounce_queue_lifetime = 1h
nested_header_checks =
`

const mailRelayMaster = `
{address}:2525 inet n - n - - smtpd
cleanup   unix  n       -       n       -       0       cleanup
qmgr      unix  n       -       n       300     1       qmgr
rewrite   unix  -       -       n       -       -       trivial-rewrite
bounce    unix  -       -       n       -       0       bounce
defer     unix  -       -       n       -       0       bounce
trace     unix  -       -       n       -       0       bounce
proxymap  unix  -       -       n       -       -       proxymap
smtp      unix  -       -       n       -       -       smtp
relay     unix  -       -       n       -       -       smtp
lmtp      unix  -       -       n       -       -       lmtp
error     unix  -       -       n       -       -       error
retry     unix  -       -       n       -       -       error
discard   unix  -       -       n       -       -       discard
anvil     unix  -       -       n       -       1       anvil
postlog   unix-dgram n  -       n       -       1       postlogd
`

// startMailRelay starts a Postfix with further settings and header checks.
func startMailRelay(t *testing.T, name, settings, checks string) *mailRelay {
	t.Helper()
	r := &mailRelay{Place: newPlace(t, name)}
	r.mkdir(t, "etc", "root")
	r.mkdir(t, "data", "postfix")
	r.mkdir(t, "spool", "root")
	fill := strings.NewReplacer("{dir}", r.Dir, "{address}", r.Address, "{name}", name)
	r.write(t, "etc/checks", checks)
	r.write(t, "etc/main.cf", fill.Replace(mailRelayMain+settings+"header_checks = regexp:{dir}/etc/checks\n"))
	r.write(t, "etc/master.cf", fill.Replace(mailRelayMaster))
	out, err := exec.Command("/usr/sbin/postfix", "-c", r.path("etc"), "check").CombinedOutput()
	require.NoError(t, err, "%s", out)
	r.server = start(t, r.Place, "master", "/usr/lib/postfix/sbin/master", "-c", r.path("etc"), "-s")
	r.Log = &Log{path: r.path("mail.log"), server: r.server}
	r.Log.Wait(t, "master[", "daemon started")
	return r
}

// release lets go of the messages that were held for long enough, until the
// test ends: each for its own time, from 2 to 30 seconds.
func (r *mailRelay) release(stop <-chan struct{}) {
	for {
		select {
		case <-stop:
			return
		case <-time.After(500 * time.Millisecond):
		}
		held, err := filepath.Glob(r.path("spool", "hold", "*"))
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
				_ = exec.Command("/usr/sbin/postsuper", "-c", r.path("etc"), "-H", id).Run() //nolint:errcheck // the next round tries again
			}
		}
	}
}

// mailStore is a Dovecot with one mailbox: LMTP, and IMAP within TLS.
type mailStore struct {
	Place
	config string
	server *process
}

const mailStoreConfig = `
base_dir = {dir}/run
state_dir = {dir}/state
log_path = {dir}/dovecot.log
instance_name = {dir}
protocols = lmtp imap
listen = {address}
ssl = yes
ssl_cert = <{cert}
ssl_key = <{key}
default_internal_user = dovecot
default_login_user = dovenull
auth_mechanisms = plain
mail_location = maildir:{dir}/mail/%n
first_valid_uid = 1
passdb {
  driver = passwd-file
  args = scheme=PLAIN username_format=%n {dir}/users
}
userdb {
  driver = passwd-file
  args = username_format=%n {dir}/users
}
service lmtp {
  inet_listener lmtp {
    port = {lmtp}
  }
}
service imap-login {
  inet_listener imap {
    port = 0
  }
  inet_listener imaps {
    port = {imaps}
    ssl = yes
  }
}
service stats {
  unix_listener stats-writer {
    mode = 0666
  }
}
protocol lmtp {
  postmaster_address = postmaster@mail.test
  hostname = dovecot.test
}
`

func startMailStore(t *testing.T, tls *TLSFiles) *mailStore {
	t.Helper()
	d := &mailStore{Place: newPlace(t, "store")}
	mailbox := d.mkdir(t, "mail", "nobody")
	cert, key := tls.issue(t, "dovecot", certs.For(d.Address))
	fill := strings.NewReplacer("{dir}", d.Dir, "{address}", d.Address, "{cert}", cert, "{key}", key,
		"{lmtp}", strconv.Itoa(dovecotLMTP), "{imaps}", strconv.Itoa(imapsAt))
	d.write(t, "users", "inbox:{PLAIN}"+password+":65534:65534::"+mailbox+"::\n")
	d.config = d.write(t, "dovecot.conf", fill.Replace(mailStoreConfig))
	d.start(t)
	return d
}

func (d *mailStore) start(t *testing.T) {
	t.Helper()
	d.server = start(t, d.Place, "dovecot", "/usr/sbin/dovecot", "-F", "-c", d.config)
}

// delivered returns when each message arrived, by its token; every copy counts.
func (d *mailStore) delivered(t *testing.T) map[string][]time.Time {
	t.Helper()
	at := make(map[string][]time.Time)
	files, err := filepath.Glob(d.path("mail", "inbox", "*", "*"))
	require.NoError(t, err)
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil || !strings.Contains(filepath.Base(file), ".M") {
			continue
		}
		header, _, _ := strings.Cut(string(content), "\n\n")
		_, token, ours := strings.Cut(header, "X-Smtpprobe-Id: ")
		if !ours {
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
