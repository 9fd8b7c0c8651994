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

func TestReport_EscapesMarkup(t *testing.T) {
	t.Parallel()
	const evil = `</title><script>alert(1)</script>"'`
	p := render(t, fmt.Sprintf("smtpprobe,relay=%s success=0i,result=%q,result_reason=%q,result_phase=%[2]q,total_time=0.1,error=%[2]q %[4]d000000000\n",
		strings.NewReplacer(" ", `\ `, ",", `\,`, "=", `\=`).Replace(evil), evil, evil, base))
	require.Empty(t, p.find("", "script"))
	require.Equal(t, evil, p.rows("relays")[0][0])
	require.NotContains(t, p.text, "ZgotmplZ")
}

func TestReport_ControlCharacters(t *testing.T) {
	t.Parallel()
	p := render(t, line(0, "a\u202eb\u200b\x01", "", `success=0i,result="auth_failed",total_time=0.1,error="`+strings.Repeat("x", 5000)+`"`))
	require.Equal(t, `a\u202eb\u200b\u0001`, p.rows("relays")[0][0])
	require.NotContains(t, p.text, strings.Repeat("x", 1001))
}

func TestReport_ControlCharacters_EveryName(t *testing.T) {
	t.Parallel()
	const evil = "x\u202ey\u0085"
	p := render(t, line(0, evil, ",host="+evil+",ip="+evil, `success=0i,result="auth_failed",result_reason="`+evil+`",result_phase="`+evil+`",total_time=0.1,greeting_host="`+evil+`",error="`+evil+`"`),
		line(1, evil, ",host=other", `success=1i,result="none",total_time=0.1,greeting_host="b"`),
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
	p := render(t,
		line(0, "a", "", `success=1i,result="none",total_time=1e308,connect_time=1e308,ehlo_time=1e308,cert_expiry=`+most+`,smtp_code=`+most),
		line(1, "a", "", `success=1i,result="none",total_time=-1e308,connect_time=-5,cert_expiry=`+least),
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

// Targets with one relay name are the worst case for labels.
func TestReport_ManyTargets(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("reports on 40,000 targets")
	}
	duration := func(lines string) time.Duration {
		start := time.Now()
		r := report.New()
		require.NoError(t, r.Read("many", strings.NewReader(lines)))
		require.NoError(t, r.WriteHTML(io.Discard))
		return time.Since(start)
	}
	oneRelay := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "smtpprobe,relay=mx,ip=192.0.%d.%d success=0i,result=\"auth_failed\",result_phase=\"auth\",total_time=0.1 %d000000000\n", i/256, i%256, base)
		}
		return b.String()
	}
	manyRelays := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "smtpprobe,relay=mx%d success=0i,result=\"auth_failed\",result_phase=\"auth\",total_time=0.1 %d000000000\n", i, base)
		}
		return b.String()
	}
	const factor, slack = 10, 4 // times linear growth; quadratic growth is 100 times as much
	for _, generate := range []func(int) string{oneRelay, manyRelays} {
		linear := false
		for attempt := 0; attempt < 3 && !linear; attempt++ { // a busy machine may slow one of them down
			linear = duration(generate(20_000)) < slack*factor*duration(generate(2_000))+time.Second
		}
		require.True(t, linear, "the time grows faster than the number of targets")
	}
}
