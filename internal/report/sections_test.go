package report_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestReport_Changes(t *testing.T) {
	t.Parallel()
	p := render(t, ok(0, "a"),
		fmt.Sprintf("smtpprobe_change,relay=a,host=fra1,what=extensions,layer=plain before=\"PIPELINING,STARTTLS\",after=\"PIPELINING\",added=\"\",removed=\"STARTTLS\" %d000000000\n", base+5),
		fmt.Sprintf("smtpprobe_change,relay=a,host=fra1,what=greeting_host,layer=plain before=\"mx1.example.org\",after=\"volatile\",added=\"\",removed=\"\" %d000000000\n", base+9),
	)
	require.Equal(t, [][]string{
		{"2026-11-21 08:33:29", "a · fra1", "greeting_host, plain", "mx1.example.org", "volatile"},
		{"2026-11-21 08:33:25", "a · fra1", "extensions, plain", "PIPELINING,STARTTLS", "PIPELINING"},
	}, p.rows("changes"))
}

func TestReport_Backends(t *testing.T) {
	t.Parallel()
	probe := func(second int, name string, success bool) string {
		if success {
			return line(second, "farm", "", `success=1i,result="none",total_time=0.1,greeting_host="`+name+`"`)
		}
		return line(second, "farm", "", `success=0i,result="recipients_refused",result_reason="relay_denied",total_time=0.1,greeting_host="`+name+`"`)
	}
	p := render(t, probe(0, "b1", true), probe(1, "b2", false), probe(2, "b1", true), probe(3, "b2", false), probe(4, "b3", true), probe(5, "b3", false),
		line(0, "single", "", `success=1i,result="none",total_time=0.1,greeting_host="only"`))
	require.Equal(t, [][]string{
		{"farm", "b2", "2", "2", "100.0 %", "recipients_refused/relay_denied"},
		{"farm", "b3", "2", "1", "50.0 %", "recipients_refused/relay_denied"},
		{"farm", "b1", "2", "0", "0.0 %", ""},
	}, p.rows("backends"))

	var many strings.Builder
	for i := range 1000 {
		many.WriteString(probe(i, fmt.Sprintf("b%d", i), true))
	}
	require.LessOrEqual(t, len(render(t, many.String()).rows("backends")), 65, "a relay cannot fill the page with names")
}

func TestReport_Suspects(t *testing.T) {
	t.Parallel()
	gather := func(second int, host string, suspect int) string {
		return fmt.Sprintf("smtpprobe_gather,host=%s,instance=1 targets=20i,succeeded=1i,failed=19i,failed_network=19i,skipped=0i,canceled=0i,duration=0.5,suspect=%di %d000000000\n", host, suspect, base+second)
	}
	p := render(t, ok(0, "a"), gather(0, "fra1", 0), gather(10, "fra1", 1), gather(20, "fra1", 1), gather(0, "ber2", 0))
	require.Equal(t, [][]string{{"fra1", "2", "3", "2026-11-21 08:33:30", "2026-11-21 08:33:40"}}, p.rows("suspects"))
	require.NotContains(t, render(t, ok(0, "a"), gather(0, "ber2", 0)).text, `id="suspects"`)
}

func TestReport_MailFlow(t *testing.T) {
	t.Parallel()
	arrival := func(second int, state, folder, fields string) string {
		return fmt.Sprintf("smtpprobe_arrival,relay=out,mailbox=inbox,state=%s,folder=%s,error_class=none,reason=none message_id=\"<%d@probe>\"%s %d000000000\n", state, folder, second, fields, base+second)
	}
	p := render(t, ok(0, "out"), arrival(1, "arrived", "inbox", ",delay=1"), arrival(2, "arrived", "junk", ",delay=3"), arrival(3, "late", "inbox", ",delay=200"),
		arrival(4, "lost", "none", ""), arrival(5, "bounced", "none", `,error="550 5.1.1 no such user"`),
		fmt.Sprintf("smtpprobe_flow,relay=out,mailbox=inbox in_flight=2i,oldest_age=40.5,held=0i,sent_total=7i %d000000000\n", base+6),
		fmt.Sprintf("smtpprobe_mailbox,mailbox=inbox,source=s success=0i,result=\"auth_failed\",total_time=0.1 %d000000000\n", base+6),
	)
	require.Equal(t, [][]string{{"out", "inbox", "2 arrived, 1 late, 1 lost, 1 bounced", "1", "3.00 s", "200.00 s", "2", "40.50 s"}}, p.rows("mail"))
	require.Equal(t, [][]string{
		{"2026-11-21 08:33:25", "out", "inbox", "bounced", "none", "", "<5@probe>550 5.1.1 no such user"},
		{"2026-11-21 08:33:24", "out", "inbox", "lost", "none", "", "<4@probe>"},
		{"2026-11-21 08:33:23", "out", "inbox", "late", "inbox", "200.00 s", "<3@probe>"},
		{"2026-11-21 08:33:22", "out", "inbox", "arrived", "junk", "3.00 s", "<2@probe>"},
	}, p.rows("messages"))
	require.Len(t, p.rows("relays"), 1, "a mailbox is not a relay")
}

func TestReport_Accessible(t *testing.T) {
	t.Parallel()
	p := render(t, ok(0, "a"), failed(10, "a", "auth_failed", ""))
	for _, table := range p.find("", "table") {
		region := table.Parent
		require.Equal(t, "0", attribute(region, "tabindex"), "the keyboard reaches a table that scrolls")
		require.Equal(t, "region", attribute(region, "role"))
		require.NotEmpty(t, attribute(region, "aria-label"))
	}
	heights := make(map[string]string)
	for _, rect := range p.find("timeline", "rect") {
		heights[attribute(rect, "class")] = attribute(rect, "height")
	}
	require.Equal(t, map[string]string{"blank": "10", "c0": "4", "c16": "10"}, heights, "success is thinner, for readers who see no color")
	for _, rule := range []string{"@media (max-width:640px)", "@media print", "print-color-adjust:exact", "break-inside:avoid", ":focus-visible", "overflow-x:auto"} {
		require.Contains(t, p.text, rule)
	}
}

func TestReport_GroupsAndCertificates(t *testing.T) {
	t.Parallel()
	group := func(selected string, success int) string {
		return fmt.Sprintf("smtpprobe_group,group=out,selected=%s success=%di,attempts=2i,healthy=1i,total=2i,total_time=0.1 %d000000000\n", selected, success, base)
	}
	p := render(t, group("b", 1), group("a", 1), group("a", 1), group("none", 0),
		line(0, "late", "", `success=1i,result="none",total_time=0.1,cert_expiry=8640000i`),
		line(0, "next", "", `success=1i,result="none",total_time=0.1,cert_expiry=777600i`),
		line(0, "soon", "", `success=0i,result="tls_verify_error",total_time=0.1,cert_expiry=-86400i`),
	)
	require.Equal(t, [][]string{{"out", "75.0 %", "2.0", "1 of 2", "a, b"}}, p.rows("groups"))
	var colors []string
	for _, span := range p.find("certificates", "span") {
		colors = append(colors, attribute(span, "class"))
	}
	require.Equal(t, []string{"tag r5", "tag r4", "tag r2"}, colors)
	require.Equal(t, [][]string{{"soon", "2026-11-20 08:33:20", "-1"}, {"next", "2026-11-30 08:33:20", "9"}, {"late", "2027-03-01 08:33:20", "100"}}, p.rows("certificates"))
}
