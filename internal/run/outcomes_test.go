package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const lines = `smtpprobe,error_class=none,reason=none,phase=done,reply_code=250,relay=healthy success=1i,result="none",total_time=0.003 1795250001000000000
smtpprobe,error_class=none,reason=none,phase=done,reply_code=250,relay=healthy success=1i,result="none",total_time=0.001 1795250002000000000
smtpprobe,error_class=none,reason=none,phase=done,reply_code=250,relay=healthy success=1i,result="none",total_time=0.002 1795250003000000000
smtpprobe,error_class=greeting_refused,reason=access_denied,phase=greeting,reply_code=554,relay=flaky success=0i,result="greeting_refused",total_time=0.010 1795250001000000000
smtpprobe,error_class=none,reason=none,phase=done,reply_code=250,relay=flaky success=1i,result="none",total_time=0.020 1795250002000000000
smtpprobe,error_class=greeting_refused,reason=access_denied,phase=greeting,reply_code=554,relay=flaky success=0i,result="greeting_refused",total_time=0.030 1795250003000000000
smtpprobe,error_class=canceled,reason=none,phase=greeting,reply_code=none,relay=healthy success=0i,result="canceled",total_time=9 1795250004000000000
smtpprobe_phase,error_class=none,relay=healthy duration=9 1795250001000000000
`

func TestOutcomes(t *testing.T) {
	summary := newOutcomes()
	var copied, table strings.Builder
	require.NoError(t, read(&copied, summary, strings.NewReader(lines)))
	require.Equal(t, lines, copied.String(), "the line protocol is copied unchanged")

	require.NoError(t, summary.print(&table))
	require.Equal(t, `RELAY    PROBES  CLASS/REASON                    PHASE     CODE  TOTAL TIME
flaky    2       greeting_refused/access_denied  greeting  554   20.0 ms
flaky    1       none                            done      250   20.0 ms
healthy  3       none                            done      250   2.0 ms
`, table.String())

	page := filepath.Join(t.TempDir(), "report.html")
	require.NoError(t, summary.writeReport(page))
	html, err := os.ReadFile(page)
	require.NoError(t, err)
	require.Contains(t, string(html), "flaky")
}

func TestRead_NotLineProtocol(t *testing.T) {
	require.Error(t, read(&strings.Builder{}, newOutcomes(), strings.NewReader("invalid\n")))
}

func TestMedian(t *testing.T) {
	require.Equal(t, "-", median(nil))
}
