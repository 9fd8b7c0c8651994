package report_test

import (
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/report"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// base is a Saturday in 2026, in seconds.
const base = 1795250000

// at is a line of the plugin's, some seconds later. Tags begin with a comma.
func at(second int, relay, tags, fields string) string {
	return fmt.Sprintf("smtpprobe,relay=%s,source=127.0.0.1,port=25,probe=ehlo%s %s %d000000000\n", relay, tags, fields, base+second)
}

func ok(second int, relay string) string {
	return at(second, relay, "", `success=1i,result="none",result_reason="none",result_phase="done",smtp_code=250i,total_time=0.004,connect_time=0.001,ehlo_time=0.003`)
}

func failed(second int, relay, class, reason string) string {
	return at(second, relay, "", fmt.Sprintf(
		`success=0i,result=%q,result_reason=%q,result_phase="rcpt",smtp_code=550i,total_time=0.2,connect_time=0.001,error="%s at rcpt: 550 no"`, class, reason, class))
}

// made is the page of some lines.
func made(t *testing.T, lines ...string) *page {
	t.Helper()
	r := report.New()
	require.NoError(t, r.Read("test", strings.NewReader(strings.Join(lines, ""))))
	var b strings.Builder
	require.NoError(t, r.WriteHTML(&b))
	root, err := html.Parse(strings.NewReader(b.String()))
	require.NoError(t, err)
	return &page{t: t, root: root, text: b.String()}
}

func TestReport_StatesOverTime(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		lines string
		want  []string // class, from and width of each stretch of 240 columns
	}{
		"a relay that works is one stretch":      {ok(0, "a") + ok(10, "a") + ok(20, "a"), []string{"c0 0+240"}},
		"a failure lasts until the next probe":   {ok(0, "a") + failed(10, "a", "auth_failed", "") + ok(20, "a"), []string{"c0 0+80", "c16 80+80", "c0 160+80"}},
		"the order of the lines does not matter": {ok(20, "a") + ok(0, "a") + failed(10, "a", "auth_failed", ""), []string{"c0 0+80", "c16 80+80", "c0 160+80"}},
		"probes that are missing leave a gap":    {ok(0, "a") + ok(10, "a") + ok(20, "a") + ok(70, "a"), []string{"c0 0+120", "c0 210+30"}},
		"a probe alone is the whole":             {ok(0, "a"), []string{"c0 0+240"}},
		"a single gather is the whole of each":   {ok(0, "a") + failed(2, "b", "auth_failed", ""), []string{"c0 0+240", "c16 0+240"}},
		"a failure that was expected is ok":      {at(0, "a", "", `success=1i,result="recipients_refused",total_time=0.1`), []string{"c0 0+240"}},
		"a class that is not known is unknown":   {at(0, "a", "", `success=0i,result="of_a_later_version",total_time=0.1`), []string{"c28 0+240"}},
		"a short failure is not hidden by the rest": {
			strings.Join(func() (lines []string) {
				for i := range 1000 {
					if i == 500 {
						lines = append(lines, failed(i, "a", "auth_failed", ""))
						continue
					}
					lines = append(lines, ok(i, "a"))
				}
				return lines
			}(), ""),
			[]string{"c0 0+120", "c16 120+1", "c0 121+119"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, rect := range made(t, tt.lines).find("timeline", "rect") {
				if class := attribute(rect, "class"); class != "blank" {
					got = append(got, class+" "+attribute(rect, "x")+"+"+attribute(rect, "width"))
				}
			}
			require.Equal(t, tt.want, got)
		})
	}
}

func TestReport_Relays(t *testing.T) {
	t.Parallel()
	p := made(t,
		ok(0, "a"), ok(10, "a"), failed(20, "a", "recipients_refused", "relay_denied"), ok(30, "a"),
		ok(0, "b"), failed(10, "b", "auth_failed", "auth_credentials_invalid"),
		strings.Replace(failed(20, "b", "canceled", "none"), "auth", "canceled", 1),
		"smtpprobe_phase,relay=a,phase=ehlo duration=0.1,code=250i 1795250000000000000\n",
		"cpu,host=x usage=1 1795250000000000000\n",
	)
	require.Equal(t, [][]string{
		{"a", "ok", "4", "75.0 %", "4.00 ms", "200 ms", "08:33:50", "recipients_refused/relay_deniedrecipients_refused at rcpt: 550 no"},
		{"b", "auth_failed", "2", "50.0 %", "4.00 ms", "200 ms", "08:33:30", "auth_failed/auth_credentials_invalidauth_failed at rcpt: 550 no"},
	}, p.rows("relays"))
	require.Equal(t, []string{"a 75.0 %", "b 50.0 %"}, p.timelineLabels())
	causes := p.rows("causes")
	require.Len(t, causes, 2)
	require.Equal(t, []string{"auth_failed", "auth_credentials_invalid", "rcpt", "550", "1", "50.0 %", "credentials", "b"}, causes[0][:8])
	require.Contains(t, causes[0][8], "password")
}

func TestReport_WithoutOutcomeTags(t *testing.T) {
	t.Parallel()
	line := failed(0, "a", "auth_failed", "auth_credentials_invalid")
	p := made(t, strings.Replace(line, "smtpprobe,", "mail_relays,", 1))
	require.Equal(t, "auth_failed", p.rows("relays")[0][1])
}

func TestReport_Labels(t *testing.T) {
	t.Parallel()
	p := made(t,
		at(0, "mx", ",host=berlin,ip=192.0.2.1", `success=1i,result="none",total_time=0.1`),
		at(0, "mx", ",host=berlin,ip=192.0.2.2", `success=1i,result="none",total_time=0.1`),
		at(0, "mx", ",host=oslo,ip=192.0.2.2", `success=0i,result="connect_timeout",total_time=5`),
		at(0, "other", ",host=oslo", `success=1i,result="none",total_time=0.1`),
	)
	var labels []string
	for _, row := range p.rows("relays") {
		labels = append(labels, row[0])
	}
	require.Equal(t, []string{"mx · 192.0.2.1 · berlin", "mx · 192.0.2.2 · berlin", "mx · 192.0.2.2 · oslo", "other"}, labels)
}

func TestReport_Phases(t *testing.T) {
	t.Parallel()
	fields := `success=1i,result="none",total_time=0.1,connect_time=0.01,greeting_time=0.02,tls_time=0.01,quit_time=0.0`
	p := made(t, at(0, "a", "", fields), at(1, "a", "", strings.Replace(fields, "0.02", "0.06", 1)))
	var got []string
	for _, rect := range p.find("latency", "rect")[:4] {
		got = append(got, attribute(rect, "class")+" "+attribute(rect, "x")+"+"+attribute(rect, "width"))
	}
	require.Equal(t, []string{"p-connect 0+25", "p-greeting 25+50", "p-tls 75+25", "p-quit 100+0"}, roundly(got))
	require.Contains(t, p.text, "20 ms, p95 60 ms", "the median and the quantile of the greeting")
}

func TestReport_ImplicitTLS(t *testing.T) {
	t.Parallel()
	fields := `success=1i,result="none",total_time=0.1,connect_time=0.01,greeting_time=0.02,tls_time=0.01`
	for tls, want := range map[string][]string{
		"implicit": {"p-connect", "p-tls", "p-greeting"},
		"required": {"p-connect", "p-greeting", "p-tls"},
	} {
		var got []string
		for _, rect := range made(t, at(0, "a", ",tls="+tls, fields)).find("latency", "rect")[:3] {
			got = append(got, attribute(rect, "class"))
		}
		require.Equal(t, want, got, tls)
	}
}

func TestReport_ReplyCodes(t *testing.T) {
	t.Parallel()
	p := made(t,
		ok(0, "a"), ok(10, "a"), ok(10, "b"),
		failed(20, "a", "recipients_refused", "relay_denied"),
		at(30, "a", "", `success=0i,result="connect_error",result_reason="refused",result_phase="connect",smtp_code=0i,total_time=0.1`),
		at(40, "a", "", `success=0i,result="protocol_error",result_reason="bad_code",result_phase="greeting",smtp_code=70000i,total_time=0.1`),
	)
	require.Equal(t, [][]string{
		{"–", "2", "33.3 %", "connect, greeting", "a", "11"},
		{"250", "3", "50.0 %", "", "a, b", "12"},
		{"550", "1", "16.7 %", "rcpt", "a", "1"},
	}, p.rows("codes"), "the last cell is how often, over time")
	var classes []string
	for _, rect := range p.find("codes", "rect") {
		classes = append(classes, attribute(rect, "class"))
	}
	require.Equal(t, []string{"blank", "r0", "r0", "blank", "r2", "r2", "blank", "r5"}, classes)
}

func TestReport_FailuresOverTime(t *testing.T) {
	t.Parallel()
	p := made(t,
		failed(0, "a", "auth_failed", "auth_credentials_invalid"), failed(0, "b", "auth_failed", "auth_temporary"),
		failed(0, "c", "auth_failed", "auth_temporary"), ok(60, "a"), failed(120, "a", "connect_error", "refused"),
	)
	var got []string
	for _, title := range p.find("failures", "title") {
		got = append(got, content(title))
	}
	require.Equal(t, []string{"1 auth_failed/auth_credentials_invalid", "2 auth_failed/auth_temporary", "1 connect_error/refused"}, got)
	require.Contains(t, p.text, "at most 3 at a time")
}

func TestReport_ManyRelaysInARow(t *testing.T) {
	t.Parallel()
	var lines strings.Builder
	for i := range 20 {
		lines.WriteString(failed(0, fmt.Sprintf("relay%02d", i), "auth_failed", ""))
	}
	causes := made(t, lines.String()).rows("causes")
	require.Equal(t, "relay00, relay01, relay02, relay03, relay04, relay05, relay06, relay07 and 12 more", causes[0][7])
}

func TestReport_GroupsAndCertificates(t *testing.T) {
	t.Parallel()
	group := func(selected string, success int) string {
		return fmt.Sprintf("smtpprobe_group,group=out,selected=%s success=%di,attempts=2i,healthy=1i,total=2i,total_time=0.1 %d000000000\n", selected, success, base)
	}
	p := made(t, group("b", 1), group("a", 1), group("a", 1), group("none", 0),
		at(0, "late", "", `success=1i,result="none",total_time=0.1,cert_expiry=8640000i`),
		at(0, "next", "", `success=1i,result="none",total_time=0.1,cert_expiry=777600i`),
		at(0, "soon", "", `success=0i,result="tls_verify_error",total_time=0.1,cert_expiry=-86400i`),
	)
	require.Equal(t, [][]string{{"out", "75.0 %", "2.0", "1 of 2", "a, b"}}, p.rows("groups"))
	var colors []string
	for _, span := range p.find("certificates", "span") {
		colors = append(colors, attribute(span, "class"))
	}
	require.Equal(t, []string{"tag r5", "tag r4", "tag r2"}, colors)
	require.Equal(t, [][]string{{"soon", "2026-11-20 08:33:20", "-1"}, {"next", "2026-11-30 08:33:20", "9"}, {"late", "2027-03-01 08:33:20", "100"}}, p.rows("certificates"))
}

func TestReport_TextIsNotMarkup(t *testing.T) {
	t.Parallel()
	const evil = `</title><script>alert(1)</script>"'`
	p := made(t, fmt.Sprintf("smtpprobe,relay=%s success=0i,result=%q,result_reason=%q,result_phase=%[2]q,total_time=0.1,error=%[2]q %[4]d000000000\n",
		strings.NewReplacer(" ", `\ `, ",", `\,`, "=", `\=`).Replace(evil), evil, evil, base))
	require.Empty(t, p.find("", "script"))
	require.Equal(t, evil, p.rows("relays")[0][0])
	require.NotContains(t, p.text, "ZgotmplZ")
}

func TestReport_ControlCharacters(t *testing.T) {
	t.Parallel()
	p := made(t, at(0, "a\u202eb\u200b\x01", "", `success=0i,result="auth_failed",total_time=0.1,error="`+strings.Repeat("x", 5000)+`"`))
	require.Equal(t, `a\u202eb\u200b\u0001`, p.rows("relays")[0][0])
	require.NotContains(t, p.text, strings.Repeat("x", 1001))
}

func TestReport_SelfContained(t *testing.T) {
	t.Parallel()
	p := made(t, ok(0, "a"), failed(1, "a", "auth_failed", ""))
	for _, reference := range []string{"http:", "https:", "src=", "href=", "@import", "url("} {
		require.NotContains(t, p.text, reference)
	}
}

func TestReport_ClassColors(t *testing.T) {
	t.Parallel()
	text := made(t, ok(0, "a")).text
	seen := make(map[string]string)
	for _, class := range smtperr.Classes() {
		_, rule, found := strings.Cut(text, fmt.Sprintf(".c%d{", class))
		require.True(t, found, class.String())
		rule, _, _ = strings.Cut(rule, "}")
		require.Empty(t, seen[rule], class.String())
		seen[rule] = class.String()
	}
}

func TestReport_EveryTimedPhase(t *testing.T) {
	t.Parallel()
	fields := []string{`success=1i,result="none",total_time=0.1`}
	for _, phase := range smtperr.Phases() {
		if phase != smtperr.PhaseConfig && phase != smtperr.PhaseDone {
			fields = append(fields, fmt.Sprintf("%s_time=0.01", phase))
		}
	}
	want := len(fields) - 1
	p := made(t, at(0, "a", "", strings.Join(fields, ",")))
	colors := make(map[string]bool)
	for _, rect := range p.find("latency", "rect")[:want] {
		_, rule, found := strings.Cut(p.text, "."+attribute(rect, "class")+"{")
		require.True(t, found, attribute(rect, "class"))
		rule, _, _ = strings.Cut(rule, "}")
		colors[rule] = true
	}
	require.Len(t, colors, want, "each has a color of its own")
}

func TestReport_Errors(t *testing.T) {
	t.Parallel()
	r := report.New()
	require.ErrorIs(t, r.WriteHTML(io.Discard), report.ErrNoProbes)
	require.NoError(t, r.Read("x", strings.NewReader("cpu usage=1\n# a comment\n\n")))
	require.ErrorIs(t, r.WriteHTML(io.Discard), report.ErrNoProbes)
	require.EqualError(t, r.Read("results.lp", strings.NewReader(ok(0, "a")+"this is not it\n")), "results.lp is not line protocol: line 2, column 8")
	require.ErrorIs(t, r.Read("x", broken{}), io.ErrUnexpectedEOF)
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// manyLines are results of 100 relays.
func manyLines(n int) string {
	var lines strings.Builder
	for i := range n {
		if name := fmt.Sprintf("relay%d", i%100); i%7 == 0 {
			lines.WriteString(failed(i/100, name, "auth_failed", "auth_credentials_invalid"))
		} else {
			lines.WriteString(ok(i/100, name))
		}
	}
	return lines.String()
}

// A year of a probe a minute is half a million results.
func TestReport_Memory(t *testing.T) {
	const n, most = 100_000, 150 // bytes of each
	lines := manyLines(n)
	r := report.New()
	before := heap()
	require.NoError(t, r.Read("many", strings.NewReader(lines)))
	require.Less(t, (heap()-before)/n, int64(most))
	var page counter
	require.NoError(t, r.WriteHTML(&page))
	require.Less(t, int64(page), int64(100*20_000), "the page grows with the relays and not with the results")
}

func heap() int64 {
	var now runtime.MemStats
	runtime.GC() //nolint:revive // what is garbage is not held
	runtime.ReadMemStats(&now)
	return int64(now.HeapAlloc)
}

type counter int64

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}

func BenchmarkReport(b *testing.B) {
	lines := manyLines(100_000)
	b.SetBytes(int64(len(lines)))
	b.ReportAllocs()
	for b.Loop() {
		r := report.New()
		require.NoError(b, r.Read("benchmark", strings.NewReader(lines)))
		require.NoError(b, r.WriteHTML(io.Discard))
	}
}
