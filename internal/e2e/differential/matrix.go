//go:build e2e

package differential

import (
	"slices"
	"strings"
	"time"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest"
)

// moment is a step of the session at which the relay fails.
type moment struct {
	name  string
	at    smtptest.Moment
	good  string // the expected reply
	wrong string // a reply with the wrong first digit
	over  []transport
	// second selects the second occurrence of the step.
	second bool
	// refused: MAIL was refused before; the fault must not hide that.
	refused bool
}

var moments = []moment{
	{name: "greeting", at: smtptest.AtGreeting, good: "220 relay.test", wrong: "354 what", over: []transport{plain, implicit}},
	{name: "EHLO", at: smtptest.AtEHLO, good: "250-relay.test\r\n250 AUTH PLAIN", wrong: "354 what", over: []transport{plain, implicit}},
	{name: "EHLO after STARTTLS", at: smtptest.AtEHLO, good: "250-relay.test\r\n250 AUTH PLAIN", wrong: "354 what", over: []transport{starttls}, second: true},
	{name: "STARTTLS", at: smtptest.AtStartTLS, wrong: "354 what", over: []transport{starttls}},
	{name: "AUTH", at: smtptest.AtAuth, good: "235 2.7.0 welcome", wrong: "354 what"},
	{name: "MAIL", at: smtptest.AtMail, good: "250 ok", wrong: "354 what"},
	{name: "RCPT", at: smtptest.AtRcpt, good: "250 ok", wrong: "354 what"},
	{name: "DATA", at: smtptest.AtData, wrong: "250 what"},
	{name: "dot", at: smtptest.AtDot, good: "250 ok", wrong: "354 what"},
	{name: "RSET after a refusal", at: smtptest.AtRset, wrong: "354 what", over: []transport{plain, implicit}, refused: true},
	{name: "QUIT after a refusal", at: smtptest.AtQuit, wrong: "354 what", over: []transport{plain, implicit}, refused: true},
	{name: "QUIT", at: smtptest.AtQuit, wrong: "354 what", over: []transport{plain, implicit}},
}

// fault is a failure of the relay or the network at a moment.
type fault struct {
	name string
	step func(moment) smtptest.Step
	// impatient: as in scenario.
	impatient bool
}

func doing(step smtptest.Step) func(moment) smtptest.Step {
	return func(moment) smtptest.Step { return step }
}

const (
	overlong    = 20_000 // bytes in a line
	endlessly   = 1500   // lines in a reply
	resetPause  = 200 * time.Millisecond
	dripPause   = 20 * time.Millisecond
	dripTooLong = int(2 * impatience / dripPause)
)

var faults = []fault{
	{name: "closes", step: doing(smtptest.HalfClose())},
	// Without the pause, the reset may fail the dialing.
	{name: "resets", step: doing(smtptest.Then(smtptest.Pause(resetPause), smtptest.Reset()))},
	{name: "stalls", step: doing(smtptest.Silence()), impatient: true},
	{name: "sends invalid bytes", step: doing(smtptest.Say("\x01\x02 what is this"))},
	{name: "sends a line of 20000 bytes", step: doing(smtptest.Say("250 " + strings.Repeat("x", overlong)))},
	{name: "sends a reply of 1500 lines", step: func(m moment) smtptest.Step {
		code := m.acceptance()[:3]
		return smtptest.Say(append(slices.Repeat([]string{code + "-more"}, endlessly), code+" end")...)
	}},
	{name: "replies with the wrong first digit", step: func(m moment) smtptest.Step { return smtptest.Say(m.wrong) }},
	{name: "mixes codes, refusal last", step: doing(smtptest.Say("250-a", "550 b"))},
	{name: "mixes codes, acceptance last", step: func(m moment) smtptest.Step {
		return smtptest.Say("550-a", m.acceptance())
	}},
	{name: "shuts down (421)", step: doing(smtptest.Then(smtptest.Say("421 4.3.2 bye"), smtptest.HalfClose()))},
	{name: "refuses temporarily (451)", step: doing(smtptest.Say("451 4.3.0 not now"))},
	{name: "refuses permanently (550)", step: doing(smtptest.Say("550 5.7.1 never"))},
	{name: "sends half a line and closes", step: doing(smtptest.Then(smtptest.Raw("250 2.0.0 que"), smtptest.HalfClose()))},
	{name: "sends an unsolicited reply", step: func(m moment) smtptest.Step {
		if m.good == "" {
			return nil // after STARTTLS this is injection, which has its own case
		}
		return smtptest.Say(m.good, "250 and another thing")
	}, impatient: true},
}

// acceptance returns a last line whose code accepts.
func (m moment) acceptance() string {
	switch m.at {
	case smtptest.AtGreeting, smtptest.AtStartTLS:
		return "220 b"
	case smtptest.AtAuth:
		return "235 b"
	case smtptest.AtData:
		return "354 b"
	case smtptest.AtQuit:
		return "221 b"
	}
	return "250 b"
}

// matrix returns every fault at every moment. Until then the relay is healthy.
func matrix() []scenario {
	list := make([]scenario, 0, len(moments)*len(faults))
	for _, m := range moments {
		for _, f := range faults {
			step := f.step(m)
			if step == nil {
				continue
			}
			if m.second {
				step = smtptest.Seq(smtptest.Healthy(), step)
			}
			script := smtptest.Script{Extensions: []string{"AUTH PLAIN"}, Auth: smtptest.Say("235 2.7.0 welcome")}
			if m.refused {
				script.Mail = smtptest.Say("550 5.7.1 not from you")
			}
			list = append(list, scenario{
				name: m.name + ": the relay " + f.name, moment: m.name, fault: f.name, script: script.With(m.at, step),
				does: all, over: m.over, impatient: f.impatient,
			})
		}
	}
	return list
}
