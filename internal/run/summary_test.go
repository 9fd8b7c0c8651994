package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const lines = `smtpprobe,error_class=none,relay=healthy success=1i,total_time=0.003 1
smtpprobe,error_class=none,relay=healthy success=1i,total_time=0.001 2
smtpprobe,error_class=none,relay=healthy success=1i,total_time=0.002 3
smtpprobe,error_class=greeting_refused,relay=flaky success=0i,total_time=0.010 1
smtpprobe,error_class=none,relay=flaky success=1i,total_time=0.020 2
smtpprobe,error_class=greeting_refused,relay=flaky success=0i,total_time=0.030 3
smtpprobe,error_class=greeting_refused,relay=flaky success=0i,total_time=0.040 4
smtpprobe,error_class=canceled,relay=healthy success=0i,total_time=9 4
smtpprobe_phase,error_class=none,relay=healthy duration=9 1
`

func TestSummary_ByRelay(t *testing.T) {
	seen := make(summary)
	var passedOn, table strings.Builder
	require.NoError(t, read(&passedOn, seen, strings.NewReader(lines)))
	require.Equal(t, lines, passedOn.String(), "the line protocol is passed on as it is")

	require.NoError(t, seen.print(&table))
	require.Equal(t, `RELAY    PROBES  SUCCESS  CLASS                   MEDIAN   P95
flaky    4       25 %     greeting_refused, none  20.0 ms  40.0 ms
healthy  3       100 %    none                    2.0 ms   3.0 ms
`, table.String())
}

func TestReadRefusesWhatIsNotLineProtocol(t *testing.T) {
	require.Error(t, read(&strings.Builder{}, make(summary), strings.NewReader("what is this\n")))
}

func TestQuantileOfNothingIsADash(t *testing.T) {
	require.Equal(t, "-", quantile(nil, 0.95))
}
