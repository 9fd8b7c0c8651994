package smtpprobe

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// mistaken is the error of Init for a configuration that Telegraf's loader
// takes.
func mistaken(t *testing.T, text string) string {
	t.Helper()
	p, err := load(t, "[[inputs.smtpprobe]]\n"+text)
	require.NoError(t, err)
	err = p.Init()
	require.Error(t, err)
	return err.Error()
}

func TestEveryMistakeIsOneErrorThatNamesTheSetting(t *testing.T) {
	garbage := filepath.ToSlash(filepath.Join(t.TempDir(), "garbage.pem"))
	require.NoError(t, os.WriteFile(garbage, []byte("not PEM"), 0o600))
	missing := func(file string) string { // each system has words of its own
		_, err := os.Open(file)
		require.ErrorIs(t, err, os.ErrNotExist)
		return err.Error()
	}
	const server = `servers = ["smtp://a.example"]` + "\n"
	const rcpt = server + `probe = "rcpt"` + "\n"
	const auth = server + `probe = "auth"` + "\n"
	const send = server + `probe = "send"` + "\n" + `to = ["a@b.example"]` + "\n"
	const relay = "[[inputs.smtpprobe.relay]]\n"
	const group = server + "[[inputs.smtpprobe.group]]\n"

	for text, expected := range map[string]string{
		``:                                       `nothing to probe: servers is empty and there is no relay`,
		`servers = []`:                           `nothing to probe: servers is empty and there is no relay`,
		`servers = ["ftp://a.example"]`:          `servers: url "ftp://a.example" has the unknown scheme "ftp"; there are smtp, submission, smtps, lmtp and mx`,
		`servers = ["smtp://u:pw@a.example"]`:    `servers: url must not hold credentials (it has an @); set username and password instead`,
		`servers = ["smtp://"]`:                  `servers: url "smtp://": the host is missing`,
		`servers = ["smtp://a.example:0"]`:       `servers: url "smtp://a.example:0": the port "0" is not a number from 1 to 65535`,
		`servers = ["smtp://a.example:70000"]`:   `servers: url "smtp://a.example:70000": the port "70000" is not a number from 1 to 65535`,
		`servers = ["smtp://a.b", "smtp://a.b"]`: `relay name "smtp://a.b" is given twice; a relay without a name has its URL for one`,

		server + `max_concurrent = 0`:          `max_concurrent 0 must be at least 1`,
		server + `spread = "-1s"`:              `spread "-1s" must not be negative`,
		server + `metrics = ["phases"]`:        `metrics "phases" is none of phase, recipient`,
		server + `probe = "deep"`:              `probe "deep" is none of connect, ehlo, auth, rcpt, send`,
		server + `starttls = "yes"`:            `starttls "yes" is none of opportunistic, required, never`,
		server + `addresses = "each"`:          `addresses "each" is none of first, all`,
		server + `ip_version = "6"`:            `ip_version "6" is none of any, ipv4, ipv6`,
		server + `proxy_protocol = "v3"`:       `proxy_protocol "v3" is none of v1, v2`,
		server + `timeout = "0s"`:              `timeout "0s" must be positive`,
		server + `timeout = "-1s"`:             `timeout "-1s" must be positive`,
		server + `connect_timeout = "0s"`:      `connect_timeout "0s" must be positive`,
		server + `read_timeout = "-1s"`:        `read_timeout "-1s" must not be negative`,
		server + `send_interval = "-1s"`:       `send_interval "-1s" must not be negative`,
		server + `backoff = "-1s"`:             `backoff "-1s" must not be negative`,
		server + `interval = "9s"`:             `relay "smtp://a.example": timeout "9s" must be below the interval "9s"`,
		server + `helo = "a b"`:                `helo "a b" is neither a host name nor an address literal`,
		server + `helo = "a\r\nQUIT"`:          `helo "a\r\nQUIT" must not contain CR, LF or NUL`,
		server + `helo = "[192.0.2.999]"`:      `helo "[192.0.2.999]" is not an address literal like [192.0.2.1] or [IPv6:2001:db8::1]`,
		server + `helo = "[2001:db8::1]"`:      `helo "[2001:db8::1]" is not an address literal like [192.0.2.1] or [IPv6:2001:db8::1]`,
		server + `source_address = "eth0"`:     `source_address "eth0" is not an IP address`,
		server + `dns_server = "ns.example"`:   `dns_server "ns.example" is not an IP address, with or without a port`,
		server + `dns_server = "192.0.2.53:0"`: `dns_server "192.0.2.53:0" is not an IP address, with or without a port`,

		server + `expect = ["nonsense"]`:               `expect "nonsense": unknown error class "nonsense"`,
		server + `expect = ["auth_failed/nonsense"]`:   `expect "auth_failed/nonsense": unknown reason "nonsense"`,
		server + `expect = ["auth_failed:53"]`:         `expect "auth_failed:53": "53" is not a reply code from 200 to 599`,
		server + `expect = ["auth_failed:600"]`:        `expect "auth_failed:600": "600" is not a reply code from 200 to 599`,
		server + `expect = ["auth_failed:535:login"]`:  `expect "auth_failed:535:login": unknown phase "login"`,
		server + `expect = ["auth_failed:535:auth:x"]`: `expect "auth_failed:535:auth:x": too many colons for class[/reason][:code[:phase]]`,
		server + `expect = ["none:250"]`:               `expect "none:250": none has neither reason, code nor phase`,
		server + `expect = [""]`:                       `expect "": unknown error class ""`,

		rcpt:                                         `servers: probe "rcpt" needs a recipient: to is empty`,
		server + `probe = "send"`:                    `servers: probe "send" needs a recipient: to is empty`,
		rcpt + `to = ["nobody"]`:                     `to: "nobody" is not a mail address: no @`,
		rcpt + `to = ["a@b.example\r\nDATA"]`:        `to: "a@b.example\r\nDATA" is not a mail address: control character`,
		rcpt + `to = ["<a@b.example>"]`:              `to: "<a@b.example>" is not a mail address: give it without angle brackets and name`,
		rcpt + `to = ["a@b.example", "a@b.example"]`: `to names "a@b.example" twice`,
		rcpt + `from = "me"`:                         `from: "me" is not a mail address: no @`,
		rcpt + recipients(101):                       `to has 101 recipients, more than 100`,
		send + `message_size = -1`:                   `message_size -1 must not be negative`,
		send + `headers = ["no colon"]`:              `headers: "no colon" is not of the form "Name: value"`,
		send + `headers = ["X-A: b\r\nBcc: c"]`:      `headers "X-A: b\r\nBcc: c" must not contain CR, LF or NUL`,
		send + `headers = ["Date: today"]`:           `servers: headers: the header field "Date" is not yours to set`,
		send + `subject = "a\nb"`:                    `subject "a\nb" must not contain CR, LF or NUL`,

		auth:                                  `servers: probe "auth" needs credentials: set username and password, or a token`,
		auth + `username = "u"`:               `servers: username is set without password or token`,
		auth + `password = "s3cret"`:          `servers: password is set without username`,
		auth + `username = "u\r\nQUIT"`:       `username must not contain CR, LF or NUL`,
		auth + `scopes = ["mail\n"]`:          `scopes "mail\n" must not contain CR, LF or NUL`,
		auth + `scopes = [""]`:                `scopes holds an empty one`,
		auth + `auth_mechanism = "NTLM"`:      `auth_mechanism "NTLM" is none of PLAIN, LOGIN, CRAM-MD5, SCRAM-SHA-1, SCRAM-SHA-1-PLUS, SCRAM-SHA-256, SCRAM-SHA-256-PLUS, XOAUTH2, OAUTHBEARER, EXTERNAL`,
		auth + `auth_mechanism = "PLAIN"`:     `servers: probe "auth" needs credentials: set username and password, or a token`,
		server + `auth_mechanism = "PLAIN"`:   `servers: auth_mechanism "PLAIN" is set without username and password`,
		server + `auth_mechanism = "XOAUTH2"`: `servers: auth_mechanism "XOAUTH2" needs a token: set token, or token_url and what goes with it`,
		server + "auth_mechanism = \"EXTERNAL\"\npassword = \"s3cret\"":             `servers: auth_mechanism "EXTERNAL" uses the client's certificate, neither a password nor a token`,
		server + "username = \"u\"\ntoken = \"s3cret\"\nauth_mechanism = \"PLAIN\"": `servers: auth_mechanism "PLAIN" needs a password, and there is a token only`,
		auth + `token = "s3cret"`:                                                       `servers: a token needs username: the mailbox that it opens`,
		auth + "username = \"u\"\nclient_id = \"i\"":                                    `servers: client_id, client_secret, refresh_token and scopes need token_url`,
		auth + "username = \"u\"\ntoken = \"s3cret\"\nclient_id = \"i\"":                `servers: token excludes token_url, client_id, client_secret, refresh_token and scopes, which fetch one`,
		auth + "username = \"u\"\ntoken_url = \"https://t.example\"":                    `servers: token_url needs client_id`,
		auth + "username = \"u\"\ntoken_url = \"https://t.example\"\nclient_id = \"i\"": `servers: token_url needs refresh_token or client_secret`,

		server + `proxy_url = "ftp://u:s3cret@p.example:1"`:                  `proxy_url is not of the form socks5://[user:password@]host:port or http://[user:password@]host:port`,
		server + `proxy_url = "socks5://u:s3cret@p.example"`:                 `proxy_url is not of the form socks5://[user:password@]host:port or http://[user:password@]host:port`,
		server + `proxy_url = "socks5://u:s3%zzcret@p:1"`:                    `proxy_url is not of the form socks5://[user:password@]host:port or http://[user:password@]host:port`,
		server + `proxy_url = "socks5://p.example:1\r\n"`:                    `proxy_url must not contain CR, LF or NUL`,
		server + `proxy_url = "http://:s3cret@p.example:3128"`:               `proxy_url has a password without a user`,
		server + `proxy_url = "http://u%3A:s3cret@p.example:3128"`:           `proxy_url has a user with a colon, which HTTP does not take`,
		server + "addresses = \"all\"\nproxy_url = \"socks5://p.example:1\"": `servers: addresses "all" does not go with proxy_url: the proxy resolves the host`,
		"servers = [\"lmtp:///run/lmtp\"]\nproxy_protocol = \"v1\"":          `servers: proxy_url, source_address and proxy_protocol do not apply to a unix socket`,
		"servers = [\"smtp://[::1]\"]\nip_version = \"ipv4\"":                `servers: the host "::1" contradicts ip_version "ipv4"`,
		server + "source_address = \"192.0.2.1\"\nip_version = \"ipv6\"":     `servers: source_address "192.0.2.1" contradicts ip_version "ipv6"`,
		"servers = [\"smtp://[::1]\"]\nsource_address = \"127.0.0.1\"":       `servers: source_address "127.0.0.1" cannot reach the host "::1": one is IPv4, the other IPv6`,

		server + `tls_ca = "/nonexistent/ca.pem"`:                              `servers: tls_ca: ` + missing("/nonexistent/ca.pem"),
		server + `tls_cert = "/nonexistent/cert.pem"`:                          `tls_cert "/nonexistent/cert.pem" needs tls_key`,
		server + `tls_key = "/nonexistent/key.pem"`:                            `tls_key "/nonexistent/key.pem" needs tls_cert`,
		server + "tls_cert = \"/nonexistent/c\"\ntls_key = \"/nonexistent/k\"": `servers: tls_cert, tls_key: could not load certificate "/nonexistent/c": ` + missing("/nonexistent/c"),
		server + `tls_min_version = "TLS14"`:                                   `tls_min_version "TLS14": unsupported version "TLS14" (available: TLS10,TLS11,TLS12,TLS13)`,
		server + `tls_cipher_suites = ["ROT13"]`:                               `tls_cipher_suites ["ROT13"]: "ROT13" unsupported cipher`,
		server + `tls_renegotiation_method = "often"`:                          `tls_renegotiation_method "often" is none of never, once, freely`,
		server + `tls_server_name = "a b"`:                                     `tls_server_name "a b" is not a host name`,
		server + `tls_enable = false`:                                          `tls_enable "false" has no place here: the URL's scheme and starttls decide on TLS`,

		relay:                `relay 1: url is missing`,
		relay + `name = "x"`: `relay "x": url is missing`,
		relay + "name = \"x\"\nurl = \"smtp://\"":                                                     `relay "x": url "smtp://": the host is missing`,
		relay + "name = \"x\\ny\"\nurl = \"smtp://a.b\"":                                              `relay name "x\ny" must not contain CR, LF or NUL`,
		relay + "name = \"x\"\nurl = \"smtp://a.b\"\ntimeout = \"-2s\"":                               `relay "x": timeout "-2s" must be positive`,
		relay + "name = \"x\"\nurl = \"smtps://a.b\"\nstarttls = \"never\"":                           `relay "x": starttls "never" applies to smtp:// only, not to "smtps://a.b"`,
		relay + "name = \"x\"\nurl = \"lmtp://a.b\"\nstarttls = \"required\"":                         `relay "x": starttls "required" applies to smtp:// only, not to "lmtp://a.b"`,
		relay + "name = \"x\"\nurl = \"smtp://a.b\"\n" + relay + "name = \"x\"\nurl = \"smtp://c.d\"": `relay name "x" is given twice; a relay without a name has its URL for one`,
		server + relay + `url = "smtp://a.example"`:                                                   `relay name "smtp://a.example" is given twice; a relay without a name has its URL for one`,
		relay + "name = \"x\"\nurl = \"smtp://a.b\"\ntls_ca = \"" + garbage + "\"":                    `relay "x": tls_ca "` + garbage + `" holds no PEM certificate`,

		group + `relays = ["smtp://a.example"]`:                                       `group "": a group has no name`,
		group + "name = \"g\\nh\"\nrelays = [\"smtp://a.example\"]":                   `group "g\nh": name "g\nh" must not contain CR, LF or NUL`,
		group + `name = "g"`:                                                          `group "g": relays is empty`,
		group + "name = \"g\"\nrelays = [\"x\"]":                                      `group "g": there is no relay "x"; a relay without a name has its URL for one`,
		group + "name = \"g\"\nrelays = [\"smtp://a.example\"]\npolicy = \"x\"":       `group "g": invalid policy "x": must be one of any_failure, temporary_only`,
		group + "name = \"g\"\nrelays = [\"smtp://a.example\", \"smtp://a.example\"]": `group "g": relays names "smtp://a.example" twice`,
		strings.Replace(group, "\n", "\nexpect = [\"connect_error\"]\n", 1) + "name = \"g\"\nrelays = [\"smtp://a.example\"]":              `group "g": the relay "smtp://a.example" expects a failure: no mail would go out through it`,
		group + "name = \"g\"\nrelays = [\"smtp://a.example\"]\n[[inputs.smtpprobe.group]]\nname = \"g\"\nrelays = [\"smtp://a.example\"]": `group name "g" is given twice`,
	} {
		t.Run(text, func(t *testing.T) {
			got := mistaken(t, text)
			require.Equal(t, expected, got)
			require.NotContains(t, got, "s3cret")
			require.NotContains(t, got, "\n")
		})
	}
}

func recipients(n int) string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf("%q", fmt.Sprintf("r%d@b.example", i))
	}
	return "to = [" + strings.Join(list, ", ") + "]"
}

func TestAMessageSizeBelowHeaderAndBodyIsRefused(t *testing.T) {
	got := mistaken(t, `servers = ["smtp://a.example"]
		probe = "send"
		to = ["a@b.example"]
		message_size = 100`)
	require.Regexp(t, `^servers: message_size 100 is below the \d+ octets that its header and body need$`, got)
}

func TestATokenMayOnlyBeFetchedByHTTPSOrFromThisMachine(t *testing.T) {
	const fetch = `servers = ["smtp://a.example"]
		probe = "auth"
		username = "u"
		client_id = "i"
		refresh_token = "s3cret"
		`
	for _, url := range []string{"http://t.example/token?key=s3cret", "https://u:s3cret@t.example/", "https://", "t.example", "https://t.example/s3%zzcret"} {
		got := mistaken(t, fetch+`token_url = "`+url+`"`)
		require.Contains(t, got, "token_url")
		require.NotRegexp(t, `s3|cret[^s ]`, got)
	}
	for _, url := range []string{"https://t.example/token", "http://127.0.0.1:8080/token", "http://localhost/token"} {
		initialized(t, "[[inputs.smtpprobe]]\n"+fetch+`token_url = "`+url+`"`)
	}
}

func TestWhatIsUnusualButRightIsTaken(t *testing.T) {
	for _, text := range []string{
		`helo = "[192.0.2.1]"`, `helo = "[IPv6:2001:db8::1]"`, `helo = "bücher.example"`, `helo = "localhost"`,
		`expect = ["none", "service_unavailable:421", "recipients_refused/relay_denied:454:rcpt"]`,
		`auth_mechanism = "scram-sha-256"` + "\nusername = \"u\"\npassword = \"p\"",
		`auth_mechanism = "EXTERNAL"`,
		`timeout = 5`, `read_timeout = 0`, `send_interval = "0s"`, `message_size = "1MiB"`,
		`dns_server = "192.0.2.53"`, `dns_server = "[2001:db8::53]:5353"`, `dns_server = "2001:db8::53"`,
		`proxy_url = "socks5://u:p%40ss@[::1]:1080"`, `proxy_url = "http://proxy:3128/"`,
		`tls_enable = true`, `interval = "10s"`, `body = "two\nlines"`, `metrics = ["phase", "recipient"]`,
	} {
		initialized(t, "[[inputs.smtpprobe]]\nservers = [\"smtp://a.example\"]\n"+text)
	}
}
