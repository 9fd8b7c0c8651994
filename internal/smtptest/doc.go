// Package smtptest is a scripted SMTP and LMTP server (RFC 5321, RFC 2033) for
// tests and for the demonstration relays. It behaves like a healthy relay unless the script
// differs:
//
//	srv := smtptest.Start(t, smtptest.Script{
//		Mail: smtptest.Say("451 4.3.0 try again"),
//		Rcpt: smtptest.Seq(smtptest.Healthy(), smtptest.Say("550 5.1.1 no such user")),
//		Dot:  smtptest.Then(smtptest.Pause(time.Second), smtptest.Close()),
//	})
//	conn, err := net.Dial("tcp", srv.Addr().String())
//	...
//	s := srv.Wait(t, 1)[0]
//	require.Equal(t, []string{"EHLO probe.test", "QUIT"}, s.Commands())
//	require.Equal(t, smtptest.ClientQuit, s.End)
//
// A Script has one Step for each Moment of the conversation. A Step replies
// or breaks something, and Steps compose:
//
//	Say("250-a", "250 b")   lines, in one segment
//	Raw("250 que")          bytes as they are
//	Drip("250 ok\r\n", d)   a byte every d
//	Endless("250-more\r\n") until the client leaves
//	Pause(d)                wait; ends early when the client or the server leaves
//	Silence()               read on, but say nothing until the client leaves
//	Deaf()                  do not even read
//	Close() HalfClose() Cut() Reset()   four ways to end a connection
//	Healthy()               what a relay does without a script
//	Then(a, b)              one after the other
//	Seq(a, b)               a the first time in a session, b from then on
//	Match(re, a)            a if the command matches, else the healthy reply
//	Sessions(a, b), Cycle(a, b)         whole scripts by session
//
// What the relay does next follows the code that the step said, as in a real
// one: after a 220 to STARTTLS comes the handshake, after a 334 in AUTH the
// next line is an AuthResponse, after a 3xx to DATA the body is read, after a
// 221 to QUIT the relay closes. Nothing else closes a connection: a 421 is
// Then(Say("421 4.3.2 bye"), Close()).
//
// Bytes injected behind STARTTLS' 220 are Say("220 go", "250 evil"): one
// segment. A body cut short is Script{BodyAfter: 1000, Body: Reset()}.
//
// A server closes with its test and leaves no goroutine; every wait of a step
// ends then.
package smtptest
