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

// line returns a line of the metric smtpprobe, some seconds after base. tags begins
// with a comma.
func line(second int, relay, tags, fields string) string {
	return fmt.Sprintf("smtpprobe,relay=%s,source=127.0.0.1,port=25,probe=ehlo%s %s %d000000000\n", relay, tags, fields, base+second)
}

func ok(second int, relay string) string {
	return line(second, relay, "", `success=1i,result="none",result_reason="none",result_phase="done",smtp_code=250i,total_time=0.004,connect_time=0.001,ehlo_time=0.003`)
}

func failed(second int, relay, class, reason string) string {
	return line(second, relay, "", fmt.Sprintf(
		`success=0i,result=%q,result_reason=%q,result_phase="rcpt",smtp_code=550i,total_time=0.2,connect_time=0.001,error="%s at rcpt: 550 no"`, class, reason, class))
}

// render returns the page for lines of results.
func render(t *testing.T, lines ...string) *page {
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
		want  []string // class, first column and width of each span of 240 columns
	}{
		"working relay":                {lines: ok(0, "a") + ok(10, "a") + ok(20, "a"), want: []string{"c0 0+240"}},
		"failure until the next probe": {lines: ok(0, "a") + failed(10, "a", "auth_failed", "") + ok(20, "a"), want: []string{"c0 0+80", "c16 80+80", "c0 160+80"}},
		"unordered lines":              {lines: ok(20, "a") + ok(0, "a") + failed(10, "a", "auth_failed", ""), want: []string{"c0 0+80", "c16 80+80", "c0 160+80"}},
		"missing probes":               {lines: ok(0, "a") + ok(10, "a") + ok(20, "a") + ok(70, "a"), want: []string{"c0 0+120", "c0 210+30"}},
		"single probe":                 {lines: ok(0, "a"), want: []string{"c0 0+240"}},
		"single gather":                {lines: ok(0, "a") + failed(2, "b", "auth_failed", ""), want: []string{"c16 0+240", "c0 0+240"}},
		"expected failure":             {lines: line(0, "a", "", `success=1i,result="recipients_refused",total_time=0.1`), want: []string{"c0 0+240"}},
		"class of a later version":     {lines: line(0, "a", "", `success=0i,result="of_a_later_version",total_time=0.1`), want: []string{"c28 0+240"}},
		"short failure among 1000 probes": {
			lines: strings.Join(func() (lines []string) {
				for i := range 1000 {
					if i == 500 {
						lines = append(lines, failed(i, "a", "auth_failed", ""))
						continue
					}
					lines = append(lines, ok(i, "a"))
				}
				return lines
			}(), ""),
			want: []string{"c0 0+120", "c16 120+1", "c0 121+119"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, rect := range render(t, tt.lines).find("timeline", "rect") {
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
	p := render(t,
		ok(0, "a"), ok(10, "a"), failed(20, "a", "recipients_refused", "relay_denied"), ok(30, "a"),
		ok(0, "b"), failed(10, "b", "auth_failed", "auth_credentials_invalid"),
		strings.Replace(failed(20, "b", "canceled", "none"), "auth", "canceled", 1),
		"smtpprobe_phase,relay=a,phase=ehlo duration=0.1,code=250i 1795250000000000000\n",
		"cpu,host=x usage=1 1795250000000000000\n",
	)
	require.Equal(t, [][]string{
		{"b", "auth_failed", "2", "50.0 %", "4.00 ms", "200 ms", "08:33:30", "auth_failed/auth_credentials_invalidauth_failed at rcpt: 550 no"},
		{"a", "ok", "4", "75.0 %", "4.00 ms", "200 ms", "08:33:50", "recipients_refused/relay_deniedrecipients_refused at rcpt: 550 no"},
	}, p.rows("relays"), "relays that fail now come first")
	require.Equal(t, []string{"b 50.0 %", "a 75.0 %"}, p.timelineLabels())
	causes := p.rows("causes")
	require.Len(t, causes, 2)
	require.Equal(t, []string{"auth_failed", "auth_credentials_invalid", "rcpt", "550", "1", "50.0 %", "credentials", "b"}, causes[0][:8])
	require.Contains(t, causes[0][8], "password")
}

func TestReport_RenamedMetric(t *testing.T) {
	t.Parallel()
	p := render(t, strings.Replace(failed(0, "a", "auth_failed", "auth_credentials_invalid"), "smtpprobe,", "mail_relays,", 1))
	require.Equal(t, "auth_failed", p.rows("relays")[0][1])
}

func TestReport_Labels(t *testing.T) {
	t.Parallel()
	p := render(t,
		line(0, "mx", ",host=berlin,ip=192.0.2.1", `success=1i,result="none",total_time=0.1`),
		line(0, "mx", ",host=berlin,ip=192.0.2.2", `success=1i,result="none",total_time=0.1`),
		line(0, "mx", ",host=oslo,ip=192.0.2.2", `success=0i,result="connect_timeout",total_time=5`),
		line(0, "other", ",host=oslo", `success=1i,result="none",total_time=0.1`),
	)
	var labels []string
	for _, row := range p.rows("relays") {
		labels = append(labels, row[0])
	}
	require.Equal(t, []string{"mx · 192.0.2.2 · oslo", "mx · 192.0.2.1 · berlin", "mx · 192.0.2.2 · berlin", "other"}, labels)
}

func TestReport_Phases(t *testing.T) {
	t.Parallel()
	fields := `success=1i,result="none",total_time=0.1,connect_time=0.01,greeting_time=0.02,tls_time=0.01,quit_time=0.0`
	p := render(t, line(0, "a", "", fields), line(1, "a", "", strings.Replace(fields, "0.02", "0.06", 1)))
	var got []string
	for _, rect := range p.find("latency", "rect")[:4] {
		got = append(got, attribute(rect, "class")+" "+attribute(rect, "x")+"+"+attribute(rect, "width"))
	}
	require.Equal(t, []string{"p-connect 0+25", "p-greeting 25+50", "p-tls 75+25", "p-quit 100+0"}, rounded(got))
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
		for _, rect := range render(t, line(0, "a", ",tls="+tls, fields)).find("latency", "rect")[:3] {
			got = append(got, attribute(rect, "class"))
		}
		require.Equal(t, want, got, tls)
	}
}

func TestReport_ReplyCodes(t *testing.T) {
	t.Parallel()
	p := render(t,
		ok(0, "a"), ok(10, "a"), ok(10, "b"),
		failed(20, "a", "recipients_refused", "relay_denied"),
		line(30, "a", "", `success=0i,result="connect_error",result_reason="refused",result_phase="connect",smtp_code=0i,total_time=0.1`),
		line(40, "a", "", `success=0i,result="protocol_error",result_reason="bad_code",result_phase="greeting",smtp_code=70000i,total_time=0.1`),
	)
	require.Equal(t, [][]string{
		{"–", "2", "33.3 %", "connect, greeting", "a", "11"},
		{"250", "3", "50.0 %", "", "a, b", "12"},
		{"550", "1", "16.7 %", "rcpt", "a", "1"},
	}, p.rows("codes"), "the last cell has the counts over time")
	var classes []string
	for _, rect := range p.find("codes", "rect") {
		classes = append(classes, attribute(rect, "class"))
	}
	require.Equal(t, []string{"blank", "r0", "r0", "blank", "r2", "r2", "blank", "r5"}, classes)
}

func TestReport_FailuresOverTime(t *testing.T) {
	t.Parallel()
	p := render(t,
		failed(0, "a", "auth_failed", "auth_credentials_invalid"), failed(0, "b", "auth_failed", "auth_temporary"),
		failed(0, "c", "auth_failed", "auth_temporary"), ok(60, "a"), failed(120, "a", "connect_error", "refused"),
	)
	var got []string
	for _, title := range p.find("failures", "title") {
		got = append(got, content(title))
	}
	require.Equal(t, []string{"1 auth_failed/auth_credentials_invalid", "2 auth_failed/auth_temporary", "1 connect_error/refused"}, got)
	require.Contains(t, p.text, "up to 3 at a time")
}

func TestReport_ManyRelaysOfOneCause(t *testing.T) {
	t.Parallel()
	var lines strings.Builder
	for i := range 20 {
		lines.WriteString(failed(0, fmt.Sprintf("relay%02d", i), "auth_failed", ""))
	}
	causes := render(t, lines.String()).rows("causes")
	require.Equal(t, "relay00, relay01, relay02, relay03, relay04, relay05, relay06, relay07 and 12 more", causes[0][7])
}

func TestReport_SelfContained(t *testing.T) {
	t.Parallel()
	p := render(t, ok(0, "a"), failed(1, "a", "auth_failed", ""))
	for _, reference := range []string{"http:", "https:", "src=", "href=", "@import", "url("} {
		require.NotContains(t, p.text, reference)
	}
}

func TestReport_ClassColors(t *testing.T) {
	t.Parallel()
	text := render(t, ok(0, "a")).text
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
	p := render(t, line(0, "a", "", strings.Join(fields, ",")))
	colors := make(map[string]bool)
	for _, rect := range p.find("latency", "rect")[:want] {
		_, rule, found := strings.Cut(p.text, "."+attribute(rect, "class")+"{")
		require.True(t, found, attribute(rect, "class"))
		rule, _, _ = strings.Cut(rule, "}")
		colors[rule] = true
	}
	require.Len(t, colors, want, "each phase has a color of its own")
}

func TestReport_Errors(t *testing.T) {
	t.Parallel()
	r := report.New()
	require.ErrorIs(t, r.WriteHTML(io.Discard), report.ErrNoProbes)
	require.NoError(t, r.Read("x", strings.NewReader("cpu usage=1\n# a comment\n\n")))
	require.ErrorIs(t, r.WriteHTML(io.Discard), report.ErrNoProbes)
	require.EqualError(t, r.Read("results.lp", strings.NewReader(ok(0, "a")+"not line protocol\n")), "results.lp is not line protocol: line 2, column 9")
	require.ErrorIs(t, r.Read("x", broken{}), io.ErrUnexpectedEOF)
}

// broken is a reader that fails.
type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// manyLines returns n results of 100 relays.
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

// A probe a minute for a year makes half a million results.
func TestReport_Memory(t *testing.T) {
	const n, most = 100_000, 150 // bytes per result
	lines := manyLines(n)
	r := report.New()
	before := heap()
	require.NoError(t, r.Read("many", strings.NewReader(lines)))
	require.Less(t, (heap()-before)/n, int64(most))
	var page counter
	require.NoError(t, r.WriteHTML(&page))
	require.Less(t, int64(page), int64(100*20_000), "the size of the page depends on the number of relays only")
}

func heap() int64 {
	var stats runtime.MemStats
	runtime.GC() //nolint:revive // measures live objects
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
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
