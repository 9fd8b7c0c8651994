package report_test

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/report"
)

func TestReport_Changes(t *testing.T) {
	t.Parallel()
	p := made(t, ok(0, "a"),
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
	of := func(second int, name string, success bool) string {
		if success {
			return at(second, "farm", "", `success=1i,result="none",total_time=0.1,greeting_host="`+name+`"`)
		}
		return at(second, "farm", "", `success=0i,result="recipients_refused",result_reason="relay_denied",total_time=0.1,greeting_host="`+name+`"`)
	}
	p := made(t, of(0, "b1", true), of(1, "b2", false), of(2, "b1", true), of(3, "b2", false), of(4, "b3", true), of(5, "b3", false),
		at(0, "alone", "", `success=1i,result="none",total_time=0.1,greeting_host="only"`))
	require.Equal(t, [][]string{
		{"farm", "b2", "2", "2", "100.0 %", "recipients_refused/relay_denied"},
		{"farm", "b3", "2", "1", "50.0 %", "recipients_refused/relay_denied"},
		{"farm", "b1", "2", "0", "0.0 %", ""},
	}, p.rows("backends"))

	var many strings.Builder
	for i := range 1000 {
		many.WriteString(of(i, fmt.Sprintf("b%d", i), true))
	}
	require.LessOrEqual(t, len(made(t, many.String()).rows("backends")), 65, "a peer cannot fill the page with names")
}

func TestReport_Suspects(t *testing.T) {
	t.Parallel()
	gather := func(second int, host string, suspect int) string {
		return fmt.Sprintf("smtpprobe_gather,host=%s,instance=1 targets=20i,succeeded=1i,failed=19i,failed_network=19i,skipped=0i,canceled=0i,duration=0.5,suspect=%di %d000000000\n", host, suspect, base+second)
	}
	p := made(t, ok(0, "a"), gather(0, "fra1", 0), gather(10, "fra1", 1), gather(20, "fra1", 1), gather(0, "ber2", 0))
	require.Equal(t, [][]string{{"fra1", "2", "3", "2026-11-21 08:33:30", "2026-11-21 08:33:40"}}, p.rows("suspects"))
	require.NotContains(t, made(t, ok(0, "a"), gather(0, "ber2", 0)).text, `id="suspects"`)
}

func TestReport_MailFlow(t *testing.T) {
	t.Parallel()
	arrival := func(second int, state, folder, fields string) string {
		return fmt.Sprintf("smtpprobe_arrival,relay=out,mailbox=inbox,state=%s,folder=%s,error_class=none,reason=none message_id=\"<%d@probe>\"%s %d000000000\n", state, folder, second, fields, base+second)
	}
	p := made(t, ok(0, "out"), arrival(1, "arrived", "inbox", ",delay=1"), arrival(2, "arrived", "junk", ",delay=3"), arrival(3, "late", "inbox", ",delay=200"),
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
	require.Len(t, p.rows("relays"), 1, "a mailbox is no relay")
}

func TestReport_ControlCharactersInEveryName(t *testing.T) {
	t.Parallel()
	const evil = "x\u202ey\u0085"
	p := made(t, at(0, evil, ",host="+evil+",ip="+evil, `success=0i,result="auth_failed",result_reason="`+evil+`",result_phase="`+evil+`",total_time=0.1,greeting_host="`+evil+`",error="`+evil+`"`),
		at(1, evil, ",host=other", `success=1i,result="none",total_time=0.1,greeting_host="b"`),
		fmt.Sprintf("smtpprobe_group,group=%s,selected=%[1]s success=1i,attempts=1i,healthy=1i,total=1i,total_time=0.1 %d000000000\n", evil, base),
		fmt.Sprintf("smtpprobe_change,relay=%s,host=%[1]s,what=%[1]s,layer=%[1]s before=\"%[1]s\",after=\"%[1]s\",added=\"\",removed=\"\" %d000000000\n", evil, base),
		fmt.Sprintf("smtpprobe_gather,host=%s,instance=%[1]s targets=20i,failed_network=19i,suspect=1i %d000000000\n", evil, base),
		fmt.Sprintf("smtpprobe_arrival,relay=%s,mailbox=%[1]s,state=%[1]s,folder=%[1]s message_id=\"%[1]s\",error=\"%[1]s\" %d000000000\n", evil, base),
	)
	require.NotContains(t, p.text, "\u202e")
	require.NotContains(t, p.text, "\u0085")
	require.Equal(t, `x\u202ey\u0085`, p.rows("groups")[0][0])
	require.Equal(t, `x\u202ey\u0085`, p.rows("groups")[0][4])
}

func TestReport_ExtremeNumbers(t *testing.T) {
	t.Parallel()
	const most, least = "9223372036854775807i", "-9223372036854775808i"
	p := made(t,
		at(0, "a", "", `success=1i,result="none",total_time=1e308,connect_time=1e308,ehlo_time=1e308,cert_expiry=`+most+`,smtp_code=`+most),
		at(1, "a", "", `success=1i,result="none",total_time=-1e308,connect_time=-5,cert_expiry=`+least),
		"smtpprobe,relay=old success=1i,result=\"none\",total_time=0.1 -9223372036854775806\n",
		"smtpprobe,relay=new success=0i,result=\"auth_failed\",total_time=0.1 9223372036854775806\n",
		fmt.Sprintf("smtpprobe_group,group=g,selected=a success=1i,attempts=%s,healthy=%[1]s,total=%s,total_time=1e308 %d000000000\n", most, least, base),
		fmt.Sprintf("smtpprobe_group,group=g,selected=a success=1i,attempts=%s,healthy=%[1]s,total=%[1]s,total_time=1e308 %d000000000\n", most, base),
		fmt.Sprintf("smtpprobe_arrival,relay=a,mailbox=m,state=late,folder=inbox delay=1e308 %d000000000\n", base),
		fmt.Sprintf("smtpprobe_flow,relay=a,mailbox=m in_flight=%s,oldest_age=%s %d000000000\n", most, most, base),
	)
	for _, wrong := range []string{"NaN", "Inf", "-9223372036854775808", `width="-`, `x="-`, `y="-`, `height="-`} {
		require.NotContains(t, p.text, wrong)
	}
	require.Contains(t, p.text, "&gt; 11 days")
}

// Targets of one name are the worst case of telling them apart.
func TestReport_ManyTargets(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("reports on 40,000 targets")
	}
	taken := func(lines string) time.Duration {
		start := time.Now()
		r := report.New()
		require.NoError(t, r.Read("many", strings.NewReader(lines)))
		require.NoError(t, r.WriteHTML(io.Discard))
		return time.Since(start)
	}
	one := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "smtpprobe,relay=mx,ip=192.0.%d.%d success=0i,result=\"auth_failed\",result_phase=\"auth\",total_time=0.1 %d000000000\n", i/256, i%256, base)
		}
		return b.String()
	}
	many := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "smtpprobe,relay=mx%d success=0i,result=\"auth_failed\",result_phase=\"auth\",total_time=0.1 %d000000000\n", i, base)
		}
		return b.String()
	}
	const factor, slack = 10, 4 // of what linear growth would take; quadratic is 100 times as much
	require.Less(t, taken(one(20_000)), slack*factor*taken(one(2_000))+time.Second)
	require.Less(t, taken(many(20_000)), slack*factor*taken(many(2_000))+time.Second)
}

func TestReport_Accessible(t *testing.T) {
	t.Parallel()
	p := made(t, ok(0, "a"), failed(10, "a", "auth_failed", ""))
	for _, table := range p.find("", "table") {
		region := table.Parent
		require.Equal(t, "0", attribute(region, "tabindex"), "a table that scrolls is reached by keyboard")
		require.Equal(t, "region", attribute(region, "role"))
		require.NotEmpty(t, attribute(region, "aria-label"))
	}
	heights := make(map[string]string)
	for _, rect := range p.find("timeline", "rect") {
		heights[attribute(rect, "class")] = attribute(rect, "height")
	}
	require.Equal(t, map[string]string{"blank": "10", "c0": "4", "c16": "10"}, heights, "what works is thinner, for those who see no color")
	for _, rule := range []string{"@media (max-width:640px)", "@media print", "print-color-adjust:exact", "break-inside:avoid", ":focus-visible", "overflow-x:auto"} {
		require.Contains(t, p.text, rule)
	}
}
