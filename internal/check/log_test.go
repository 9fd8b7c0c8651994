package check

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/summary"
)

func TestLog(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	l := NewLog(&out)
	const at = `0001-01-01 \d\d:\d\d:\d\d  `
	for _, step := range []struct {
		name, class, want string
	}{
		{name: "success", class: summary.None, want: `OK      mx: the relay accepts a session, 2\.00 ms\n`},
		{name: "first failure", class: "service_unavailable", want: `FAILED  mx: service_unavailable: greeting: 421 busy\n  means        meaning of .*\n(  .*\n)+  what to do   advice\n  retry        no \(permanent\)\n`},
		{name: "same failure", class: "service_unavailable", want: `FAILED  mx: service_unavailable: greeting: 421 busy\n`},
		{name: "success again", class: summary.None, want: `OK      mx: .*\n`},
		{name: "same failure after a success", class: "service_unavailable", want: `FAILED  mx: service_unavailable: greeting: 421 busy\n`},
		{name: "other failure", class: "disconnected", want: `FAILED  mx: disconnected: greeting: 421 busy\n  means        meaning of .*\n(  .*\n)+`},
	} {
		out.Reset()
		require.NoError(t, l.Write([]Outcome{outcome("mx", step.class)}))
		require.Regexp(t, "^"+at+step.want+"$", out.String(), step.name)
	}
	warned := outcome("mx", summary.None)
	warned.Warnings = []string{"nul"}
	for _, want := range []string{`OK      mx: .*\n  warning      the relay sent a line with a NUL in it\n`, `OK      mx: .*\n`} {
		out.Reset()
		require.NoError(t, l.Write([]Outcome{warned}))
		require.Regexp(t, "^"+at+want+"$", out.String())
	}
	out.Reset()
	require.NoError(t, l.Close())
	require.Equal(t, `
8 probes in 0s: 4 OK, 4 FAILED
time of those OK: 2.00 ms to 2.00 ms, mean 2.00 ms
       4  mx  OK
       3  mx  FAILED  service_unavailable
       1  mx  FAILED  disconnected
`, out.String())
	require.False(t, l.Succeeded())
}
