package main

import (
	"strings"
	"time"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/relay"
)

// rounds is how many gathers the story has.
const rounds = 120

// part is what one relay does in the story.
type part struct {
	name, scheme string
	settings     string // TOML
	script       relay.Script
	certificate  time.Duration // how long it lasts
	scenes       []scene
}

// scene is what happens from one round to another, at a moment of the
// conversation; without one the relay is down.
type scene struct {
	from, to int
	at       relay.Moment
	does     relay.Step
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

var parts = []part{
	{
		name: "mx1", scheme: "smtp", settings: mail,
		scenes: []scene{{from: 42, to: 58}},
	},
	{
		name: "mx2", scheme: "smtp", settings: mail,
		scenes: []scene{
			{50, 54, relay.AtGreeting, relay.Then(relay.Say("421 4.3.2 too many connections"), relay.Close())},
			{70, 92, relay.AtGreeting, relay.Then(relay.Pause(120*time.Millisecond), relay.Healthy())},
		},
	},
	{
		name: "submission", scheme: "submission", settings: login,
		script: relay.Script{Accounts: &relay.Accounts{Passwords: map[string]string{"monitor": "story"}, OnlyTLS: true}},
		scenes: []scene{{18, 34, relay.AtAuthResponse, relay.Say("535 5.7.8 authentication credentials invalid")}},
	},
	{
		name: "smarthost", scheme: "smtps", settings: mail, certificate: 9*24*time.Hour + time.Hour,
		scenes: []scene{
			{62, 80, relay.AtRcpt, relay.Say("550 5.7.1 listed by our reputation service")},
			{80, 86, relay.AtMail, relay.Say("451 4.7.1 try again later")},
		},
	},
	{
		name: "partner", scheme: "smtp",
		scenes: []scene{
			{26, 30, relay.AtEHLO, relay.Close()},
			{106, rounds, relay.AtGreeting, relay.Silence()},
		},
	},
	{
		name: "no-open-relay", scheme: "smtp",
		settings: strings.Replace(mail, "postmaster@example.org", "someone@example.com", 1) +
			"    expect = [\"recipients_refused/relay_denied\"]\n",
		scenes: []scene{
			{0, 102, relay.AtRcpt, relay.Say("554 5.7.1 relay access denied")},
			{110, rounds, relay.AtRcpt, relay.Say("554 5.7.1 relay access denied")},
		},
	},
}
