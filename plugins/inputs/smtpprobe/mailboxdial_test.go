package smtpprobe

import (
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net"
	"path/filepath"
	"testing"

	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"
	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/dnstest"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest/certs"
)

// imapServer is an IMAP server on 127.0.0.1 with a certificate for imap.test.
type imapServer struct {
	addr    net.Addr
	ca      string        // file
	clients chan net.Addr // of the sessions
}

func startIMAP(t *testing.T) *imapServer {
	t.Helper()
	authority := certs.NewAuthority("mailbox test")
	s := &imapServer{ca: filepath.Join(t.TempDir(), "ca.pem"), clients: make(chan net.Addr, 100)}
	require.NoError(t, authority.WriteFile(s.ca))
	user := imapmemserver.NewUser("user", "password")
	require.NoError(t, user.Create("INBOX", nil))
	memory := imapmemserver.New()
	memory.AddUser(user)
	server := imapserver.New(&imapserver.Options{
		NewSession: func(c *imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
			s.clients <- c.NetConn().RemoteAddr()
			return memory.NewSession(), nil, nil
		},
		Logger: log.New(io.Discard, "", 0),
	})
	l, err := tls.Listen("tcp", "127.0.0.1:0", certs.Server(authority.Issue(certs.For("imap.test", "127.0.0.1"))))
	require.NoError(t, err)
	s.addr = l.Addr()
	go func() { _ = server.Serve(l) }() //nolint:errcheck // it ends when the test closes it
	t.Cleanup(func() { _ = server.Close() })
	return s
}

func TestMailbox_Dialer(t *testing.T) {
	box := startIMAP(t)
	_, port, err := net.SplitHostPort(box.addr.String())
	require.NoError(t, err)
	proxy := fmt.Sprintf("proxy_url = \"socks5://probe:s3cret@%s\"\n", socksProxy(t, box.addr, "probe", "imap.test", 993))
	zone := dnstest.Start(t, dnstest.Zone{
		"imap.test": dnstest.For(map[string]dnstest.Answer{"A": dnstest.Records("A 127.0.0.1"), "AAAA": dnstest.Records("AAAA ::1")}),
		"ipv4.test": dnstest.For(map[string]dnstest.Answer{"A": dnstest.Records("A 127.0.0.1")}),
	})
	dns := fmt.Sprintf("dns_server = %q\n", zone.Addr())
	direct := "imaps://imap.test:" + port
	tests := []struct {
		name, url      string
		plugin, relay  string
		mailbox        string
		class, reason  string
		client, source string
	}{
		{name: "proxy of the mailbox", url: "imaps://imap.test", mailbox: proxy},
		{name: "proxy of the plugin", url: "imaps://imap.test", plugin: proxy, relay: "proxy_url = \"\"\n"},
		{name: "no proxy for the mailbox", url: direct, plugin: proxy + dns, relay: "proxy_url = \"\"\n", mailbox: "proxy_url = \"\"\n"},
		{name: "refusing proxy", url: "imaps://other.test", mailbox: proxy, class: "connect_error", reason: "proxy_refused"},
		{name: "name server of the mailbox", url: direct, mailbox: dns},
		{name: "name server of the plugin", url: direct, plugin: dns},
		{name: "unknown name", url: "imaps://none.test", mailbox: dns, class: "dns_not_found", reason: "not_found"},
		{name: "IPv4 only", url: direct, plugin: "ip_version = \"ipv6\"\n", relay: "ip_version = \"any\"\n", mailbox: dns + "ip_version = \"ipv4\"\n"},
		{name: "no address of the family", url: "imaps://ipv4.test:" + port, mailbox: dns + "ip_version = \"ipv6\"\n", class: "dns_not_found", reason: "not_found"},
		{name: "source address of the mailbox", url: "imaps://127.0.0.1:" + port, mailbox: "source_address = \"127.0.0.77\"\n", client: "127.0.0.77"},
		{name: "source address of the plugin", url: direct, plugin: dns + "source_address = \"127.0.0.78\"\n", client: "127.0.0.78"},
		{name: "source address of another host", url: direct, mailbox: dns + "source_address = \"192.0.2.7\"\n", class: "local_error", reason: "no_source_address"},
		{name: "unset variable in the proxy", url: direct, mailbox: "proxy_url = \"${SMTPPROBE_NO_SUCH_VARIABLE}\"\n", class: "config_error", reason: none},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			srv := smtptest.Start(t, smtptest.Script{})
			p := initialized(t, fmt.Sprintf(`
				[[inputs.smtpprobe]]
				probe = "send"
				from = "probe@example.com"
				to = ["probe@example.org"]
				helo = "probe.example"
				flow_key = %q
				%s
				[[inputs.smtpprobe.relay]]
				name = "relay"
				url = "smtp://%s"
				%s
				[[inputs.smtpprobe.mailbox]]
				name = "inbox"
				url = %q
				username = "user"
				password = "password"
				tls_ca = %q
				%s`, flowKey, tt.plugin, srv.Addr(), tt.relay, tt.url, box.ca, tt.mailbox))
			require.NoError(t, p.Start(nil))
			t.Cleanup(p.Stop)
			m := gathered(t, p).only(t, "smtpprobe_mailbox")
			if tt.class == "" {
				tt.class, tt.reason = none, none
			}
			require.Equal(t, []string{tt.class, tt.reason}, []string{m.Tags()["error_class"], m.Tags()["reason"]}, m.Fields())
			require.NotContains(t, fmt.Sprint(m.Fields()["error"]), "s3cret")
			if tt.client != "" {
				require.Equal(t, tt.client, lastClient(t, box))
			}
		})
	}
}

// lastClient returns the address of the last client of a server.
func lastClient(t *testing.T, s *imapServer) string {
	t.Helper()
	var last net.Addr
	for len(s.clients) > 0 {
		last = <-s.clients
	}
	require.NotNil(t, last)
	host, _, err := net.SplitHostPort(last.String())
	require.NoError(t, err)
	return host
}

func TestMailbox_UnsetVariable(t *testing.T) {
	p, _ := relayed(t, smtptest.Script{}, fmt.Sprintf(
		"url = \"imaps://%s\"\nusername = \"user\"\npassword = \"${SMTPPROBE_NO_SUCH_VARIABLE}\"\ninsecure_skip_verify = true", startIMAP(t).addr))
	m := gathered(t, p).only(t, "smtpprobe_mailbox")
	require.Equal(t, []string{"config_error", "auth"}, []string{m.Tags()["error_class"], m.Tags()["phase"]})
	require.Contains(t, m.Fields()["error"], "SMTPPROBE_NO_SUCH_VARIABLE is not set")
}
