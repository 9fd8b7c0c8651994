// Package smtpprobe probes SMTP and LMTP relays: it runs one session, as deep
// as asked for, and reports the time and the reply of every phase and one typed
// error.
//
// A Prober is how to reach relays and how long that may take; its zero value
// works. A Target is one relay, a Plan is what to do there:
//
//	var p smtpprobe.Prober
//	r := p.Probe(ctx, smtpprobe.Target{Host: "mx.example.org", Port: 25}, smtpprobe.Plan{Depth: smtpprobe.DepthEHLO})
//	if errors.Is(r.Err, smtperr.ErrTimeout) { … }
//
// A probe is a sequence of phases, each with a time of its own:
//
//	dns       the addresses of the host, of both families
//	connect   one address after the other, until one connects
//	tls       the handshake: at once (TLSImplicit), or after STARTTLS
//	greeting  the relay's first reply; DepthConnect ends here
//	ehlo      EHLO, or LHLO for LMTP; helo, where EHLO is unknown
//	starttls  where the target's TLS mode asks for it; then tls, and ehlo again
//	          (DepthEHLO ends here)
//	auth      one attempt with one mechanism; DepthAuth ends here
//	mail      the sender, with what the relay's EHLO allows
//	rcpt      each recipient; a refused one does not keep the others from being
//	          asked (DepthRcpt ends here, with rset)
//	data      DATA and its 354
//	body      writing the message
//	dot       the wait for what becomes of it; DepthSend ends here
//	quit      always, if the relay would understand it
//
// The first failure is the Result's Err; what fails while cleaning up is
// Secondary. Err is an error of package smtperr: errors.Is asks for a family
// (smtperr.ErrAuth), errors.AsType for the *smtperr.Error with class, reason,
// phase and reply. A probe never fails in another way: Probe always returns a
// Result, whatever it found out.
//
// Commands are never pipelined. What the relay sends without being asked is
// noticed before the next command: a 421 is its notice of leaving (RFC 5321
// §3.8), anything else ends the session. A phase ends when its reply arrived at
// this machine, by the kernel's clock, not when this process came to read it. A
// deadline that passed while this process did not run is a local error, not the
// relay's.
//
// Targets turns a mail domain into its MX hosts, or a host into its addresses.
// WithTrace attaches hooks to a probe, as net/http/httptrace does. Secrets
// (passwords, tokens) are masked in everything that a Result shows, also where
// the relay repeats them.
package smtpprobe
