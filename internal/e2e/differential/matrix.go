//go:build e2e

package differential

import (
	"slices"
	"strings"
	"time"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest"
)

// event is a point of the session at which the relay fails.
type event struct {
	name  string
	at    smtptest.Event
	good  string // the expected reply; empty: no unsolicited reply is tested
	wrong string // a reply with the wrong first digit
	over  []transport
	// second selects the second occurrence in a session.
	second bool
	// refused makes the relay refuse MAIL first, which the fault must not hide.
	refused bool
}

var events = []event{
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

// fault is a failure of the relay or the network.
type fault struct {
	name   string
	step   func(event) smtptest.Step
	stalls bool
}

func always(step smtptest.Step) func(event) smtptest.Step {
	return func(event) smtptest.Step { return step }
}

const (
	overlong    = 20_000 // bytes in a line
	endlessly   = 1500   // lines in a reply
	resetPause  = 200 * time.Millisecond
	dripPause   = 20 * time.Millisecond
	dripTooLong = int(2 * stallTimeout / dripPause)
)

var faults = []fault{
	{name: "closes", step: always(smtptest.HalfClose())},
	// Without the pause the reset may arrive while the client connects.
	{name: "resets", step: always(smtptest.Then(smtptest.Pause(resetPause), smtptest.Reset()))},
	{name: "stalls", step: always(smtptest.Silence()), stalls: true},
	{name: "sends invalid bytes", step: always(smtptest.Say("\x01\x02 what is this"))},
	{name: "sends a line of 20000 bytes", step: always(smtptest.Say("250 " + strings.Repeat("x", overlong)))},
	{name: "sends a reply of 1500 lines", step: func(e event) smtptest.Step {
		code := e.acceptance()[:3]
		return smtptest.Say(append(slices.Repeat([]string{code + "-more"}, endlessly), code+" end")...)
	}},
	{name: "replies with the wrong first digit", step: func(e event) smtptest.Step { return smtptest.Say(e.wrong) }},
	{name: "mixes codes, refusal last", step: always(smtptest.Say("250-a", "550 b"))},
	{name: "mixes codes, acceptance last", step: func(e event) smtptest.Step {
		return smtptest.Say("550-a", e.acceptance())
	}},
	{name: "shuts down (421)", step: always(smtptest.Then(smtptest.Say("421 4.3.2 bye"), smtptest.HalfClose()))},
	{name: "refuses temporarily (451)", step: always(smtptest.Say("451 4.3.0 not now"))},
	{name: "refuses permanently (550)", step: always(smtptest.Say("550 5.7.1 never"))},
	{name: "sends half a line and closes", step: always(smtptest.Then(smtptest.Raw("250 2.0.0 que"), smtptest.HalfClose()))},
	{name: "sends an unsolicited reply", step: func(e event) smtptest.Step {
		if e.good == "" {
			return nil
		}
		return smtptest.Say(e.good, "250 and another thing")
	}, stalls: true},
}

// acceptance returns the last line of a positive reply.
func (e event) acceptance() string {
	switch e.at {
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

// matrix returns a scenario for each fault at each event. Before it the relay is
// healthy.
func matrix() []scenario {
	list := make([]scenario, 0, len(events)*len(faults))
	for _, e := range events {
		for _, f := range faults {
			step := f.step(e)
			if step == nil {
				continue
			}
			if e.second {
				step = smtptest.Seq(smtptest.Healthy(), step)
			}
			script := smtptest.Script{Extensions: []string{"AUTH PLAIN"}, Auth: smtptest.Say("235 2.7.0 welcome")}
			if e.refused {
				script.Mail = smtptest.Say("550 5.7.1 not from you")
			}
			list = append(list, scenario{
				name: e.name + ": the relay " + f.name, event: e.name, fault: f.name, script: script.With(e.at, step),
				client: all, over: e.over, stalls: f.stalls,
			})
		}
	}
	return list
}
