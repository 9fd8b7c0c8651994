package message_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/message"
)

func TestParseAddress(t *testing.T) {
	t.Parallel()
	longest := strings.Repeat("l", 64) + "@" + strings.Repeat("d", 63) + "." + strings.Repeat("d", 63) + "." + strings.Repeat("d", 61)
	tests := []struct {
		name, in, want string
		utf8           bool
	}{
		{name: "plain address", in: "ops@example.com", want: "ops@example.com"},
		{name: "all characters of atext", in: "!#$%&'*+-/=?^_`{|}~.x@example.com", want: "!#$%&'*+-/=?^_`{|}~.x@example.com"},
		{name: "one label", in: "root@localhost", want: "root@localhost"},
		{name: "domain with leading digit", in: "a@3com.example", want: "a@3com.example"},
		{name: "quoted local part", in: `"a b@c>"@example.com`, want: `"a b@c>"@example.com`},
		{name: "quoted local part with quoted pairs", in: `"a\"\\"@example.com`, want: `"a\"\\"@example.com`},
		{name: "empty quoted string", in: `""@example.com`, want: `""@example.com`},
		{name: "IPv4 literal", in: "a@[192.0.2.1]", want: "a@[192.0.2.1]"},
		{name: "IPv6 literal", in: "a@[IPv6:2001:db8::1]", want: "a@[IPv6:2001:db8::1]"},
		{name: "postmaster without domain", in: "PostMaster", want: "PostMaster"},
		{name: "internationalized domain", in: "a@bücher.example", want: "a@xn--bcher-kva.example"},
		{name: "internationalized local part", in: "büro@bücher.example", want: "büro@bücher.example", utf8: true},
		{name: "internationalized quoted local part", in: `"ü b"@example.com`, want: `"ü b"@example.com`, utf8: true},
		{name: "maximum length", in: longest, want: longest},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, utf8, err := message.ParseAddress(tt.in)
			require.NoError(t, err)
			require.Equal(t, tt.want, got)
			require.Equal(t, tt.utf8, utf8)
		})
	}
}

func TestParseAddress_Invalid(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, in, want string }{
		{name: "empty", want: "empty"},
		{name: "no domain", in: "ops", want: "no @"},
		{name: "empty local part", in: "@example.com", want: "nothing before"},
		{name: "empty domain", in: "ops@", want: "nothing after"},
		{name: "angle brackets", in: "<ops@example.com>", want: "angle brackets"},
		{name: "display name", in: "Ops <ops@example.com>", want: "before the @ needs quotes"},
		{name: "closing angle bracket", in: "ops>@example.com", want: "needs quotes"},
		{name: "parameters after the domain", in: "ops@example.com> NOTIFY=NEVER", want: `'>' in the domain`},
		{name: "space in the local part", in: "a b@example.com", want: "needs quotes"},
		{name: "space in the domain", in: "a@exam ple.com", want: "in the domain"},
		{name: "two @", in: "a@b@example.com", want: "needs quotes"},
		{name: "CR LF and a command", in: "a@example.com\r\nRCPT TO:<b@example.com>", want: "control character"},
		{name: "LF in a quoted string", in: "\"a\n\"@example.com", want: "control character"},
		{name: "NUL", in: "a\x00@example.com", want: "control character"},
		{name: "C1 control character", in: "a\u0085@example.com", want: "control character"},
		{name: "invalid UTF-8", in: "a\xff@example.com", want: "not UTF-8"},
		{name: "no-break space", in: "a\u00a0b@example.com", want: "needs quotes"},
		{name: "leading dot", in: ".a@example.com", want: "dot"},
		{name: "two dots", in: "a..b@example.com", want: "dot"},
		{name: "trailing dot in the domain", in: "a@example.com.", want: "empty label"},
		{name: "underscore in the domain", in: "a@ex_ample.com", want: "in the domain"},
		{name: "label with leading hyphen", in: "a@-example.com", want: "hyphen"},
		{name: "long label", in: "a@" + strings.Repeat("d", 64) + ".example", want: "label"},
		{name: "long local part", in: strings.Repeat("l", 65) + "@example.com", want: "64 bytes"},
		{name: "long domain", in: "a@" + strings.Repeat("d.", 128) + "d", want: "255 bytes"},
		{name: "long path", in: strings.Repeat("l", 64) + "@" + strings.Repeat("d.", 95) + "d", want: "254 bytes"},
		{name: "IP address without brackets", in: "a@192.0.2.1", want: "brackets"},
		{name: "malformed literal", in: "a@[192.0.2]", want: "address literal"},
		{name: "IPv6 literal without tag", in: "a@[2001:db8::1]", want: "address literal"},
		{name: "zone in a literal", in: "a@[IPv6:fe80::1%eth0]", want: "address literal"},
		{name: "unterminated literal", in: "a@[192.0.2.1", want: "address literal"},
		{name: "unterminated quoted string", in: `"a@example.com`, want: "does not end"},
		{name: "escaped closing quote", in: `"a\"@example.com`, want: "does not end"},
		{name: "quote in a quoted string", in: `"a"b"@example.com`, want: "unescaped quote"},
		{name: "invalid internationalized domain", in: "a@bü cher.example", want: "internationalized"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, _, err := message.ParseAddress(tt.in)
			require.ErrorContains(t, err, tt.want)
			require.NotContains(t, err.Error(), "\n")
		})
	}
}

func TestParseSender(t *testing.T) {
	t.Parallel()
	addr, utf8, err := message.ParseSender("")
	require.NoError(t, err, "the null sender")
	require.Empty(t, addr)
	require.False(t, utf8)

	_, _, err = message.ParseSender("postmaster")
	require.ErrorContains(t, err, "no @", "a sender needs a domain")
}

func FuzzParseAddress(f *testing.F) {
	for _, s := range []string{"a@b", `"a\"b"@[IPv6::: 1]`, "büro@bücher.example", "postmaster", "a@xn--0.example"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		addr, utf8, err := message.ParseAddress(s)
		if err != nil {
			require.NotRegexp(t, `[\x00-\x1f]`, err.Error())
			return
		}
		require.NotRegexp(t, `[\x00-\x1f\x7f]`, addr, "control characters can end the command")
		require.LessOrEqual(t, len(addr), 254)
		again, utf8Again, err := message.ParseAddress(addr)
		require.NoError(t, err, "parsing is idempotent")
		require.Equal(t, addr, again)
		require.Equal(t, utf8, utf8Again)
	})
}
