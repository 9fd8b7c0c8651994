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

// slowStep is what the slow relay takes for each reply.
const slowStep = 400 * time.Millisecond

// Outcome is what a probe finds.
type Outcome struct {
	Class  smtperr.Class
	Reason smtperr.Reason
	Phase  smtperr.Phase // smtperr.PhaseDone without error
	Code   int           // of the decisive reply, 0 if none is
}

// entry is a relay of the demonstration and how it comes to behave so.
type entry struct {
	name, scheme, description string
	settings                  []string
	outcomes                  []Outcome
	script                    func(ca *certs.Authority) smtptest.Script // nil: nothing listens
}

var (
	well      = []Outcome{{Phase: smtperr.PhaseDone, Code: 250}}
	authToo   = []string{`probe = "auth"`, `username = "` + Username + `"`, `password = "` + Password + `"`}
	rcptToo   = []string{`probe = "rcpt"`, `from = "probe@example.org"`, `to = ["postmaster@example.com"]`}
	rcptTwo   = []string{`probe = "rcpt"`, `from = "probe@example.org"`, `to = ["postmaster@example.com", "gone@example.com"]`}
	rcptNever = []string{`probe = "rcpt"`, `from = "probe@example.org"`, `to = ["victim@example.net"]`, `expect = ["recipients_refused"]`}
	sendToo   = []string{`probe = "send"`, `from = "probe@example.org"`, `to = ["postmaster@example.com"]`}
)

// entries are in the order of their ports: new ones go to the end.
var entries = []entry{
	{"healthy", "smtp", "answers as a relay should", nil, well, plain(smtptest.Script{})},
	{"healthy-starttls", "submission", "STARTTLS with a certificate of the demonstration's CA", nil, well, protected(smtptest.Script{})},
	{"healthy-smtps", "smtps", "implicit TLS with a certificate of the demonstration's CA", nil, well, implicit(smtptest.Script{})},
	{
		"greeting-554", "smtp", "refuses every client in its greeting", nil,
		fails(smtperr.ClassGreetingRefused, smtperr.ReasonAccessDenied, smtperr.PhaseGreeting, 554),
		plain(smtptest.Script{Greeting: smtptest.Say("554 5.7.1 no service for you"), EHLO: smtptest.Say("503 5.5.1 QUIT is all I take")}),
	},
	{
		"busy-421", "smtp", "has no time: 421, then closes", nil,
		fails(smtperr.ClassServiceUnavailable, smtperr.ReasonCongested, smtperr.PhaseGreeting, 421),
		plain(smtptest.Script{Greeting: smtptest.Then(smtptest.Say("421 4.3.2 busy, try again later"), smtptest.HalfClose())}),
	},
	{
		"ehlo-refused", "smtp", "refuses our name after EHLO and HELO", nil,
		fails(smtperr.ClassHeloRefused, smtperr.ReasonRefused, smtperr.PhaseEHLO, 550),
		plain(smtptest.Script{EHLO: smtptest.Say("550 5.7.1 I do not know you"), HELO: smtptest.Say("550 5.7.1 I do not know you")}),
	},
	{
		"helo-only", "smtp", "knows HELO, but no EHLO", nil, well,
		plain(smtptest.Script{EHLO: smtptest.Say("502 5.5.1 command not implemented")}),
	},
	{
		"silent", "smtp", "accepts the connection and never greets", nil,
		fails(smtperr.ClassReadTimeout, smtperr.ReasonNoGreeting, smtperr.PhaseGreeting, 0),
		plain(smtptest.Script{Greeting: smtptest.Silence()}),
	},
	{"slow", "smtp", "takes 400 ms for every reply", nil, well, plain(smtptest.Script{Before: smtptest.Pause(slowStep)})},
	{
		"closed", "smtp", "is a port on which nothing listens", nil,
		fails(smtperr.ClassConnectError, smtperr.ReasonRefused, smtperr.PhaseConnect, 0), nil,
	},
	{
		"not-smtp", "smtp", "is a web server", nil,
		fails(smtperr.ClassProtocolError, smtperr.ReasonNotSMTPHTTP, smtperr.PhaseGreeting, 0),
		plain(smtptest.Script{Greeting: smtptest.Then(smtptest.Say("HTTP/1.1 400 Bad Request", "Connection: close", ""), smtptest.HalfClose())}),
	},
	{
		"ssh", "smtp", "is an SSH server", nil,
		fails(smtperr.ClassProtocolError, smtperr.ReasonNotSMTPSSH, smtperr.PhaseGreeting, 0),
		plain(smtptest.Script{Greeting: smtptest.Then(smtptest.Say("SSH-2.0-OpenSSH_9.9"), smtptest.Silence())}),
	},
	{
		"auth-ok", "submission", "knows our user and password", authToo,
		[]Outcome{{Phase: smtperr.PhaseDone, Code: 235}},
		protected(smtptest.Script{Accounts: accounts()}),
	},
	{
		"auth-fails", "submission", "takes no password for the right one", authToo,
		fails(smtperr.ClassAuthFailed, smtperr.ReasonAuthCredentialsInvalid, smtperr.PhaseAuth, 535),
		protected(smtptest.Script{Accounts: accounts(), Auth: smtptest.Say("535 5.7.8 authentication credentials invalid")}),
	},
	{
		"relay-denied", "smtp", "does not relay for us: 454 to every recipient", rcptToo,
		fails(smtperr.ClassRecipientsRefused, smtperr.ReasonRelayDenied, smtperr.PhaseRcpt, 454),
		plain(smtptest.Script{Rcpt: smtptest.Say("454 4.7.1 relay access denied")}),
	},
	{
		"greylisting", "smtp", "asks to try again later: 450 to every recipient", rcptToo,
		fails(smtperr.ClassRecipientsRefused, smtperr.ReasonGreylisted, smtperr.PhaseRcpt, 450),
		plain(smtptest.Script{Rcpt: smtptest.Say("450 4.2.0 greylisted, come back in five minutes")}),
	},
	{
		"mailbox-full", "smtp", "has no room left for the recipient", rcptToo,
		fails(smtperr.ClassRecipientsRefused, smtperr.ReasonMailboxFull, smtperr.PhaseRcpt, 552),
		plain(smtptest.Script{Rcpt: smtptest.Say("552 5.2.2 mailbox full")}),
	},
	{
		"disconnects", "smtp", "closes the connection after MAIL", rcptToo,
		fails(smtperr.ClassDisconnected, smtperr.ReasonClosed, smtperr.PhaseMail, 0),
		plain(smtptest.Script{Mail: smtptest.Close()}),
	},
	{
		"expired-certificate", "smtps", "shows a certificate that expired yesterday", nil,
		fails(smtperr.ClassTLSVerifyError, smtperr.ReasonExpired, smtperr.PhaseTLS, 0),
		certified(func(ca *certs.Authority) tls.Certificate { return ca.Issue(certs.Expired(local())) }),
	},
	{
		"starttls-refused", "submission", "offers STARTTLS, but cannot do it now: 454", nil,
		fails(smtperr.ClassStartTLSRefused, smtperr.ReasonTLSUnavailable, smtperr.PhaseSTARTTLS, 454),
		protected(smtptest.Script{StartTLS: smtptest.Say("454 4.7.0 TLS not available")}),
	},
	{
		"flapping", "smtp", "is healthy every other time, and busy in between", nil,
		append(well[:1:1], fails(smtperr.ClassServiceUnavailable, smtperr.ReasonCongested, smtperr.PhaseEHLO, 421)...),
		plain(smtptest.Cycle(smtptest.Script{}, smtptest.Script{EHLO: smtptest.Then(smtptest.Say("421 4.3.2 busy, try again later"), smtptest.HalfClose())})),
	},
	{"lmtp", "lmtp", "delivers to mailboxes by LMTP", rcptToo, well, plain(smtptest.Script{LMTP: true})},
	{
		"open-relay", "smtp", "takes mail for anybody, which we expect it not to", rcptNever,
		fails(smtperr.ClassUnexpectedSuccess, smtperr.ReasonOpenRelay, smtperr.PhaseRcpt, 250),
		plain(smtptest.Script{}),
	},
	{
		"partial", "smtp", "knows one of two recipients", rcptTwo,
		fails(smtperr.ClassRecipientRefused, smtperr.ReasonMailboxUnknown, smtperr.PhaseRcpt, 550),
		plain(smtptest.Script{Rcpt: smtptest.Match("gone@", smtptest.Say("550 5.1.1 no such user here"))}),
	},
	{"sink", "smtp", "accepts test messages and forgets them", sendToo, well, plain(smtptest.Script{})},
	{
		"content-rejected", "smtp", "refuses the message after reading it", sendToo,
		fails(smtperr.ClassDataRefused, smtperr.ReasonContentRejected, smtperr.PhaseDot, 550),
		plain(smtptest.Script{Dot: smtptest.Say("550 content rejected")}),
	},
	{
		"lost-after-dot", "smtp", "reads the message, then closes without a reply", sendToo,
		fails(smtperr.ClassDisconnected, smtperr.ReasonClosed, smtperr.PhaseDot, 0),
		plain(smtptest.Script{Dot: smtptest.Close()}),
	},
	{
		"rate-limited", "smtp", "has had too many sessions from us: 421 after MAIL", rcptToo,
		fails(smtperr.ClassServiceUnavailable, smtperr.ReasonRateLimited, smtperr.PhaseMail, 421),
		plain(smtptest.Script{Mail: smtptest.Then(smtptest.Say("421 4.7.28 rate limit exceeded"), smtptest.HalfClose())}),
	},
	{
		"self-signed", "smtps", "shows a certificate that vouches for itself", nil,
		fails(smtperr.ClassTLSVerifyError, smtperr.ReasonSelfSigned, smtperr.PhaseTLS, 0),
		certified(func(*certs.Authority) tls.Certificate { return certs.SelfSigned(local()) }),
	},
	{
		"wrong-name", "smtps", "shows a certificate of another host", nil,
		fails(smtperr.ClassTLSVerifyError, smtperr.ReasonHostMismatch, smtperr.PhaseTLS, 0),
		certified(func(ca *certs.Authority) tls.Certificate { return ca.Issue(certs.For("mail.example.net")) }),
	},
	{
		"client-certificate", "smtps", "wants a client certificate, which we have not", nil,
		// TLS 1.3 refuses a client only when that takes its handshake for finished.
		fails(smtperr.ClassTLSError, smtperr.ReasonClientCertRequired, smtperr.PhaseGreeting, 0),
		func(ca *certs.Authority) smtptest.Script {
			s := implicit(smtptest.Script{})(ca)
			s.TLS = ca.DemandClient(s.TLS)
			return s
		},
	},
	{
		"postscreen", "smtp", "greets in two parts to catch who talks too early", nil, well,
		plain(smtptest.Script{Greeting: smtptest.Then(smtptest.Say("220-wait for it"), smtptest.Pause(slowStep), smtptest.Healthy())}),
	},
}

func fails(class smtperr.Class, reason smtperr.Reason, phase smtperr.Phase, code int) []Outcome {
	return []Outcome{{Class: class, Reason: reason, Phase: phase, Code: code}}
}

func accounts() *smtptest.Accounts {
	return &smtptest.Accounts{Passwords: map[string]string{Username: Password}, OnlyTLS: true}
}

// local is a certificate for where the relays listen.
func local() certs.Leaf { return certs.For("localhost", "127.0.0.1") }

func plain(s smtptest.Script) func(*certs.Authority) smtptest.Script {
	return func(*certs.Authority) smtptest.Script { return s }
}

// protected offers STARTTLS.
func protected(s smtptest.Script) func(*certs.Authority) smtptest.Script {
	return func(ca *certs.Authority) smtptest.Script {
		protectedScript := s
		protectedScript.TLS = certs.Server(ca.Issue(local()))
		return protectedScript
	}
}

func implicit(s smtptest.Script) func(*certs.Authority) smtptest.Script {
	s.ImplicitTLS = true
	return protected(s)
}

// certified is a relay with implicit TLS and a certificate of its own.
func certified(issue func(*certs.Authority) tls.Certificate) func(*certs.Authority) smtptest.Script {
	return func(ca *certs.Authority) smtptest.Script {
		return smtptest.Script{ImplicitTLS: true, TLS: certs.Server(issue(ca))}
	}
}
