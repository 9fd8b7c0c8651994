package smtpprobe

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/influxdata/telegraf"
	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/mailbox"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/mailflow"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest"
)

const flowKey = "0123456789abcdef"

// gathered gathers once.
func gathered(t *testing.T, p *SMTPProbe) *record {
	t.Helper()
	acc := newRecord(t)
	require.NoError(t, p.Gather(acc))
	return acc
}

// freePort returns a loopback address where nothing listens.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return l.Addr().String()
}

// followed returns a plugin whose relay is its own sink, and that sends a message in
// each gather.
func followed(t *testing.T, address, settings string) *SMTPProbe {
	t.Helper()
	p := initialized(t, fmt.Sprintf(`
		[[inputs.smtpprobe]]
		probe = "send"
		from = "probe@example.com"
		to = ["probe@example.org"]
		helo = "probe.example"
		flow_key = %q
		%s
		[[inputs.smtpprobe.relay]]
		name = "direct"
		url = "lmtp://%s"
		[[inputs.smtpprobe.mailbox]]
		name = "sink"
		url = "lmtp://%s"`, flowKey, settings, address, address))
	p.SendAlways()
	require.NoError(t, p.Start(nil))
	t.Cleanup(p.Stop)
	return p
}

func TestMailFlow_Sink(t *testing.T) {
	address := freePort(t)
	p := followed(t, address, "")
	acc := gathered(t, p)
	require.Equal(t, int64(1), acc.only(t, "smtpprobe").Fields()["message_accepted"], acc.only(t, "smtpprobe").Fields())

	arrival := acc.only(t, "smtpprobe_arrival")
	host, err := os.Hostname()
	require.NoError(t, err)
	require.Equal(t, map[string]string{
		"relay": "direct", "mailbox": "sink", "state": "arrived", "folder": "inbox", "error_class": "none", "reason": "none",
	}, arrival.Tags())
	require.EqualValues(t, 1, arrival.Time().Nanosecond()%1e6)
	f := arrival.Fields()
	require.Less(t, f["delay"], 5.0)
	require.Equal(t, int64(1), f["hops"])
	require.Equal(t, int64(0), f["encrypted_hops"])
	require.Contains(t, f, "slowest_hop")
	require.Contains(t, f, "slowest_hop_time")
	require.NotContains(t, f, "clock_skew")
	require.Contains(t, f["message_id"], "<1."+mailflow.FlowID(host, "direct")+".")

	flow := acc.only(t, "smtpprobe_flow")
	require.Equal(t, map[string]string{"relay": "direct", "mailbox": "sink"}, flow.Tags())
	require.Equal(t, map[string]any{
		"in_flight": int64(0), "oldest_age": 0.0, "held": int64(0), "seconds_since_arrival": int64(0),
		"sent_total": int64(1), "arrived_total": int64(1), "late_total": int64(0), "lost_total": int64(0),
		"found_total": int64(0), "duplicate_total": int64(0), "bounced_total": int64(0), "delayed_total": int64(0),
	}, flow.Fields())

	box := acc.only(t, "smtpprobe_mailbox")
	require.Equal(t, map[string]string{
		"mailbox": "sink", "source": "127.0.0.1", "error_class": "none", "reason": "none", "phase": "done",
	}, box.Tags())
	require.Equal(t, int64(1), box.Fields()["success"])
	require.Equal(t, "none", box.Fields()["result"])

	acc = gathered(t, p)
	require.EqualValues(t, 2, acc.only(t, "smtpprobe_arrival").Time().Nanosecond()%1e6, "the next number")
}

func TestMailFlow_Restart(t *testing.T) {
	address, file := freePort(t), filepath.Join(t.TempDir(), "state")
	settings := fmt.Sprintf("state_file = %q", file)
	first := followed(t, address, settings)
	gathered(t, first)
	gathered(t, first)
	first.Stop()

	second := followed(t, address, settings)
	acc := gathered(t, second)
	f := acc.only(t, "smtpprobe_flow").Fields()
	require.Equal(t, int64(3), f["sent_total"])
	require.Equal(t, int64(3), f["arrived_total"])
	var own int
	for _, m := range acc.named("smtpprobe_arrival") {
		if m.Time().Nanosecond()%1e6 == 1 {
			own++
		}
	}
	require.Equal(t, 1, own, "this process counts from 1")
}

func TestMailFlow_StopAndStart(t *testing.T) {
	p := followed(t, freePort(t), "")
	gathered(t, p)
	p.Stop()
	require.NoError(t, p.Start(nil))
	acc := gathered(t, p)
	require.Equal(t, int64(2), acc.only(t, "smtpprobe_flow").Fields()["arrived_total"])
}

// relayed returns a plugin with a scripted relay that does not deliver its messages.
func relayed(t *testing.T, script smtptest.Script, mailbox string) (*SMTPProbe, *smtptest.Server) {
	t.Helper()
	srv := smtptest.Start(t, script)
	p := initialized(t, fmt.Sprintf(`
		[[inputs.smtpprobe]]
		probe = "send"
		from = "probe@example.com"
		to = ["probe@example.org"]
		helo = "probe.example"
		timeout = "2s"
		flow_key = %q
		[[inputs.smtpprobe.relay]]
		name = "relay"
		url = "smtp://%s"
		[[inputs.smtpprobe.mailbox]]
		name = "inbox"
		%s`, flowKey, srv.Addr(), mailbox))
	p.SendAlways()
	require.NoError(t, p.Start(nil))
	t.Cleanup(p.Stop)
	return p, srv
}

func newMaildir(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, sub := range []string{"new", "cur"} {
		require.NoError(t, os.Mkdir(filepath.Join(dir, sub), 0o700))
	}
	return dir
}

func TestMailFlow_Maildir(t *testing.T) {
	dir := newMaildir(t)
	p, srv := relayed(t, smtptest.Script{}, fmt.Sprintf("url = \"maildir://%s\"\ndelete = true", dir))
	acc := gathered(t, p)
	require.Empty(t, acc.named("smtpprobe_arrival"))
	require.Equal(t, int64(1), acc.only(t, "smtpprobe_flow").Fields()["in_flight"])
	require.Equal(t, dir, acc.only(t, "smtpprobe_mailbox").Tags()["source"])

	messages := srv.Session(t).Messages
	require.Len(t, messages, 1)
	path := filepath.Join(dir, "new", "1.a")
	require.NoError(t, os.WriteFile(path, messages[0].Text(), 0o600))
	acc = gathered(t, p)
	require.Equal(t, "arrived", acc.only(t, "smtpprobe_arrival").Tags()["state"])
	require.Equal(t, int64(1), acc.only(t, "smtpprobe_mailbox").Fields()["ours"])
	require.NoFileExists(t, path)
}

func TestMailFlow_Envelope(t *testing.T) {
	p, srv := relayed(t, smtptest.Script{Extensions: []string{"DSN"}}, fmt.Sprintf("url = \"maildir://%s\"", newMaildir(t)))
	gathered(t, p)
	s := srv.Session(t)
	id := regexp.MustCompile(`(?m)^X-Smtpprobe-Id: (\S+)\r?$`).FindStringSubmatch(string(s.Messages[0].Text()))
	require.NotNil(t, id)
	require.Contains(t, s.Commands(), "MAIL FROM:<probe@example.com> RET=HDRS ENVID="+id[1])
	require.Contains(t, s.Commands(), "RCPT TO:<probe@example.org> NOTIFY=FAILURE,DELAY")
	key, err := mailflow.NewKey([]byte(flowKey))
	require.NoError(t, err)
	token, err := key.Verify(id[1])
	require.NoError(t, err)
	require.WithinDuration(t, time.Now(), token.Sent, time.Minute)
}

func TestMailFlow_Lost(t *testing.T) {
	p, srv := relayed(t, smtptest.Script{}, fmt.Sprintf("url = \"maildir://%s\"\ndeadline = \"1ms\"", newMaildir(t)))
	gathered(t, p)
	id := regexp.MustCompile(`(?m)^Message-Id: (\S+)\r?$`).FindStringSubmatch(string(srv.Session(t).Messages[0].Text()))
	require.NotNil(t, id)
	var m telegraf.Metric
	require.Eventually(t, func() bool { // the next scan may begin within the millisecond
		found := gathered(t, p).named("smtpprobe_arrival")
		if len(found) > 0 {
			m = found[0]
		}
		return m != nil
	}, time.Minute, time.Millisecond)
	require.Equal(t, map[string]string{
		"relay": "relay", "mailbox": "inbox", "state": "lost", "folder": "none", "error_class": "none", "reason": "none",
	}, m.Tags())
	require.Equal(t, map[string]any{"message_id": id[1], "outcome_unknown": int64(0)}, m.Fields())
}

func TestMailFlow_Refused(t *testing.T) {
	p, _ := relayed(t, smtptest.Script{Dot: smtptest.Say("550 5.7.1 no")}, fmt.Sprintf("url = \"maildir://%s\"", newMaildir(t)))
	for range 2 {
		f := gathered(t, p).only(t, "smtpprobe_flow").Fields()
		require.Equal(t, int64(0), f["sent_total"])
		require.Equal(t, int64(0), f["in_flight"])
	}
}

func TestMailFlow_Held(t *testing.T) {
	p, srv := relayed(t, smtptest.Script{}, fmt.Sprintf("url = \"maildir://%s\"\nmax_in_flight = 2", newMaildir(t)))
	var acc *record
	for range 3 {
		acc = gathered(t, p)
	}
	require.Equal(t, int64(1), acc.only(t, "smtpprobe_flow").Fields()["held"])
	require.Equal(t, int64(2), acc.only(t, "smtpprobe_flow").Fields()["in_flight"])
	require.Equal(t, "rcpt", acc.only(t, "smtpprobe").Tags()["probe"])
	require.NotContains(t, srv.Wait(t, 3)[2].Commands(), "DATA")
}

func TestMailFlow_FailingMailbox(t *testing.T) {
	p, _ := relayed(t, smtptest.Script{}, fmt.Sprintf("url = \"imaps://%s\"\nusername = \"a\"\npassword = \"b\"", freePort(t)))
	m := gathered(t, p).only(t, "smtpprobe_mailbox")
	require.Equal(t, map[string]string{
		"mailbox": "inbox", "source": "127.0.0.1", "error_class": "connect_error", "reason": "refused", "phase": "connect",
	}, m.Tags())
	require.Equal(t, int64(0), m.Fields()["success"])
	require.Equal(t, int64(0), m.Fields()["complete"])
	require.Equal(t, "connect_error", m.Fields()["result"])
	require.Contains(t, m.Fields()["error"], "connection refused")
}

func TestMailFlow_SilentMailbox(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { l.Close() })
	p, _ := relayed(t, smtptest.Script{}, fmt.Sprintf("url = \"imaps://%s\"\nusername = \"a\"\npassword = \"b\"", l.Addr()))
	start := time.Now()
	m := gathered(t, p).only(t, "smtpprobe_mailbox")
	require.Less(t, time.Since(start), 3*time.Second, "timeout and a second")
	require.Equal(t, "tls_timeout", m.Tags()["error_class"])
}

func TestMailFlow_KeyNotAvailable(t *testing.T) {
	srv := smtptest.Start(t, smtptest.Script{})
	p := initialized(t, fmt.Sprintf(`
		[[inputs.smtpprobe]]
		servers = ["smtp://%s"]
		probe = "send"
		to = ["probe@example.org"]
		from = "probe@example.com"
		flow_key = "${SMTPPROBE_NO_SUCH_VARIABLE}"
		[[inputs.smtpprobe.mailbox]]
		url = "maildir:///var/mail/probe"`, srv.Addr()))
	p.SendAlways()
	acc := gathered(t, p)
	m := acc.only(t, "smtpprobe_mailbox")
	require.Equal(t, "config_error", m.Tags()["error_class"])
	require.Contains(t, m.Fields()["error"], "SMTPPROBE_NO_SUCH_VARIABLE is not set")
	require.Equal(t, "rcpt", acc.only(t, "smtpprobe").Tags()["probe"], "no message without a key")
}

func TestMailFlow_WithoutMailbox(t *testing.T) {
	srv := smtptest.Start(t, smtptest.Script{Extensions: []string{"DSN"}})
	p := initialized(t, fmt.Sprintf(`
		[[inputs.smtpprobe]]
		servers = ["smtp://%s"]
		probe = "send"
		to = ["probe@example.org"]`, srv.Addr()))
	acc := gathered(t, p)
	require.Empty(t, acc.named("smtpprobe_arrival"))
	require.Empty(t, acc.named("smtpprobe_flow"))
	require.Empty(t, acc.named("smtpprobe_mailbox"))
	s := srv.Session(t)
	require.Regexp(t, `(?m)^X-Smtpprobe-Id: [A-Z2-7]{26}\r?$`, string(s.Messages[0].Text()))
	require.NotContains(t, strings.Join(s.Commands(), "\n"), "ENVID")
	require.Contains(t, s.Commands(), "RCPT TO:<probe@example.org> NOTIFY=NEVER")
}

func TestMailbox_Invalid(t *testing.T) {
	const relay = "servers = [\"smtp://127.0.0.1\"]\nprobe = \"send\"\nfrom = \"a@b.example\"\nto = [\"a@b.example\"]\n"
	const key = "flow_key = \"0123456789abcdef\"\n"
	tests := []struct{ name, plugin, mailbox, want string }{
		{name: "no key", plugin: relay, mailbox: `url = "maildir:///m"`, want: "flow_key is missing: a mailbox needs it"},
		{name: "short key", plugin: relay + "flow_key = \"s3cret\"\n", mailbox: `url = "maildir:///m"`, want: "invalid flow_key: must be at least 16 bytes"},
		{name: "no url", plugin: relay + key, mailbox: `name = "m"`, want: `mailbox "m": url is missing`},
		{name: "unknown scheme", plugin: relay + key, mailbox: `url = "pop3://m"`, want: `mailbox 1: invalid url "pop3://m": must be imap://HOST`},
		{name: "folder in the URL", plugin: relay + key, mailbox: `url = "imaps://m/INBOX"`, want: `invalid url "imaps://m/INBOX"`},
		{name: "relative maildir", plugin: relay + key, mailbox: `url = "maildir://m"`, want: `invalid url "maildir://m"`},
		{name: "credentials in the URL", plugin: relay + key, mailbox: `url = "imaps://a:s3cret@m"`, want: "must not contain credentials"},
		{name: "no credentials", plugin: relay + key + "username = \"a\"\npassword = \"b\"\n", mailbox: `url = "imaps://m"`, want: "username is missing"},
		{name: "no password", plugin: relay + key, mailbox: "url = \"imaps://m\"\nusername = \"a\"", want: "username needs a password or a token"},
		{name: "credentials of a maildir", plugin: relay + key, mailbox: "url = \"maildir:///m\"\nusername = \"a\"\npassword = \"b\"", want: "do not apply"},
		{name: "proxy of a maildir", plugin: relay + key, mailbox: "url = \"maildir:///m\"\nproxy_url = \"socks5://127.0.0.1:1080\"", want: `proxy_url does not apply to "maildir:///m"`},
		{name: "malformed proxy", plugin: relay + key, mailbox: "url = \"imaps://m\"\nusername = \"a\"\npassword = \"b\"\nproxy_url = \"s3cret\"", want: "invalid proxy_url: it"},
		{name: "name server", plugin: relay + key, mailbox: "url = \"imaps://m\"\nusername = \"a\"\npassword = \"b\"\ndns_server = \"ns.example\"", want: `invalid dns_server "ns.example"`},
		{name: "address family", plugin: relay + key, mailbox: "url = \"imaps://m\"\nusername = \"a\"\npassword = \"b\"\nip_version = \"4\"", want: `invalid ip_version "4": must be one of any, ipv4, ipv6`},
		{name: "address of another family", plugin: relay + key, mailbox: "url = \"imaps://[::1]\"\nusername = \"a\"\npassword = \"b\"\nip_version = \"ipv4\"", want: `host "::1" contradicts ip_version "ipv4"`},
		{name: "source address of another family", plugin: relay + key, mailbox: "url = \"imaps://m\"\nusername = \"a\"\npassword = \"b\"\nip_version = \"ipv4\"\nsource_address = \"::1\"", want: `source_address "::1" contradicts ip_version "ipv4"`},
		{name: "unknown setting", plugin: relay + key, mailbox: "url = \"maildir:///m\"\nhelo = \"a\"", want: `mailbox 1: unknown setting "helo"`},
		{name: "wrong type", plugin: relay + key, mailbox: "url = \"maildir:///m\"\nmax_in_flight = \"a\"", want: "invalid max_in_flight"},
		{name: "deadline", plugin: relay + key, mailbox: "url = \"maildir:///m\"\ndeadline = \"0s\"", want: `invalid deadline "0s": must be positive`},
		{name: "late", plugin: relay + key, mailbox: "url = \"maildir:///m\"\nlate = \"0s\"", want: `invalid late "0s"`},
		{name: "max_in_flight", plugin: relay + key, mailbox: "url = \"maildir:///m\"\nmax_in_flight = 0", want: "invalid max_in_flight 0: must be at least 1"},
		{name: "empty folder", plugin: relay + key, mailbox: "url = \"maildir:///m\"\nfolders = [\"\"]", want: "invalid folders"},
		{name: "duplicate folder", plugin: relay + key, mailbox: "url = \"maildir:///m\"\nfolders = [\"a\", \"a\"]", want: `duplicate folder "a"`},
		{name: "authserv_id", plugin: relay + key, mailbox: "url = \"maildir:///m\"\nauthserv_id = [\"a b\"]", want: `invalid authserv_id "a b"`},
		{name: "unknown relay", plugin: relay + key, mailbox: "url = \"maildir:///m\"\nrelays = [\"x\"]", want: `invalid relays "x": no relay has this name`},
		{name: "relay without messages", plugin: strings.Replace(relay, `"send"`, `"rcpt"`, 1) + key, mailbox: "url = \"maildir:///m\"\nrelays = [\"smtp://127.0.0.1\"]", want: `only probe "send" sends messages`},
		{name: "no relay with messages", plugin: strings.Replace(relay, `"send"`, `"rcpt"`, 1) + key, mailbox: `url = "maildir:///m"`, want: "no relay sends messages"},
		{name: "two recipients", plugin: strings.Replace(relay, `["a@b.example"]`, `["a@b.example", "c@b.example"]`, 1) + key, mailbox: `url = "maildir:///m"`, want: "must have exactly one"},
		{name: "message_size too small for the identity", plugin: relay + key + "message_size = 600\n", mailbox: `url = "maildir:///m"`, want: "invalid message_size 600"},
		{name: "duplicate mailbox", plugin: relay + key, mailbox: "url = \"maildir:///m\"\n[[inputs.smtpprobe.mailbox]]\nurl = \"maildir:///m\"", want: "duplicate mailbox name"},
		{name: "name with a backslash", plugin: relay + key, mailbox: "name = 'a\\'\nurl = \"maildir:///m\"", want: "invalid name"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, err := load(t, "[[inputs.smtpprobe]]\n"+tt.plugin+"[[inputs.smtpprobe.mailbox]]\n"+tt.mailbox)
			if err == nil {
				err = p.Init()
			}
			require.ErrorContains(t, err, tt.want)
			require.NotContains(t, err.Error(), "s3cret")
		})
	}
}

func TestMailbox_NullSender(t *testing.T) {
	p, err := load(t, "[[inputs.smtpprobe]]\nservers = [\"smtp://127.0.0.1\"]\nprobe = \"send\"\nto = [\"a@b.example\"]\n"+
		"flow_key = \"0123456789abcdef\"\n[[inputs.smtpprobe.mailbox]]\nurl = \"maildir:///m\"")
	require.NoError(t, err)
	log := &warnings{}
	p.Log = log
	require.NoError(t, p.Init())
	require.Contains(t, strings.Join(log.texts, "\n"), "from is empty")
}

// warnings is a log that records warnings.
type warnings struct {
	telegraf.Logger
	texts []string
}

func (w *warnings) Warn(args ...any) { w.texts = append(w.texts, fmt.Sprint(args...)) }

// hangingMailbox is a mailbox on a file system that hangs.
type hangingMailbox struct{ until chan struct{} }

func (hangingMailbox) Source() string { return "hanging" }
func (hangingMailbox) Close() error   { return nil }

func (s hangingMailbox) Scan(context.Context, *mailbox.Scan) error {
	<-s.until
	return nil
}

func TestMailFlow_HangingMailbox(t *testing.T) {
	p, _ := relayed(t, smtptest.Script{}, fmt.Sprintf("url = \"maildir://%s\"", newMaildir(t)))
	box := hangingMailbox{make(chan struct{})}
	p.tracker.boxes[0].box, p.tracker.timeout = box, 50*time.Millisecond
	for range 2 {
		start := time.Now()
		m := gathered(t, p).only(t, "smtpprobe_mailbox")
		require.Less(t, time.Since(start), 2*time.Second)
		require.Equal(t, "read_timeout", m.Tags()["error_class"])
		require.Equal(t, "mailbox", m.Tags()["phase"])
	}
	close(box.until)
	require.Eventually(t, func() bool { return len(p.tracker.boxes[0].scanning) == 0 }, time.Minute, time.Millisecond)
	require.Equal(t, "none", gathered(t, p).only(t, "smtpprobe_mailbox").Tags()["error_class"])
}
