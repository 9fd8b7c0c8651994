// Package smtpprobe probes SMTP and LMTP relays. A probe runs one session up to
// a chosen depth and reports the time and the reply code of every phase, and one
// classified error.
//
// A Prober holds the settings of probes; its zero value is ready to use. A
// Target is a relay, and a Plan is what to do there:
//
//	var p smtpprobe.Prober
//	r := p.Probe(ctx, smtpprobe.Target{Host: "mx.example.org", Port: 25}, smtpprobe.Plan{Depth: smtpprobe.DepthEHLO})
//	if errors.Is(r.Err, smtperr.ErrTimeout) { … }
//
// A probe is a sequence of phases, each with its own time:
//
//	dns       resolve the host, IPv4 and IPv6
//	connect   try the addresses one after the other
//	tls       handshake: at once with TLSImplicit, else after STARTTLS
//	greeting  read the first reply; DepthConnect ends here
//	ehlo      EHLO, or LHLO for LMTP; helo if EHLO is unknown
//	starttls  STARTTLS if the TLS mode asks for it, then tls, and ehlo again;
//	          DepthEHLO ends here
//	auth      one attempt with one mechanism; DepthAuth ends here
//	mail      MAIL, with the parameters that the relay offers
//	rcpt      RCPT for each recipient, even if others are refused, and rset;
//	          DepthRcpt ends here
//	data      DATA
//	body      write the message
//	dot       the final dot and its reply; DepthSend ends here
//	quit      QUIT, unless the session is out of sync
//
// The first failure is Result.Err; later ones, such as those of RSET and QUIT,
// are Result.Secondary. Errors are those of package smtperr: errors.Is tests for
// a family (smtperr.ErrAuth), errors.AsType returns the *smtperr.Error with
// class, reason, phase and reply. Probe always returns a Result.
//
// Commands are never pipelined. Before each command the session checks for
// unsolicited replies: a 421 announces that the relay closes the connection (RFC
// 5321 §3.8), any other ends the session. A phase ends when its reply arrives at
// this machine, by the kernel's clock, not when this process reads it. If a
// deadline passes while this process is stalled, that is a local error.
//
// Targets resolves a mail domain to its MX hosts, or a host to its addresses.
// WithTrace attaches hooks to a probe, like net/http/httptrace. Secrets
// (passwords, tokens) are masked in everything that a Result contains, even if
// the relay repeats them.
package smtpprobe
