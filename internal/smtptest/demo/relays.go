package demo

import (
	"crypto/tls"
	"time"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest/certs"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// The account of the relays that authenticate.
const (
	Username = "demo"
	Password = "demonstration"
)

// slowStep is the delay of the slow relay's replies.
const slowStep = 400 * time.Millisecond

// Outcome is the result of a probe.
type Outcome struct {
	Class  smtperr.Class
	Reason smtperr.Reason
	Phase  smtperr.Phase // smtperr.PhaseDone if there is no error
	Code   int           // of the decisive reply, or 0
}

// entry is a relay with its script.
type entry struct {
	name, scheme, description string
	settings                  []string
	outcomes                  []Outcome
	script                    func(ca *certs.Authority) smtptest.Script // nil: nothing listens
}

var (
	success             = []Outcome{{Phase: smtperr.PhaseDone, Code: 250}}
	authSettings        = []string{`probe = "auth"`, `username = "` + Username + `"`, `password = "` + Password + `"`}
	rcptSettings        = []string{`probe = "rcpt"`, `from = "probe@example.org"`, `to = ["postmaster@example.com"]`}
	rcptTwoSettings     = []string{`probe = "rcpt"`, `from = "probe@example.org"`, `to = ["postmaster@example.com", "gone@example.com"]`}
	rcptRefusedSettings = []string{`probe = "rcpt"`, `from = "probe@example.org"`, `to = ["victim@example.net"]`, `expect = ["recipients_refused"]`}
	sendSettings        = []string{`probe = "send"`, `from = "probe@example.org"`, `to = ["postmaster@example.com"]`}
)

// entries are in the order of their ports, so new ones are appended.
var entries = []entry{
	{
		name: "healthy", scheme: "smtp", description: "replies like an ordinary relay",
		outcomes: success,
		script:   plaintext(smtptest.Script{}),
	},
	{
		name: "healthy-starttls", scheme: "submission", description: "offers STARTTLS with a certificate of the demonstration's CA",
		outcomes: success,
		script:   withSTARTTLS(smtptest.Script{}),
	},
	{
		name: "healthy-smtps", scheme: "smtps", description: "uses implicit TLS with a certificate of the demonstration's CA",
		outcomes: success,
		script:   withImplicitTLS(smtptest.Script{}),
	},
	{
		name: "greeting-554", scheme: "smtp", description: "refuses every client in the greeting",
		outcomes: fails(smtperr.ClassGreetingRefused, smtperr.ReasonAccessDenied, smtperr.PhaseGreeting, 554),
		script:   plaintext(smtptest.Script{Greeting: smtptest.Say("554 5.7.1 no service for you"), EHLO: smtptest.Say("503 5.5.1 QUIT is all I take")}),
	},
	{
		name: "busy-421", scheme: "smtp", description: "replies 421 in the greeting and closes the connection",
		outcomes: fails(smtperr.ClassServiceUnavailable, smtperr.ReasonCongested, smtperr.PhaseGreeting, 421),
		script:   plaintext(smtptest.Script{Greeting: smtptest.Then(smtptest.Say("421 4.3.2 busy, try again later"), smtptest.HalfClose())}),
	},
	{
		name: "ehlo-refused", scheme: "smtp", description: "refuses EHLO and HELO",
		outcomes: fails(smtperr.ClassHeloRefused, smtperr.ReasonRefused, smtperr.PhaseEHLO, 550),
		script:   plaintext(smtptest.Script{EHLO: smtptest.Say("550 5.7.1 I do not know you"), HELO: smtptest.Say("550 5.7.1 I do not know you")}),
	},
	{
		name: "helo-only", scheme: "smtp", description: "supports HELO but not EHLO", outcomes: success,
		script: plaintext(smtptest.Script{EHLO: smtptest.Say("502 5.5.1 command not implemented")}),
	},
	{
		name: "silent", scheme: "smtp", description: "accepts the connection but sends no greeting",
		outcomes: fails(smtperr.ClassReadTimeout, smtperr.ReasonNoGreeting, smtperr.PhaseGreeting, 0),
		script:   plaintext(smtptest.Script{Greeting: smtptest.Silence()}),
	},
	{
		name: "slow", scheme: "smtp", description: "delays every reply by 400 ms",
		outcomes: success,
		script:   plaintext(smtptest.Script{Before: smtptest.Pause(slowStep)}),
	},
	{
		name: "closed", scheme: "smtp", description: "is a closed port",
		outcomes: fails(smtperr.ClassConnectError, smtperr.ReasonRefused, smtperr.PhaseConnect, 0),
	},
	{
		name: "not-smtp", scheme: "smtp", description: "is a web server",
		outcomes: fails(smtperr.ClassProtocolError, smtperr.ReasonNotSMTPHTTP, smtperr.PhaseGreeting, 0),
		script:   plaintext(smtptest.Script{Greeting: smtptest.Then(smtptest.Say("HTTP/1.1 400 Bad Request", "Connection: close", ""), smtptest.HalfClose())}),
	},
	{
		name: "ssh", scheme: "smtp", description: "is an SSH server",
		outcomes: fails(smtperr.ClassProtocolError, smtperr.ReasonNotSMTPSSH, smtperr.PhaseGreeting, 0),
		script:   plaintext(smtptest.Script{Greeting: smtptest.Then(smtptest.Say("SSH-2.0-OpenSSH_9.9"), smtptest.Silence())}),
	},
	{
		name: "auth-ok", scheme: "submission", description: "accepts the user and password",
		settings: authSettings,
		outcomes: []Outcome{{Phase: smtperr.PhaseDone, Code: 235}},
		script:   withSTARTTLS(smtptest.Script{Accounts: accounts()}),
	},
	{
		name: "auth-fails", scheme: "submission", description: "refuses the user and password",
		settings: authSettings,
		outcomes: fails(smtperr.ClassAuthFailed, smtperr.ReasonAuthCredentialsInvalid, smtperr.PhaseAuth, 535),
		script:   withSTARTTLS(smtptest.Script{Accounts: accounts(), Auth: smtptest.Say("535 5.7.8 authentication credentials invalid")}),
	},
	{
		name: "relay-denied", scheme: "smtp", description: "refuses to relay: 454 to every recipient",
		settings: rcptSettings,
		outcomes: fails(smtperr.ClassRecipientsRefused, smtperr.ReasonRelayDenied, smtperr.PhaseRcpt, 454),
		script:   plaintext(smtptest.Script{Rcpt: smtptest.Say("454 4.7.1 relay access denied")}),
	},
	{
		name: "greylisting", scheme: "smtp", description: "greylists: 450 to every recipient",
		settings: rcptSettings,
		outcomes: fails(smtperr.ClassRecipientsRefused, smtperr.ReasonGreylisted, smtperr.PhaseRcpt, 450),
		script:   plaintext(smtptest.Script{Rcpt: smtptest.Say("450 4.2.0 greylisted, come back in five minutes")}),
	},
	{
		name: "mailbox-full", scheme: "smtp", description: "refuses the recipient because the mailbox is full",
		settings: rcptSettings,
		outcomes: fails(smtperr.ClassRecipientsRefused, smtperr.ReasonMailboxFull, smtperr.PhaseRcpt, 552),
		script:   plaintext(smtptest.Script{Rcpt: smtptest.Say("552 5.2.2 mailbox full")}),
	},
	{
		name: "disconnects", scheme: "smtp", description: "closes the connection after MAIL",
		settings: rcptSettings,
		outcomes: fails(smtperr.ClassDisconnected, smtperr.ReasonClosed, smtperr.PhaseMail, 0),
		script:   plaintext(smtptest.Script{Mail: smtptest.Close()}),
	},
	{
		name: "expired-certificate", scheme: "smtps", description: "has a certificate that expired yesterday",
		outcomes: fails(smtperr.ClassTLSVerifyError, smtperr.ReasonExpired, smtperr.PhaseTLS, 0),
		script:   withCertificate(func(ca *certs.Authority) tls.Certificate { return ca.Issue(certs.Expired(local())) }),
	},
	{
		name: "starttls-refused", scheme: "submission", description: "offers STARTTLS but replies 454",
		outcomes: fails(smtperr.ClassStartTLSRefused, smtperr.ReasonTLSUnavailable, smtperr.PhaseSTARTTLS, 454),
		script:   withSTARTTLS(smtptest.Script{StartTLS: smtptest.Say("454 4.7.0 TLS not available")}),
	},
	{
		name: "flapping", scheme: "smtp", description: "fails every second probe with 421",
		outcomes: append(success[:1:1], fails(smtperr.ClassServiceUnavailable, smtperr.ReasonCongested, smtperr.PhaseEHLO, 421)...),
		script: plaintext(smtptest.Cycle(
			smtptest.Script{},
			smtptest.Script{EHLO: smtptest.Then(smtptest.Say("421 4.3.2 busy, try again later"), smtptest.HalfClose())},
		)),
	},
	{
		name: "lmtp", scheme: "lmtp", description: "delivers to mailboxes through LMTP",
		settings: rcptSettings, outcomes: success,
		script: plaintext(smtptest.Script{LMTP: true}),
	},
	{
		name: "open-relay", scheme: "smtp", description: "relays for everyone although the probe expects a refusal",
		settings: rcptRefusedSettings,
		outcomes: fails(smtperr.ClassUnexpectedSuccess, smtperr.ReasonOpenRelay, smtperr.PhaseRcpt, 250),
		script:   plaintext(smtptest.Script{}),
	},
	{
		name: "partial", scheme: "smtp", description: "accepts one of two recipients",
		settings: rcptTwoSettings,
		outcomes: fails(smtperr.ClassRecipientRefused, smtperr.ReasonMailboxUnknown, smtperr.PhaseRcpt, 550),
		script:   plaintext(smtptest.Script{Rcpt: smtptest.Match("gone@", smtptest.Say("550 5.1.1 no such user here"))}),
	},
	{
		name: "sink", scheme: "smtp", description: "accepts test messages and discards them",
		settings: sendSettings, outcomes: success,
		script: plaintext(smtptest.Script{}),
	},
	{
		name: "content-rejected", scheme: "smtp", description: "refuses the message after reading it",
		settings: sendSettings,
		outcomes: fails(smtperr.ClassDataRefused, smtperr.ReasonContentRejected, smtperr.PhaseDot, 550),
		script:   plaintext(smtptest.Script{Dot: smtptest.Say("550 content rejected")}),
	},
	{
		name: "lost-after-dot", scheme: "smtp", description: "reads the message and closes the connection without a reply",
		settings: sendSettings,
		outcomes: fails(smtperr.ClassDisconnected, smtperr.ReasonClosed, smtperr.PhaseDot, 0),
		script:   plaintext(smtptest.Script{Dot: smtptest.Close()}),
	},
	{
		name: "rate-limited", scheme: "smtp", description: "limits the rate: 421 to MAIL",
		settings: rcptSettings,
		outcomes: fails(smtperr.ClassServiceUnavailable, smtperr.ReasonRateLimited, smtperr.PhaseMail, 421),
		script:   plaintext(smtptest.Script{Mail: smtptest.Then(smtptest.Say("421 4.7.28 rate limit exceeded"), smtptest.HalfClose())}),
	},
	{
		name: "self-signed", scheme: "smtps", description: "has a self-signed certificate",
		outcomes: fails(smtperr.ClassTLSVerifyError, smtperr.ReasonSelfSigned, smtperr.PhaseTLS, 0),
		script:   withCertificate(func(*certs.Authority) tls.Certificate { return certs.SelfSigned(local()) }),
	},
	{
		name: "wrong-name", scheme: "smtps", description: "has a certificate for another host",
		outcomes: fails(smtperr.ClassTLSVerifyError, smtperr.ReasonHostMismatch, smtperr.PhaseTLS, 0),
		script:   withCertificate(func(ca *certs.Authority) tls.Certificate { return ca.Issue(certs.For("mail.example.net")) }),
	},
	{
		name: "client-certificate", scheme: "smtps", description: "requires a client certificate, which the probe does not have",
		// In TLS 1.3 the alert arrives after the client has finished the handshake.
		outcomes: fails(smtperr.ClassTLSError, smtperr.ReasonClientCertRequired, smtperr.PhaseGreeting, 0),
		script: func(ca *certs.Authority) smtptest.Script {
			s := withImplicitTLS(smtptest.Script{})(ca)
			s.TLS = ca.DemandClient(s.TLS)
			return s
		},
	},
	{
		name: "postscreen", scheme: "smtp", description: "pauses within its greeting, like postscreen", outcomes: success,
		script: plaintext(smtptest.Script{Greeting: smtptest.Then(smtptest.Say("220-wait for it"), smtptest.Pause(slowStep), smtptest.Healthy())}),
	},
}

func fails(class smtperr.Class, reason smtperr.Reason, phase smtperr.Phase, code int) []Outcome {
	return []Outcome{{Class: class, Reason: reason, Phase: phase, Code: code}}
}

func accounts() *smtptest.Accounts {
	return &smtptest.Accounts{Passwords: map[string]string{Username: Password}, OnlyTLS: true}
}

// local returns a valid certificate for the relays.
func local() certs.Leaf { return certs.For("localhost", "127.0.0.1") }

func plaintext(s smtptest.Script) func(*certs.Authority) smtptest.Script {
	return func(*certs.Authority) smtptest.Script { return s }
}

// withSTARTTLS adds STARTTLS to a script.
func withSTARTTLS(s smtptest.Script) func(*certs.Authority) smtptest.Script {
	return func(ca *certs.Authority) smtptest.Script {
		script := s
		script.TLS = certs.Server(ca.Issue(local()))
		return script
	}
}

func withImplicitTLS(s smtptest.Script) func(*certs.Authority) smtptest.Script {
	s.ImplicitTLS = true
	return withSTARTTLS(s)
}

// withCertificate returns a script with implicit TLS and another certificate.
func withCertificate(issue func(*certs.Authority) tls.Certificate) func(*certs.Authority) smtptest.Script {
	return func(ca *certs.Authority) smtptest.Script {
		return smtptest.Script{ImplicitTLS: true, TLS: certs.Server(issue(ca))}
	}
}
