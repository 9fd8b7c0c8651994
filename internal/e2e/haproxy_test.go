//go:build e2e

package e2e

import "testing"

func TestHAProxyPassesProbesOnWithTheirAddress(t *testing.T) {
	p := StartPostfix(t, PostfixOptions{})
	h := StartHAProxy(t, p.port(postfixProxied))
	relays := []Relay{
		{Name: "behind HAProxy", URL: "smtp://" + h.port(haproxyPlain), Settings: toAlice, Want: "none/none:250:done"},
		{
			Name: "announced to HAProxy by version 1", URL: "smtp://" + h.port(haproxyAccepting),
			Settings: `proxy_protocol = "v1"` + toAlice, Want: "none/none:250:done",
		},
		{
			Name: "announced to HAProxy by version 2", URL: "smtp://" + h.port(haproxyAccepting),
			Settings: `proxy_protocol = "v2"` + toAlice, Want: "none/none:250:done",
		},
		{
			Name: "announced to Postfix by version 1", URL: "smtp://" + p.port(postfixProxied),
			Settings: `proxy_protocol = "v1"` + toAlice, Want: "none/none:250:done",
		},
		{
			Name: "announced to Postfix by version 2", URL: "smtp://" + p.port(postfixProxied),
			Settings: `proxy_protocol = "v2"` + toAlice, Want: "none/none:250:done",
		},
	}
	unannounced := []Relay{
		{
			Name: "not announced to Postfix", URL: "smtp://" + p.port(postfixProxied),
			Settings: `read_timeout = "500ms"`, Want: "read_timeout/no_greeting:none:greeting",
		},
		{Name: "HAProxy has no server", URL: "smtp://" + h.port(haproxyNoServer), Want: "disconnected/closed:none:greeting"},
	}
	ProbeOnce(t, "helo = \"probe.test\"\n", append(relays, unannounced...))
	for _, r := range relays {
		t.Run("clean session: "+r.Name, func(t *testing.T) {
			p.RequireCleanSession(t, r.Source)
			p.Log.Wait(t, "["+r.Source+"]", "mail=1", "rcpt=1", "rset=1", "quit=1")
		})
	}
}
