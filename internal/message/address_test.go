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
		{"a plain address", "ops@example.com", "ops@example.com", false},
		{"every character of an atom", "!#$%&'*+-/=?^_`{|}~.x@example.com", "!#$%&'*+-/=?^_`{|}~.x@example.com", false},
		{"a domain of one label", "root@localhost", "root@localhost", false},
		{"a domain that begins with digits", "a@3com.example", "a@3com.example", false},
		{"a quoted local part with space, at and angle bracket", `"a b@c>"@example.com`, `"a b@c>"@example.com`, false},
		{"a quoted local part with escapes", `"a\"\\"@example.com`, `"a\"\\"@example.com`, false},
		{"an empty quoted local part", `""@example.com`, `""@example.com`, false},
		{"an IPv4 literal", "a@[192.0.2.1]", "a@[192.0.2.1]", false},
		{"an IPv6 literal", "a@[IPv6:2001:db8::1]", "a@[IPv6:2001:db8::1]", false},
		{"the bare postmaster in any case", "PostMaster", "PostMaster", false},
		{"an international domain as A-labels", "a@bücher.example", "a@xn--bcher-kva.example", false},
		{"an international local part as it is", "büro@bücher.example", "büro@bücher.example", true},
		{"an international quoted local part", `"ü b"@example.com`, `"ü b"@example.com`, true},
		{"the longest of all", longest, longest, false},
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

func TestParseAddress_Refuses(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, in, want string }{
		{"nothing", "", "empty"},
		{"no domain", "ops", "no @"},
		{"an empty local part", "@example.com", "nothing before"},
		{"an empty domain", "ops@", "nothing after"},
		{"angle brackets", "<ops@example.com>", "angle brackets"},
		{"a display name", "Ops <ops@example.com>", "before the @ needs quotes"},
		{"a closing bracket that would end the path", "ops>@example.com", "needs quotes"},
		{"parameters behind the domain", "ops@example.com> NOTIFY=NEVER", `'>' in the domain`},
		{"space in the local part", "a b@example.com", "needs quotes"},
		{"space in the domain", "a@exam ple.com", "in the domain"},
		{"two ats", "a@b@example.com", "needs quotes"},
		{"CR LF", "a@example.com\r\nRCPT TO:<b@example.com>", "control character"},
		{"LF in quotes", "\"a\n\"@example.com", "control character"},
		{"NUL", "a\x00@example.com", "control character"},
		{"a C1 control", "a\u0085@example.com", "control character"},
		{"bytes that are not UTF-8", "a\xff@example.com", "not UTF-8"},
		{"a no-break space", "a\u00a0b@example.com", "needs quotes"},
		{"a leading dot", ".a@example.com", "dot"},
		{"two dots", "a..b@example.com", "dot"},
		{"a trailing dot in the domain", "a@example.com.", "empty label"},
		{"an underscore in the domain", "a@ex_ample.com", "in the domain"},
		{"a label that begins with a hyphen", "a@-example.com", "hyphen"},
		{"a label too long", "a@" + strings.Repeat("d", 64) + ".example", "label"},
		{"a local part too long", strings.Repeat("l", 65) + "@example.com", "64 bytes"},
		{"a domain too long", "a@" + strings.Repeat("d.", 128) + "d", "255 bytes"},
		{"a path too long", strings.Repeat("l", 64) + "@" + strings.Repeat("d.", 95) + "d", "254 bytes"},
		{"an address without brackets", "a@192.0.2.1", "brackets"},
		{"a literal that is no address", "a@[192.0.2]", "address literal"},
		{"an IPv6 literal without its tag", "a@[2001:db8::1]", "address literal"},
		{"a zone in a literal", "a@[IPv6:fe80::1%eth0]", "address literal"},
		{"an open literal", "a@[192.0.2.1", "address literal"},
		{"an open quote", `"a@example.com`, "does not end"},
		{"an escaped closing quote", `"a\"@example.com`, "does not end"},
		{"a quote within quotes", `"a"b"@example.com`, "unescaped quote"},
		{"an international domain that is none", "a@bü cher.example", "internationalized"},
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
	require.ErrorContains(t, err, "no @", "only a recipient may lack a domain")
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
		require.NotRegexp(t, `[\x00-\x1f\x7f]`, addr, "it would end the command")
		require.LessOrEqual(t, len(addr), 254)
		again, utf8Again, err := message.ParseAddress(addr)
		require.NoError(t, err, "what was accepted is accepted again")
		require.Equal(t, addr, again)
		require.Equal(t, utf8, utf8Again)
	})
}
