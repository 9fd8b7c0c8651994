package demo

import (
	"crypto/tls"
	"time"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/relay"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/relay/certs"
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
	script                    func(ca *certs.Authority) relay.Script // nil: nothing listens
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
	{"healthy", "smtp", "answers as a relay should", nil, well, plain(relay.Script{})},
	{"healthy-starttls", "submission", "STARTTLS with a certificate of the demonstration's CA", nil, well, protected(relay.Script{})},
	{"healthy-smtps", "smtps", "implicit TLS with a certificate of the demonstration's CA", nil, well, implicit(relay.Script{})},
	{
		"greeting-554", "smtp", "wants no mail from us and says so in its greeting", nil,
		fails(smtperr.GreetingRefused, smtperr.ReasonAccessDenied, smtperr.PhaseGreeting, 554),
		plain(relay.Script{Greeting: relay.Say("554 5.7.1 no service for you"), EHLO: relay.Say("503 5.5.1 QUIT is all I take")}),
	},
	{
		"busy-421", "smtp", "has no time: 421, then closes", nil,
		fails(smtperr.ServiceUnavailable, smtperr.ReasonRefused, smtperr.PhaseGreeting, 421),
		plain(relay.Script{Greeting: relay.Then(relay.Say("421 4.3.2 busy, try again later"), relay.HalfClose())}),
	},
	{
		"ehlo-refused", "smtp", "refuses our name after EHLO and HELO", nil,
		fails(smtperr.HeloRefused, smtperr.ReasonRefused, smtperr.PhaseEHLO, 550),
		plain(relay.Script{EHLO: relay.Say("550 5.7.1 I do not know you"), HELO: relay.Say("550 5.7.1 I do not know you")}),
	},
	{
		"helo-only", "smtp", "knows HELO, but no EHLO", nil, well,
		plain(relay.Script{EHLO: relay.Say("502 5.5.1 command not implemented")}),
	},
	{
		"silent", "smtp", "accepts the connection and never greets", nil,
		fails(smtperr.ReadTimeout, smtperr.ReasonNoGreeting, smtperr.PhaseGreeting, 0),
		plain(relay.Script{Greeting: relay.Silence()}),
	},
	{"slow", "smtp", "takes 400 ms for every reply", nil, well, plain(relay.Script{Before: relay.Pause(slowStep)})},
	{
		"closed", "smtp", "is a port on which nothing listens", nil,
		fails(smtperr.ConnectError, smtperr.ReasonRefused, smtperr.PhaseConnect, 0), nil,
	},
	{
		"not-smtp", "smtp", "is a web server", nil,
		fails(smtperr.ProtocolError, smtperr.ReasonNotSMTPHTTP, smtperr.PhaseGreeting, 0),
		plain(relay.Script{Greeting: relay.Then(relay.Say("HTTP/1.1 400 Bad Request", "Connection: close", ""), relay.HalfClose())}),
	},
	{
		"ssh", "smtp", "is an SSH server", nil,
		fails(smtperr.ProtocolError, smtperr.ReasonNotSMTPSSH, smtperr.PhaseGreeting, 0),
		plain(relay.Script{Greeting: relay.Then(relay.Say("SSH-2.0-OpenSSH_9.9"), relay.Silence())}),
	},
	{
		"auth-ok", "submission", "knows our user and password", authToo,
		[]Outcome{{Phase: smtperr.PhaseDone, Code: 235}},
		protected(relay.Script{Accounts: accounts()}),
	},
	{
		"auth-fails", "submission", "takes no password for the right one", authToo,
		fails(smtperr.AuthFailed, smtperr.ReasonAuthCredentialsInvalid, smtperr.PhaseAuth, 535),
		protected(relay.Script{Accounts: accounts(), Auth: relay.Say("535 5.7.8 authentication credentials invalid")}),
	},
	{
		"relay-denied", "smtp", "does not relay for us: 454 to every recipient", rcptToo,
		fails(smtperr.RecipientsRefused, smtperr.ReasonRelayDenied, smtperr.PhaseRcpt, 454),
		plain(relay.Script{Rcpt: relay.Say("454 4.7.1 relay access denied")}),
	},
	{
		"greylisting", "smtp", "asks to try again later: 450 to every recipient", rcptToo,
		fails(smtperr.RecipientsRefused, smtperr.ReasonGreylisted, smtperr.PhaseRcpt, 450),
		plain(relay.Script{Rcpt: relay.Say("450 4.2.0 greylisted, come back in five minutes")}),
	},
	{
		"mailbox-full", "smtp", "has no room left for the recipient", rcptToo,
		fails(smtperr.RecipientsRefused, smtperr.ReasonMailboxFull, smtperr.PhaseRcpt, 552),
		plain(relay.Script{Rcpt: relay.Say("552 5.2.2 mailbox full")}),
	},
	{
		"disconnects", "smtp", "closes the connection after MAIL", rcptToo,
		fails(smtperr.Disconnected, smtperr.ReasonClosed, smtperr.PhaseMail, 0),
		plain(relay.Script{Mail: relay.Close()}),
	},
	{
		"expired-certificate", "smtps", "shows a certificate that expired yesterday", nil,
		fails(smtperr.TLSVerifyError, smtperr.ReasonExpired, smtperr.PhaseTLS, 0),
		certified(func(ca *certs.Authority) tls.Certificate { return ca.Issue(certs.Expired(local())) }),
	},
	{
		"starttls-refused", "submission", "offers STARTTLS, but cannot do it now: 454", nil,
		fails(smtperr.StartTLSRefused, smtperr.ReasonTLSUnavailable, smtperr.PhaseSTARTTLS, 454),
		protected(relay.Script{StartTLS: relay.Say("454 4.7.0 TLS not available")}),
	},
	{
		"flapping", "smtp", "is healthy every other time, and busy in between", nil,
		append(well[:1:1], fails(smtperr.ServiceUnavailable, smtperr.ReasonRefused, smtperr.PhaseEHLO, 421)...),
		plain(relay.Cycle(relay.Script{}, relay.Script{EHLO: relay.Then(relay.Say("421 4.3.2 busy, try again later"), relay.HalfClose())})),
	},
	{"lmtp", "lmtp", "delivers to mailboxes by LMTP", rcptToo, well, plain(relay.Script{LMTP: true})},
	{
		"open-relay", "smtp", "takes mail for anybody, which we expect it not to", rcptNever,
		fails(smtperr.UnexpectedSuccess, smtperr.ReasonOpenRelay, smtperr.PhaseRcpt, 250),
		plain(relay.Script{}),
	},
	{
		"partial", "smtp", "knows one of two recipients", rcptTwo,
		fails(smtperr.RecipientRefused, smtperr.ReasonMailboxUnknown, smtperr.PhaseRcpt, 550),
		plain(relay.Script{Rcpt: relay.Match("gone@", relay.Say("550 5.1.1 no such user here"))}),
	},
	{"sink", "smtp", "accepts test messages and forgets them", sendToo, well, plain(relay.Script{})},
	{
		"content-rejected", "smtp", "refuses the message after reading it", sendToo,
		fails(smtperr.DataRefused, smtperr.ReasonContentRejected, smtperr.PhaseDot, 550),
		plain(relay.Script{Dot: relay.Say("550 this looks like spam")}),
	},
	{
		"lost-after-dot", "smtp", "reads the message, then closes without a reply", sendToo,
		fails(smtperr.Disconnected, smtperr.ReasonClosed, smtperr.PhaseDot, 0),
		plain(relay.Script{Dot: relay.Close()}),
	},
	{
		"rate-limited", "smtp", "has had too many sessions from us: 421 after MAIL", rcptToo,
		fails(smtperr.ServiceUnavailable, smtperr.ReasonRateLimited, smtperr.PhaseMail, 421),
		plain(relay.Script{Mail: relay.Then(relay.Say("421 4.7.28 rate limit exceeded"), relay.HalfClose())}),
	},
	{
		"self-signed", "smtps", "shows a certificate that vouches for itself", nil,
		fails(smtperr.TLSVerifyError, smtperr.ReasonSelfSigned, smtperr.PhaseTLS, 0),
		certified(func(*certs.Authority) tls.Certificate { return certs.SelfSigned(local()) }),
	},
	{
		"wrong-name", "smtps", "shows a certificate of another host", nil,
		fails(smtperr.TLSVerifyError, smtperr.ReasonHostMismatch, smtperr.PhaseTLS, 0),
		certified(func(ca *certs.Authority) tls.Certificate { return ca.Issue(certs.For("mail.example.net")) }),
	},
	{
		"client-certificate", "smtps", "wants a client certificate, which we have not", nil,
		// TLS 1.3 refuses a client only when that takes its handshake for finished.
		fails(smtperr.TLSError, smtperr.ReasonClientCertRequired, smtperr.PhaseGreeting, 0),
		func(ca *certs.Authority) relay.Script {
			s := implicit(relay.Script{})(ca)
			s.TLS = ca.DemandClient(s.TLS)
			return s
		},
	},
	{
		"postscreen", "smtp", "greets in two parts to catch who talks too early", nil, well,
		plain(relay.Script{Greeting: relay.Then(relay.Say("220-wait for it"), relay.Pause(slowStep), relay.Healthy())}),
	},
}

func fails(class smtperr.Class, reason smtperr.Reason, phase smtperr.Phase, code int) []Outcome {
	return []Outcome{{Class: class, Reason: reason, Phase: phase, Code: code}}
}

func accounts() *relay.Accounts {
	return &relay.Accounts{Passwords: map[string]string{Username: Password}, OnlyTLS: true}
}

// local is a certificate for where the relays listen.
func local() certs.Leaf { return certs.For("localhost", "127.0.0.1") }

func plain(s relay.Script) func(*certs.Authority) relay.Script {
	return func(*certs.Authority) relay.Script { return s }
}

// protected offers STARTTLS.
func protected(s relay.Script) func(*certs.Authority) relay.Script {
	return func(ca *certs.Authority) relay.Script {
		protectedScript := s
		protectedScript.TLS = certs.Server(ca.Issue(local()))
		return protectedScript
	}
}

func implicit(s relay.Script) func(*certs.Authority) relay.Script {
	s.ImplicitTLS = true
	return protected(s)
}

// certified is a relay with implicit TLS and a certificate of its own.
func certified(issue func(*certs.Authority) tls.Certificate) func(*certs.Authority) relay.Script {
	return func(ca *certs.Authority) relay.Script {
		return relay.Script{ImplicitTLS: true, TLS: certs.Server(issue(ca))}
	}
}
