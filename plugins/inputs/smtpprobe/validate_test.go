package smtpprobe

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// initError returns the error of Init for a configuration that can be loaded.
func initError(t *testing.T, text string) string {
	t.Helper()
	p, err := load(t, "[[inputs.smtpprobe]]\n"+text)
	require.NoError(t, err)
	err = p.Init()
	require.Error(t, err)
	return err.Error()
}

func TestInit_Invalid(t *testing.T) {
	garbage := filepath.ToSlash(filepath.Join(t.TempDir(), "garbage.pem"))
	require.NoError(t, os.WriteFile(garbage, []byte("not PEM"), 0o600))
	missing := func(file string) string { // the text depends on the system
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
		`servers = ["ftp://a.example"]`:          `servers: invalid url "ftp://a.example": invalid scheme "ftp": must be one of smtp, submission, smtps, lmtp, mx`,
		`servers = ["smtp://u:pw@a.example"]`:    `servers: invalid url: must not contain credentials (it has an @): set username and password instead`,
		`servers = ["smtp://"]`:                  `servers: invalid url "smtp://": host is missing`,
		`servers = ["smtp://a.example:0"]`:       `servers: invalid url "smtp://a.example:0": invalid port "0": must be from 1 to 65535`,
		`servers = ["smtp://a.example:70000"]`:   `servers: invalid url "smtp://a.example:70000": invalid port "70000": must be from 1 to 65535`,
		`servers = ["smtp://a.b", "smtp://a.b"]`: `duplicate relay name "smtp://a.b" (the name of a relay without one is its URL)`,

		server + `max_concurrent = 0`:          `invalid max_concurrent 0: must be at least 1`,
		server + `spread = "-1s"`:              `invalid spread "-1s": must not be negative`,
		server + `metrics = ["phases"]`:        `invalid metrics "phases": must be one of phase, recipient`,
		server + `probe = "deep"`:              `invalid probe "deep": must be one of connect, ehlo, auth, rcpt, send`,
		server + `starttls = "yes"`:            `invalid starttls "yes": must be one of opportunistic, required, never`,
		server + `addresses = "each"`:          `invalid addresses "each": must be one of first, all`,
		server + `ip_version = "6"`:            `invalid ip_version "6": must be one of any, ipv4, ipv6`,
		server + `proxy_protocol = "v3"`:       `invalid proxy_protocol "v3": must be one of v1, v2`,
		server + `timeout = "0s"`:              `invalid timeout "0s": must be positive`,
		server + `timeout = "-1s"`:             `invalid timeout "-1s": must not be negative`,
		server + `connect_timeout = "0s"`:      `invalid connect_timeout "0s": must be positive`,
		server + `read_timeout = "-1s"`:        `invalid read_timeout "-1s": must not be negative`,
		server + `send_interval = "-1s"`:       `invalid send_interval "-1s": must not be negative`,
		server + `backoff = "-1s"`:             `invalid backoff "-1s": must not be negative`,
		server + `interval = "9s"`:             `relay "smtp://a.example": invalid timeout "9s": must be below the interval "9s"`,
		server + `helo = "a b"`:                `invalid helo "a b": must be a host name or an address literal`,
		server + `helo = "a\r\nQUIT"`:          `invalid helo "a\r\nQUIT": must be a host name or an address literal`,
		server + `helo = "[192.0.2.999]"`:      `invalid helo "[192.0.2.999]": must be an address literal such as [192.0.2.1] or [IPv6:2001:db8::1]`,
		server + `helo = "[2001:db8::1]"`:      `invalid helo "[2001:db8::1]": must be an address literal such as [192.0.2.1] or [IPv6:2001:db8::1]`,
		server + `source_address = "eth0"`:     `invalid source_address "eth0": must be an IP address`,
		server + `dns_server = "ns.example"`:   `invalid dns_server "ns.example": must be an IP address, with or without a port`,
		server + `dns_server = "192.0.2.53:0"`: `invalid dns_server "192.0.2.53:0": must be an IP address, with or without a port`,

		server + `expect = ["unheard"]`:                `invalid expect "unheard": unknown error class "unheard"`,
		server + `expect = ["auth_failed/unheard"]`:    `invalid expect "auth_failed/unheard": unknown reason "unheard"`,
		server + `expect = ["auth_failed:53"]`:         `invalid expect "auth_failed:53": reply code "53" must be from 200 to 599`,
		server + `expect = ["auth_failed:600"]`:        `invalid expect "auth_failed:600": reply code "600" must be from 200 to 599`,
		server + `expect = ["auth_failed:535:login"]`:  `invalid expect "auth_failed:535:login": unknown phase "login"`,
		server + `expect = ["auth_failed:535:auth:x"]`: `invalid expect "auth_failed:535:auth:x": must have the form class[/reason][:code[:phase]]`,
		server + `expect = ["none:250"]`:               `invalid expect "none:250": none has no reason, code or phase`,
		server + `expect = [""]`:                       `invalid expect "": unknown error class ""`,

		rcpt:                                         `servers: probe "rcpt" needs a recipient: to is empty`,
		server + `probe = "send"`:                    `servers: probe "send" needs a recipient: to is empty`,
		rcpt + `to = ["nobody"]`:                     `invalid to: "nobody" is not a mail address: no @`,
		rcpt + `to = ["a@b.example\r\nDATA"]`:        `invalid to: "a@b.example\r\nDATA" is not a mail address: control character`,
		rcpt + `to = ["<a@b.example>"]`:              `invalid to: "<a@b.example>" is not a mail address: give it without angle brackets and name`,
		rcpt + `to = ["a@b.example", "a@b.example"]`: `duplicate recipient "a@b.example" in to`,
		rcpt + `from = "me"`:                         `invalid from: "me" is not a mail address: no @`,
		rcpt + recipients(101):                       `too many recipients in to: 101, at most 100`,
		send + `message_size = 268435457`:            `invalid message_size 268435457: must be at most 268435456 (256 MiB)`,
		send + `message_size = -1`:                   `invalid message_size -1: must not be negative`,
		send + `headers = ["no colon"]`:              `invalid headers "no colon": must have the form "Name: value"`,
		send + `headers = ["X-A: b\r\nBcc: c"]`:      `invalid headers "X-A: b\r\nBcc: c": must not contain CR, LF or NUL`,
		send + `headers = ["Date: today"]`:           `servers: invalid headers: header field "Date" is reserved`,
		send + `subject = "a\nb"`:                    `invalid subject "a\nb": must not contain CR, LF or NUL`,

		auth:                                  `servers: probe "auth" needs credentials: set username and password, or a token`,
		auth + `username = "u"`:               `servers: username needs a password or a token`,
		auth + `password = "s3cret"`:          `servers: password needs username`,
		auth + `username = "u\r\nQUIT"`:       `invalid username: must not contain CR, LF or NUL`,
		auth + `scopes = ["mail\n"]`:          `invalid scopes "mail\n": must not contain CR, LF or NUL`,
		auth + `scopes = [""]`:                `invalid scopes: must not contain an empty value`,
		auth + `auth_mechanism = "NTLM"`:      `invalid auth_mechanism "NTLM": must be one of SCRAM-SHA-256-PLUS, SCRAM-SHA-256, SCRAM-SHA-1-PLUS, SCRAM-SHA-1, CRAM-MD5, OAUTHBEARER, XOAUTH2, EXTERNAL, PLAIN, LOGIN`,
		auth + `auth_mechanism = "PLAIN"`:     `servers: probe "auth" needs credentials: set username and password, or a token`,
		server + `auth_mechanism = "PLAIN"`:   `servers: auth_mechanism "PLAIN" needs username and password`,
		server + `auth_mechanism = "XOAUTH2"`: `servers: auth_mechanism "XOAUTH2" needs a token: set token, or token_url and its settings`,
		server + "auth_mechanism = \"EXTERNAL\"\npassword = \"s3cret\"":             `servers: auth_mechanism "EXTERNAL" uses the client certificate: password and token must not be set`,
		server + "username = \"u\"\ntoken = \"s3cret\"\nauth_mechanism = \"PLAIN\"": `servers: auth_mechanism "PLAIN" needs a password, but only a token is set`,
		auth + `token = "s3cret"`:                                                       `servers: a token needs username: the mailbox that it opens`,
		auth + "username = \"u\"\nclient_id = \"i\"":                                    `servers: client_id, client_secret, refresh_token and scopes need token_url`,
		auth + "username = \"u\"\ntoken = \"s3cret\"\nclient_id = \"i\"":                `servers: token cannot be used with token_url, client_id, client_secret, refresh_token and scopes, which fetch one`,
		auth + "username = \"u\"\ntoken_url = \"https://t.example\"":                    `servers: token_url needs client_id`,
		auth + "username = \"u\"\ntoken_url = \"https://t.example\"\nclient_id = \"i\"": `servers: token_url needs refresh_token or client_secret`,

		server + `proxy_url = "ftp://u:s3cret@p.example:1"`:                            `invalid proxy_url: it is not of the form socks5://host:port or http://host:port, with user:password@ in front of the host if the proxy needs it`,
		server + `proxy_url = "socks5://u:s3cret@p.example"`:                           `invalid proxy_url: it is not of the form socks5://host:port or http://host:port, with user:password@ in front of the host if the proxy needs it`,
		server + `proxy_url = "socks5://u:s3%zzcret@p:1"`:                              `invalid proxy_url: it is not of the form socks5://host:port or http://host:port, with user:password@ in front of the host if the proxy needs it`,
		server + `proxy_url = "socks5://p.example:1\r\n"`:                              `invalid proxy_url: must not contain CR, LF or NUL`,
		server + `proxy_url = "http://:s3cret@p.example:3128"`:                         `invalid proxy_url: it has a password without a user`,
		server + `proxy_url = "http://u%3A:s3cret@p.example:3128"`:                     `invalid proxy_url: it has a user with a colon, which HTTP does not take`,
		server + "addresses = \"all\"\nproxy_url = \"socks5://p.example:1\"":           `servers: addresses "all" cannot be used with proxy_url: the proxy resolves the host`,
		"servers = [\"lmtp:///run/lmtp\"]\nproxy_url = \"socks5://u:s3cret@a.b:1080\"": `servers: proxy_url does not apply to a unix socket`,
		"servers = [\"lmtp:///run/lmtp\"]\nsource_address = \"192.0.2.1\"":             `servers: source_address "192.0.2.1" does not apply to a unix socket`,
		"servers = [\"lmtp:///run/lmtp\"]\nproxy_protocol = \"v1\"":                    `servers: proxy_protocol does not apply to a unix socket`,
		"servers = [\"smtp://[::1]\"]\nip_version = \"ipv4\"":                          `servers: host "::1" contradicts ip_version "ipv4"`,
		server + "source_address = \"192.0.2.1\"\nip_version = \"ipv6\"":               `servers: source_address "192.0.2.1" contradicts ip_version "ipv6"`,
		"servers = [\"smtp://[::1]\"]\nsource_address = \"127.0.0.1\"":                 `servers: source_address "127.0.0.1" cannot reach host "::1": one is IPv4, the other IPv6`,

		server + `tls_ca = "/nonexistent/ca.pem"`:                              `invalid tls_ca: ` + missing("/nonexistent/ca.pem"),
		server + `tls_cert = "/nonexistent/cert.pem"`:                          `tls_cert "/nonexistent/cert.pem" needs tls_key`,
		server + `tls_key = "/nonexistent/key.pem"`:                            `tls_key "/nonexistent/key.pem" needs tls_cert`,
		server + "tls_cert = \"/nonexistent/c\"\ntls_key = \"/nonexistent/k\"": `invalid tls_cert or tls_key: could not load certificate "/nonexistent/c": ` + missing("/nonexistent/c"),
		server + `tls_min_version = "TLS14"`:                                   `invalid tls_min_version: unsupported version "TLS14" (available: TLS10,TLS11,TLS12,TLS13)`,
		server + `tls_cipher_suites = ["ROT13"]`:                               `invalid tls_cipher_suites ["ROT13"]: "ROT13" unsupported cipher`,
		server + `tls_renegotiation_method = "often"`:                          `invalid tls_renegotiation_method "often": must be one of never, once, freely`,
		server + `tls_server_name = "a b"`:                                     `invalid tls_server_name "a b": must be a host name or an IP address`,
		server + `flow_key = "s3cret"`:                                         `invalid flow_key: must be at least 16 bytes`,
		server + `tls_enable = false`:                                          `invalid tls_enable "false": the scheme of the URL and starttls decide whether TLS is used`,

		relay:                `relay 1: url is missing`,
		relay + `name = "x"`: `relay "x": url is missing`,
		relay + "name = \"x\"\nurl = \"smtp://\"":                                                     `relay "x": invalid url "smtp://": host is missing`,
		relay + "name = \"x\\ny\"\nurl = \"smtp://a.b\"":                                              `relay "x\ny": invalid name "x\ny": must not contain control characters`,
		relay + "name = \"x\"\nurl = \"smtp://a.b\"\ntimeout = \"-2s\"":                               `relay "x": invalid timeout "-2s": must not be negative`,
		relay + "name = \"x\"\nurl = \"smtps://a.b\"\nstarttls = \"never\"":                           `relay "x": starttls "never" applies to smtp:// only, not to "smtps://a.b"`,
		relay + "name = \"x\"\nurl = \"lmtp://a.b\"\nstarttls = \"required\"":                         `relay "x": starttls "required" applies to smtp:// only, not to "lmtp://a.b"`,
		relay + "name = \"x\"\nurl = \"smtp://a.b\"\n" + relay + "name = \"x\"\nurl = \"smtp://c.d\"": `duplicate relay name "x" (the name of a relay without one is its URL)`,
		server + relay + `url = "smtp://a.example"`:                                                   `duplicate relay name "smtp://a.example" (the name of a relay without one is its URL)`,
		relay + "name = \"x\"\nurl = \"smtp://a.b\"\ntls_ca = \"" + garbage + "\"":                    `relay "x": invalid tls_ca "` + garbage + `": file has no PEM certificate`,

		relay + "name = 'x\\'\nurl = \"smtp://a.b\"":                                  `relay "x\\": invalid name "x\\": must not end with a backslash`,
		"servers = ['lmtp:///run/lmtp%5C']":                                           `servers: invalid url "lmtp:///run/lmtp%5C": invalid path of the socket "/run/lmtp\\": must not end with a backslash`,
		group + `relays = ["smtp://a.example"]`:                                       `group "": name is missing`,
		group + "name = \"g\\nh\"\nrelays = [\"smtp://a.example\"]":                   `group "g\nh": invalid name "g\nh": must not contain control characters`,
		group + `name = "g"`:                                                          `group "g": relays is empty`,
		group + "name = \"g\"\nrelays = [\"x\"]":                                      `group "g": invalid relays "x": no relay has this name (the name of a relay without one is its URL)`,
		group + "name = \"g\"\nrelays = [\"smtp://a.example\"]\npolicy = \"x\"":       `group "g": invalid policy "x": must be one of any_failure, temporary_only`,
		group + "name = \"g\"\nrelays = [\"smtp://a.example\", \"smtp://a.example\"]": `group "g": invalid relays "smtp://a.example": listed twice`,
		strings.Replace(group, "\n", "\nexpect = [\"connect_error\"]\n", 1) + "name = \"g\"\nrelays = [\"smtp://a.example\"]":              `group "g": relay "smtp://a.example" expects a failure: no mail would go out through it`,
		group + "name = \"g\"\nrelays = [\"smtp://a.example\"]\n[[inputs.smtpprobe.group]]\nname = \"g\"\nrelays = [\"smtp://a.example\"]": `duplicate group name "g"`,
	} {
		t.Run(text, func(t *testing.T) {
			got := initError(t, text)
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

func TestInit_MessageSizeTooSmall(t *testing.T) {
	got := initError(t, `servers = ["smtp://a.example"]
		probe = "send"
		to = ["a@b.example"]
		message_size = 100`)
	require.Regexp(t, `^servers: invalid message_size 100: header and body need at least \d+ bytes$`, got)
}

func TestInit_TokenURL(t *testing.T) {
	const fetch = `servers = ["smtp://a.example"]
		probe = "auth"
		username = "u"
		client_id = "i"
		refresh_token = "s3cret"
		`
	for _, url := range []string{"http://t.example/token?key=s3cret", "https://u:s3cret@t.example/", "https://", "t.example", "https://t.example/s3%zzcret"} {
		got := initError(t, fetch+`token_url = "`+url+`"`)
		require.Contains(t, got, "token_url")
		require.NotRegexp(t, `s3|cret[^s ]`, got)
	}
	for _, url := range []string{"https://t.example/token", "http://127.0.0.1:8080/token", "http://localhost/token"} {
		initialized(t, "[[inputs.smtpprobe]]\n"+fetch+`token_url = "`+url+`"`)
	}
}

func TestInit_Valid(t *testing.T) {
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
