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
	{"healthy", "smtp", "replies like an ordinary relay", nil, success, plaintext(smtptest.Script{})},
	{"healthy-starttls", "submission", "offers STARTTLS with a certificate of the demonstration's CA", nil, success, withSTARTTLS(smtptest.Script{})},
	{"healthy-smtps", "smtps", "uses implicit TLS with a certificate of the demonstration's CA", nil, success, withImplicitTLS(smtptest.Script{})},
	{
		"greeting-554", "smtp", "refuses every client in the greeting", nil,
		fails(smtperr.ClassGreetingRefused, smtperr.ReasonAccessDenied, smtperr.PhaseGreeting, 554),
		plaintext(smtptest.Script{Greeting: smtptest.Say("554 5.7.1 no service for you"), EHLO: smtptest.Say("503 5.5.1 QUIT is all I take")}),
	},
	{
		"busy-421", "smtp", "replies 421 in the greeting and closes the connection", nil,
		fails(smtperr.ClassServiceUnavailable, smtperr.ReasonCongested, smtperr.PhaseGreeting, 421),
		plaintext(smtptest.Script{Greeting: smtptest.Then(smtptest.Say("421 4.3.2 busy, try again later"), smtptest.HalfClose())}),
	},
	{
		"ehlo-refused", "smtp", "refuses EHLO and HELO", nil,
		fails(smtperr.ClassHeloRefused, smtperr.ReasonRefused, smtperr.PhaseEHLO, 550),
		plaintext(smtptest.Script{EHLO: smtptest.Say("550 5.7.1 I do not know you"), HELO: smtptest.Say("550 5.7.1 I do not know you")}),
	},
	{
		"helo-only", "smtp", "supports HELO but not EHLO", nil, success,
		plaintext(smtptest.Script{EHLO: smtptest.Say("502 5.5.1 command not implemented")}),
	},
	{
		"silent", "smtp", "accepts the connection but sends no greeting", nil,
		fails(smtperr.ClassReadTimeout, smtperr.ReasonNoGreeting, smtperr.PhaseGreeting, 0),
		plaintext(smtptest.Script{Greeting: smtptest.Silence()}),
	},
	{"slow", "smtp", "delays every reply by 400 ms", nil, success, plaintext(smtptest.Script{Before: smtptest.Pause(slowStep)})},
	{
		"closed", "smtp", "is a closed port", nil,
		fails(smtperr.ClassConnectError, smtperr.ReasonRefused, smtperr.PhaseConnect, 0), nil,
	},
	{
		"not-smtp", "smtp", "is a web server", nil,
		fails(smtperr.ClassProtocolError, smtperr.ReasonNotSMTPHTTP, smtperr.PhaseGreeting, 0),
		plaintext(smtptest.Script{Greeting: smtptest.Then(smtptest.Say("HTTP/1.1 400 Bad Request", "Connection: close", ""), smtptest.HalfClose())}),
	},
	{
		"ssh", "smtp", "is an SSH server", nil,
		fails(smtperr.ClassProtocolError, smtperr.ReasonNotSMTPSSH, smtperr.PhaseGreeting, 0),
		plaintext(smtptest.Script{Greeting: smtptest.Then(smtptest.Say("SSH-2.0-OpenSSH_9.9"), smtptest.Silence())}),
	},
	{
		"auth-ok", "submission", "accepts the user and password", authSettings,
		[]Outcome{{Phase: smtperr.PhaseDone, Code: 235}},
		withSTARTTLS(smtptest.Script{Accounts: accounts()}),
	},
	{
		"auth-fails", "submission", "refuses the user and password", authSettings,
		fails(smtperr.ClassAuthFailed, smtperr.ReasonAuthCredentialsInvalid, smtperr.PhaseAuth, 535),
		withSTARTTLS(smtptest.Script{Accounts: accounts(), Auth: smtptest.Say("535 5.7.8 authentication credentials invalid")}),
	},
	{
		"relay-denied", "smtp", "refuses to relay: 454 to every recipient", rcptSettings,
		fails(smtperr.ClassRecipientsRefused, smtperr.ReasonRelayDenied, smtperr.PhaseRcpt, 454),
		plaintext(smtptest.Script{Rcpt: smtptest.Say("454 4.7.1 relay access denied")}),
	},
	{
		"greylisting", "smtp", "greylists: 450 to every recipient", rcptSettings,
		fails(smtperr.ClassRecipientsRefused, smtperr.ReasonGreylisted, smtperr.PhaseRcpt, 450),
		plaintext(smtptest.Script{Rcpt: smtptest.Say("450 4.2.0 greylisted, come back in five minutes")}),
	},
	{
		"mailbox-full", "smtp", "refuses the recipient because the mailbox is full", rcptSettings,
		fails(smtperr.ClassRecipientsRefused, smtperr.ReasonMailboxFull, smtperr.PhaseRcpt, 552),
		plaintext(smtptest.Script{Rcpt: smtptest.Say("552 5.2.2 mailbox full")}),
	},
	{
		"disconnects", "smtp", "closes the connection after MAIL", rcptSettings,
		fails(smtperr.ClassDisconnected, smtperr.ReasonClosed, smtperr.PhaseMail, 0),
		plaintext(smtptest.Script{Mail: smtptest.Close()}),
	},
	{
		"expired-certificate", "smtps", "has a certificate that expired yesterday", nil,
		fails(smtperr.ClassTLSVerifyError, smtperr.ReasonExpired, smtperr.PhaseTLS, 0),
		withCertificate(func(ca *certs.Authority) tls.Certificate { return ca.Issue(certs.Expired(local())) }),
	},
	{
		"starttls-refused", "submission", "offers STARTTLS but replies 454", nil,
		fails(smtperr.ClassStartTLSRefused, smtperr.ReasonTLSUnavailable, smtperr.PhaseSTARTTLS, 454),
		withSTARTTLS(smtptest.Script{StartTLS: smtptest.Say("454 4.7.0 TLS not available")}),
	},
	{
		"flapping", "smtp", "fails every second probe with 421", nil,
		append(success[:1:1], fails(smtperr.ClassServiceUnavailable, smtperr.ReasonCongested, smtperr.PhaseEHLO, 421)...),
		plaintext(smtptest.Cycle(
			smtptest.Script{},
			smtptest.Script{EHLO: smtptest.Then(smtptest.Say("421 4.3.2 busy, try again later"), smtptest.HalfClose())},
		)),
	},
	{"lmtp", "lmtp", "delivers to mailboxes through LMTP", rcptSettings, success, plaintext(smtptest.Script{LMTP: true})},
	{
		"open-relay", "smtp", "relays for everyone although the probe expects a refusal", rcptRefusedSettings,
		fails(smtperr.ClassUnexpectedSuccess, smtperr.ReasonOpenRelay, smtperr.PhaseRcpt, 250),
		plaintext(smtptest.Script{}),
	},
	{
		"partial", "smtp", "accepts one of two recipients", rcptTwoSettings,
		fails(smtperr.ClassRecipientRefused, smtperr.ReasonMailboxUnknown, smtperr.PhaseRcpt, 550),
		plaintext(smtptest.Script{Rcpt: smtptest.Match("gone@", smtptest.Say("550 5.1.1 no such user here"))}),
	},
	{"sink", "smtp", "accepts test messages and discards them", sendSettings, success, plaintext(smtptest.Script{})},
	{
		"content-rejected", "smtp", "refuses the message after reading it", sendSettings,
		fails(smtperr.ClassDataRefused, smtperr.ReasonContentRejected, smtperr.PhaseDot, 550),
		plaintext(smtptest.Script{Dot: smtptest.Say("550 content rejected")}),
	},
	{
		"lost-after-dot", "smtp", "reads the message and closes the connection without a reply", sendSettings,
		fails(smtperr.ClassDisconnected, smtperr.ReasonClosed, smtperr.PhaseDot, 0),
		plaintext(smtptest.Script{Dot: smtptest.Close()}),
	},
	{
		"rate-limited", "smtp", "limits the rate: 421 to MAIL", rcptSettings,
		fails(smtperr.ClassServiceUnavailable, smtperr.ReasonRateLimited, smtperr.PhaseMail, 421),
		plaintext(smtptest.Script{Mail: smtptest.Then(smtptest.Say("421 4.7.28 rate limit exceeded"), smtptest.HalfClose())}),
	},
	{
		"self-signed", "smtps", "has a self-signed certificate", nil,
		fails(smtperr.ClassTLSVerifyError, smtperr.ReasonSelfSigned, smtperr.PhaseTLS, 0),
		withCertificate(func(*certs.Authority) tls.Certificate { return certs.SelfSigned(local()) }),
	},
	{
		"wrong-name", "smtps", "has a certificate for another host", nil,
		fails(smtperr.ClassTLSVerifyError, smtperr.ReasonHostMismatch, smtperr.PhaseTLS, 0),
		withCertificate(func(ca *certs.Authority) tls.Certificate { return ca.Issue(certs.For("mail.example.net")) }),
	},
	{
		"client-certificate", "smtps", "requires a client certificate, which the probe does not have", nil,
		// In TLS 1.3 the alert arrives after the client has finished the handshake.
		fails(smtperr.ClassTLSError, smtperr.ReasonClientCertRequired, smtperr.PhaseGreeting, 0),
		func(ca *certs.Authority) smtptest.Script {
			s := withImplicitTLS(smtptest.Script{})(ca)
			s.TLS = ca.DemandClient(s.TLS)
			return s
		},
	},
	{
		"postscreen", "smtp", "pauses within its greeting, like postscreen", nil, success,
		plaintext(smtptest.Script{Greeting: smtptest.Then(smtptest.Say("220-wait for it"), smtptest.Pause(slowStep), smtptest.Healthy())}),
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
