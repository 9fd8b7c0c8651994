package main

import (
	"strings"
	"time"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest"
)

// rounds is the number of gathers of the scenario.
const rounds = 120

// spec is a relay of the scenario.
type spec struct {
	name, scheme string
	settings     string // TOML
	script       smtptest.Script
	certificate  time.Duration // lifetime, 0 for the default
	periods      []period
}

// period is a number of rounds in which a relay takes another step at a point of the
// session. If at is "", the relay is down.
type period struct {
	from, to int // to is the round after the last one
	at       smtptest.Event
	step     smtptest.Step
}

func (p period) contains(round int) bool { return p.from <= round && round < p.to }

func (s *spec) isDown(round int) bool {
	for _, p := range s.periods {
		if p.at == "" && p.contains(round) {
			return true
		}
	}
	return false
}

const (
	login = "    probe = \"auth\"\n    username = \"monitor\"\n    password = \"demonstration\"\n"
	mail  = "    probe = \"rcpt\"\n    from = \"monitor@example.org\"\n    to = [\"postmaster@example.org\"]\n"
)

// alternate takes the steps in turn, one in each session.
func alternate(steps ...smtptest.Step) smtptest.Step {
	return func(c *smtptest.Conn) error { return steps[c.SessionNumber()%len(steps)](c) }
}

// specs are the relays of the scenario.
var specs = []spec{
	{
		name: "mx1", scheme: "smtp", settings: mail,
		periods: []period{{from: 42, to: 58}},
	},
	{
		name: "mx2", scheme: "smtp", settings: mail,
		periods: []period{
			{50, 54, smtptest.AtGreeting, smtptest.Then(smtptest.Say("421 relay.test too many connections"), smtptest.Close())},
			{70, 92, smtptest.AtGreeting, smtptest.Then(smtptest.Pause(120*time.Millisecond), smtptest.Healthy())},
		},
	},
	{
		name: "submission", scheme: "submission", settings: login,
		script:  smtptest.Script{Accounts: &smtptest.Accounts{Passwords: map[string]string{"monitor": "demonstration"}, OnlyTLS: true}},
		periods: []period{{18, 34, smtptest.AtAuthResponse, smtptest.Say("535 5.7.8 authentication credentials invalid")}},
	},
	{
		name: "smarthost", scheme: "smtps", settings: mail, certificate: 9*24*time.Hour + time.Hour,
		periods: []period{
			{62, 80, smtptest.AtRcpt, smtptest.Say("550 5.7.1 listed by our reputation service")},
			{80, 86, smtptest.AtMail, smtptest.Say("451 4.7.1 try again later")},
		},
	},
	{
		name: "partner", scheme: "smtp",
		periods: []period{
			{26, 30, smtptest.AtEHLO, smtptest.Close()},
			{106, rounds, smtptest.AtGreeting, smtptest.Silence()},
		},
	},
	{
		// Two backends behind one address. One of them refuses for some rounds.
		name: "farm", scheme: "smtp", settings: mail,
		periods: []period{
			{0, rounds, smtptest.AtGreeting, alternate(smtptest.Say("220 b1.example.org ESMTP"), smtptest.Say("220 b2.example.org ESMTP"))},
			{64, 84, smtptest.AtRcpt, alternate(smtptest.Healthy(), smtptest.Say("451 4.3.0 queue file write error"))},
		},
	},
	{
		name: "no-open-relay", scheme: "smtp",
		settings: strings.Replace(mail, "postmaster@example.org", "someone@example.com", 1) +
			"    expect = [\"recipients_refused/relay_denied\"]\n",
		periods: []period{
			{0, 102, smtptest.AtRcpt, smtptest.Say("554 5.7.1 relay access denied")},
			{110, rounds, smtptest.AtRcpt, smtptest.Say("554 5.7.1 relay access denied")},
		},
	},
}
