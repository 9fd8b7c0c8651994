package smtpprobe

import (
	"context"
	"fmt"
	"net/netip"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/influxdata/telegraf"
	"github.com/influxdata/telegraf/config"
	"github.com/influxdata/telegraf/selfstat"
	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe"
)

// logged gathers once and returns the log without times.
func logged(t *testing.T, p *SMTPProbe, srv *smtptest.Server) string {
	t.Helper()
	acc := newRecord(t)
	require.NoError(t, p.Gather(acc))
	text := strings.ReplaceAll(p.Log.(*debugLog).text(), srv.Addr().String(), "relay")
	return regexp.MustCompile(` +\d+\.\d+s `).ReplaceAllString(text, " T ")
}

func TestLog_Failure(t *testing.T) {
	script := accounts("another")
	script.Greeting = smtptest.Say("220 relay \x1b[31mred\x00 caf\xe9")
	script.Extensions = []string{"SIZE 1000"}
	script.Auth = smtptest.Say("535 5.7.8 no such password: s3cret-s3cret (AHByb2JlAHMzY3JldC1zM2NyZXQ=)")
	srv := smtptest.Start(t, script)
	p := initialized(t, fmt.Sprintf(`
		[[inputs.smtpprobe]]
		helo = "probe.example"
		probe = "auth"
		username = "probe"
		password = "s3cret-s3cret"
		auth_mechanism = "PLAIN"
		auth_cleartext = true
		[[inputs.smtpprobe.relay]]
		name = "outbound"
		url = "smtp://%s"`, srv.Addr()))
	require.Equal(t, strings.TrimSpace(`
outbound: smtp: AUTH: 535 5.7.8 no such password: *** (***)
outbound: T * connected to relay
outbound: T S 220 relay \x1b[31mred\x00 caf\xe9
outbound: T C EHLO probe.example
outbound: T S 250-relay.test
outbound: T S 250-SIZE 1000
outbound: T S 250 AUTH PLAIN LOGIN CRAM-MD5 SCRAM-SHA-1 SCRAM-SHA-256
outbound: T C AUTH PLAIN *** (28 bytes)
outbound: T S 535 5.7.8 no such password: *** (***)
outbound: T C QUIT
outbound: T S 221 2.0.0 bye
outbound: T * closed`), logged(t, p, srv))
}

func TestLog_RefusedToken(t *testing.T) {
	p, _ := bearer(t, "XOAUTH2", "another")
	acc := newRecord(t)
	require.NoError(t, p.Gather(acc))
	text := p.Log.(*debugLog).text()
	require.Contains(t, text, "C AUTH XOAUTH2 ***")
	require.NotContains(t, text, "token-1")
	require.NotContains(t, text, "auth=Bearer")
	require.NotContains(t, text, "dXNlcj1wcm9iZ") // user=probe
	require.NotContains(t, acc.only(t, "smtpprobe").Fields()["error"], "token-1")
}

func TestLog_HostAndAddress(t *testing.T) {
	s := withEngine(t, []string{"mx://example.org", "smtp://r.example"}, func(p *SMTPProbe) { p.Addresses = "all" })
	s.probeAs = refusing
	mx, host, address := s.parsedRelays[0].target, s.parsedRelays[1].target, s.parsedRelays[1].target
	mx.Host, address.IP = "mx1.example.org", netip.MustParseAddr("192.0.2.1")
	s.engine.expand = func(_ context.Context, p *probeRequest) ([]smtpprobe.Target, *smtpprobe.Result) {
		if p.Target.Domain != "" {
			return []smtpprobe.Target{mx}, nil
		}
		return []smtpprobe.Target{host, address}, nil
	}
	s.gathered(t)
	const refused = ": smtp: connect: could not connect"
	require.ElementsMatch(t, []string{
		"mx://example.org (mx1.example.org)" + refused,
		"smtp://r.example (r.example)" + refused,
		"smtp://r.example (r.example 192.0.2.1)" + refused,
	}, s.log.lines)
}

// quietLog is a log at level info.
type quietLog struct{ debugLog }

func (*quietLog) Level() telegraf.LogLevel { return telegraf.Info }

func TestLog_Transcript_LevelInfo(t *testing.T) {
	s := withEngine(t, many(1), func(p *SMTPProbe) { p.Log = &quietLog{} })
	s.gathered(t)
	require.Equal(t, smtpprobe.TranscriptNever, s.probed[0].Plan.Transcript)
}

func TestLog_ExpectedFailure(t *testing.T) {
	srv := smtptest.Start(t, smtptest.Script{Greeting: smtptest.Say("554 no")})
	p := initialized(t, fmt.Sprintf(`
		[[inputs.smtpprobe]]
		servers = ["smtp://%s"]
		helo = "probe.example"
		expect = ["greeting_refused"]`, srv.Addr()))
	require.Empty(t, logged(t, p, srv))
}

func TestStatistics(t *testing.T) {
	s := withEngine(t, many(3), func(p *SMTPProbe) {
		p.Backoff = config.Duration(time.Hour)
		p.Statistics = selfstat.NewCollector(map[string]string{"alias": "counted"}) // as Telegraf sets it
	})
	s.probeAs = func(p *probeRequest) *smtpprobe.Result {
		if p.Target.Host == "r0.example" {
			return refusing(p)
		}
		r := working(p)
		r.MessageAccepted = true
		return r
	}
	counted := func() map[string]any {
		for _, m := range selfstat.Metrics() {
			if m.Name() == "internal_smtpprobe" && m.Tags()["alias"] == "counted" {
				return m.Fields()
			}
		}
		return nil
	}
	before := counted()
	for range 3 { // the failing relay is skipped in the third
		s.gathered(t)
	}
	for field, more := range map[string]int64{"probes": 8, "probes_failed": 2, "probes_skipped": 1, "messages_accepted": 6} {
		require.Equal(t, before[field].(int64)+more, counted()[field], field)
	}
}
