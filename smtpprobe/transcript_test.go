package smtpprobe_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

func TestPlan_Transcript(t *testing.T) {
	t.Parallel()
	refused := smtptest.Script{EHLO: smtptest.Say("550 no")}
	expectRefusal := []smtpprobe.Expectation{{Class: smtperr.ClassHeloRefused}}
	expectGreeting := []smtpprobe.Expectation{{Class: smtperr.ClassGreetingRefused}}
	for _, tt := range []struct {
		name     string
		mode     smtpprobe.TranscriptMode
		script   smtptest.Script
		expect   []smtpprobe.Expectation
		recorded bool
	}{
		{name: "never, failure", script: refused},
		{name: "on failure, success", mode: smtpprobe.TranscriptOnFailure},
		{name: "on failure, failure", mode: smtpprobe.TranscriptOnFailure, script: refused, recorded: true},
		{name: "on failure, expected refusal", mode: smtpprobe.TranscriptOnFailure, script: refused, expect: expectRefusal, recorded: true},
		{name: "on failure, unexpected success", mode: smtpprobe.TranscriptOnFailure, expect: expectGreeting, recorded: true},
		{name: "always, success", mode: smtpprobe.TranscriptAlways, recorded: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r, _ := converse(t, plain, tt.script, func(p *probing) { p.Plan.Transcript, p.Expect = tt.mode, tt.expect })
			if !tt.recorded {
				require.Empty(t, r.Transcript)
				return
			}
			require.Equal(t, "connected to "+r.RemoteAddr, r.Transcript[0].Text)
			require.Equal(t, "closed", r.Transcript[len(r.Transcript)-1].Text)
		})
	}
}
