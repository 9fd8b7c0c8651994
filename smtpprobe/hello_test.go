package smtpprobe_test

import (
	"net"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/hostname"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

func TestProber_ZeroValue(t *testing.T) {
	t.Parallel()
	srv := smtptest.Start(t, smtptest.Script{})
	r := new(smtpprobe.Prober).Probe(t.Context(), smtpprobe.Target{Host: srv.Host(), Port: srv.Port()}, smtpprobe.Plan{})
	require.NoError(t, r.Err)
	require.True(t, r.Expected)
	require.Equal(t, smtpprobe.DepthEHLO, r.Depth)
	require.Equal(t, "127.0.0.1", r.LocalAddr.String())
	require.Regexp(t, `^EHLO (\[127\.0\.0\.1\]|[^ \[]+\.[^ ]+)$`, srv.Session(t).Commands()[0])
}

func TestHello_AddressLiteral(t *testing.T) {
	t.Parallel()
	if name := hostname.Local(); name != "" {
		t.Skipf("this host has the name %s", name)
	}
	for _, ip := range []string{"127.0.0.1", "::1"} {
		srv := smtptest.Start(t, smtptest.Script{}, smtptest.On("tcp", net.JoinHostPort(ip, "0")))
		r := new(smtpprobe.Prober).Probe(t.Context(), smtpprobe.Target{Host: ip, Port: srv.Port()}, smtpprobe.Plan{})
		require.NoError(t, r.Err)
		want := map[string]string{"127.0.0.1": "EHLO [127.0.0.1]", "::1": "EHLO [IPv6:::1]"}[ip]
		require.Equal(t, want, srv.Session(t).Commands()[0])
	}
}

func TestHello_WrongProtocol(t *testing.T) {
	t.Parallel()
	unknown := smtptest.Say("500 5.5.1 unknown command, this is LMTP")
	for _, tt := range []struct {
		name   string
		script smtptest.Script
		lmtp   bool
		reason smtperr.Reason
	}{
		{name: "LHLO to an SMTP server", script: smtptest.Script{LHLO: smtptest.Say("502 what")}, lmtp: true, reason: smtperr.ReasonNotLMTP},
		{name: "LHLO refused", script: smtptest.Script{LHLO: smtptest.Say("550 not you")}, lmtp: true, reason: smtperr.ReasonRefused},
		{name: "EHLO and HELO to an LMTP server", script: smtptest.Script{EHLO: unknown, HELO: unknown}, reason: smtperr.ReasonNotSMTPLMTP},
		{name: "only EHLO names LMTP", script: smtptest.Script{EHLO: smtptest.Say("500 use LHLO"), HELO: smtptest.Say("502 no")}, reason: smtperr.ReasonNotSMTPLMTP},
		{name: "neither names LMTP", script: smtptest.Script{EHLO: smtptest.Say("500 what"), HELO: smtptest.Say("500 what")}, reason: smtperr.ReasonRefused},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r, _ := converse(t, plain, tt.script, func(p *probing) { p.LMTP = tt.lmtp })
			require.Equal(t, smtperr.ClassHeloRefused, failure(r).Class)
			if tt.reason == smtperr.ReasonRefused {
				require.NotContains(t, string(failure(r).Reason), "lmtp")
				return
			}
			require.Equal(t, tt.reason, failure(r).Reason)
			require.Equal(t, smtperr.FaultConfig, failure(r).Fault())
		})
	}
}

func TestReplyHosts(t *testing.T) {
	t.Parallel()
	for reply, want := range map[string]string{
		"220 MX1.example.org ESMTP":       "mx1.example.org",
		"220 -ESMTP_x":                    "other",
		"220":                             "",
		"220 " + strings.Repeat("a", 254): "other",
		"220-mx2.example.org\r\n220 more": "mx2.example.org",
	} {
		r, _ := converse(t, plain, smtptest.Script{Greeting: smtptest.Say(reply), EHLO: smtptest.Say("250 Backend7")}, nil)
		require.NoError(t, r.Err)
		require.Equal(t, want, r.GreetingHost, reply)
		require.Equal(t, "backend7", r.EHLOHost)
	}
	for reply, want := range map[string]string{
		"421 4.3.2 busy":                   "",
		"421 busy":                         "",
		"421 4.3.2 mx3.example.org closes": "mx3.example.org",
		"554-mx4.example.org\r\n554 no":    "mx4.example.org",
	} {
		r, _ := converse(t, plain, smtptest.Script{Greeting: smtptest.Say(reply)}, nil)
		require.Equal(t, want, r.GreetingHost, reply)
	}
}

// The probe does not wait for a line end after a TLS alert.
func TestGreeting_TLSAlert(t *testing.T) {
	t.Parallel()
	r, _ := converse(t, plain, smtptest.Script{Greeting: smtptest.Then(smtptest.Raw("\x15\x03\x01\x00\x02\x02\x46"), smtptest.Silence())}, nil)
	require.Equal(t, smtperr.ReasonTLSOnPlaintextPort, failure(r).Reason)
	require.Less(t, r.Total, probeTimeout/2)
}

func TestReplyHosts_RefusedGreeting(t *testing.T) {
	t.Parallel()
	for reply, want := range map[string]string{
		"554 mx1.example.org no service": "mx1.example.org",
		"421 4.3.2 busy":                 "",
		"554 go away":                    "",
	} {
		r, _ := converse(t, plain, smtptest.Script{Greeting: smtptest.Say(reply)}, nil)
		require.Error(t, r.Err)
		require.Equal(t, want, r.GreetingHost, reply)
	}
}
