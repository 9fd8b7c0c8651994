package main

import (
	"strings"
	"time"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest"
)

// rounds is how many gathers the story has.
const rounds = 120

// part is what one relay does in the story.
type part struct {
	name, scheme string
	settings     string // TOML
	script       smtptest.Script
	certificate  time.Duration // how long it lasts
	scenes       []scene
}

// scene is what happens from one round to another, at a moment of the
// conversation; without one the relay is down.
type scene struct {
	from, to int
	at       smtptest.Moment
	does     smtptest.Step
}

func (s scene) covers(round int) bool { return s.from <= round && round < s.to }

func (p *part) isDown(round int) bool {
	for _, s := range p.scenes {
		if s.at == "" && s.covers(round) {
			return true
		}
	}
	return false
}

const (
	login = "    probe = \"auth\"\n    username = \"monitor\"\n    password = \"story\"\n"
	mail  = "    probe = \"rcpt\"\n    from = \"monitor@example.org\"\n    to = [\"postmaster@example.org\"]\n"
)

// inTurn takes the steps in turn, one for each session.
func inTurn(steps ...smtptest.Step) smtptest.Step {
	return func(c *smtptest.Conn) error { return steps[c.SessionNumber()%len(steps)](c) }
}

var parts = []part{
	{
		name: "mx1", scheme: "smtp", settings: mail,
		scenes: []scene{{from: 42, to: 58}},
	},
	{
		name: "mx2", scheme: "smtp", settings: mail,
		scenes: []scene{
			{50, 54, smtptest.AtGreeting, smtptest.Then(smtptest.Say("421 relay.test too many connections"), smtptest.Close())},
			{70, 92, smtptest.AtGreeting, smtptest.Then(smtptest.Pause(120*time.Millisecond), smtptest.Healthy())},
		},
	},
	{
		name: "submission", scheme: "submission", settings: login,
		script: smtptest.Script{Accounts: &smtptest.Accounts{Passwords: map[string]string{"monitor": "story"}, OnlyTLS: true}},
		scenes: []scene{{18, 34, smtptest.AtAuthResponse, smtptest.Say("535 5.7.8 authentication credentials invalid")}},
	},
	{
		name: "smarthost", scheme: "smtps", settings: mail, certificate: 9*24*time.Hour + time.Hour,
		scenes: []scene{
			{62, 80, smtptest.AtRcpt, smtptest.Say("550 5.7.1 listed by our reputation service")},
			{80, 86, smtptest.AtMail, smtptest.Say("451 4.7.1 try again later")},
		},
	},
	{
		name: "partner", scheme: "smtp",
		scenes: []scene{
			{26, 30, smtptest.AtEHLO, smtptest.Close()},
			{106, rounds, smtptest.AtGreeting, smtptest.Silence()},
		},
	},
	{
		// Two servers behind one address, one of which refuses for a while.
		name: "farm", scheme: "smtp", settings: mail,
		scenes: []scene{
			{0, rounds, smtptest.AtGreeting, inTurn(smtptest.Say("220 b1.example.org ESMTP"), smtptest.Say("220 b2.example.org ESMTP"))},
			{64, 84, smtptest.AtRcpt, inTurn(smtptest.Healthy(), smtptest.Say("451 4.3.0 queue file write error"))},
		},
	},
	{
		name: "no-open-relay", scheme: "smtp",
		settings: strings.Replace(mail, "postmaster@example.org", "someone@example.com", 1) +
			"    expect = [\"recipients_refused/relay_denied\"]\n",
		scenes: []scene{
			{0, 102, smtptest.AtRcpt, smtptest.Say("554 5.7.1 relay access denied")},
			{110, rounds, smtptest.AtRcpt, smtptest.Say("554 5.7.1 relay access denied")},
		},
	},
}
