//go:build e2e

package e2e

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestHAProxy_ProxyProtocol(t *testing.T) {
	p := StartPostfix(t, PostfixOptions{})
	h := StartHAProxy(t, p.At(postfixProxied))
	relays := []Relay{
		{Name: "HAProxy", URL: "smtp://" + h.At(haproxyPlain), Settings: toAlice, Want: "none/none:250:done"},
		{
			Name: "header version 1 to HAProxy", URL: "smtp://" + h.At(haproxyAccepting),
			Settings: `proxy_protocol = "v1"` + toAlice, Want: "none/none:250:done",
		},
		{
			Name: "header version 2 to HAProxy", URL: "smtp://" + h.At(haproxyAccepting),
			Settings: `proxy_protocol = "v2"` + toAlice, Want: "none/none:250:done",
		},
		{
			Name: "header version 1 to Postfix", URL: "smtp://" + p.At(postfixProxied),
			Settings: `proxy_protocol = "v1"` + toAlice, Want: "none/none:250:done",
		},
		{
			Name: "header version 2 to Postfix", URL: "smtp://" + p.At(postfixProxied),
			Settings: `proxy_protocol = "v2"` + toAlice, Want: "none/none:250:done",
		},
	}
	withoutHeader := []Relay{
		{
			Name: "no header to Postfix", URL: "smtp://" + p.At(postfixProxied),
			Settings: `read_timeout = "500ms"`, Want: "read_timeout/no_greeting:none:greeting",
		},
		{Name: "HAProxy without a server", URL: "smtp://" + h.At(haproxyNoServer), Want: "disconnected/closed:none:greeting"},
	}
	all := slices.Concat(relays, withoutHeader)
	ProbeOnce(t, "helo = \"probe.test\"\n", all)
	for _, r := range all[:len(relays)] {
		t.Run("clean session/"+r.Name, func(t *testing.T) {
			p.RequireCleanSession(t, r.Source)
			p.Log.Wait(t, "["+r.Source+"]", "mail=1", "rcpt=1", "rset=1", "quit=1")
		})
	}
	// Without a header the client would be HAProxy's address.
	for _, line := range p.Log.Lines(t, ": connect from") {
		require.True(t, slices.ContainsFunc(all, func(r Relay) bool { return strings.Contains(line, "["+r.Source+"]") }), line)
	}
	p.RequireNoLostConnection(t)
}
