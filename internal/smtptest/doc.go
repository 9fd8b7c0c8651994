// Package smtptest provides a scripted SMTP and LMTP server (RFC 5321, RFC 2033)
// for tests, and for the demonstration relays. Its healthy replies are those of an
// ordinary relay; a Script replaces some of them:
//
//	srv := smtptest.Start(t, smtptest.Script{
//		Mail: smtptest.Say("451 4.3.0 try again"),
//		Rcpt: smtptest.Seq(smtptest.Healthy(), smtptest.Say("550 5.1.1 no such user")),
//		Dot:  smtptest.Then(smtptest.Pause(time.Second), smtptest.Close()),
//	})
//	conn, err := net.Dial("tcp", srv.Addr().String())
//	...
//	s := srv.Session(t)
//	require.Equal(t, []string{"EHLO probe.test", "QUIT"}, s.Commands())
//	require.Equal(t, smtptest.ClientQuit, s.End)
//
// Start closes the server when the test ends. Session waits for the session to end
// and returns its record: commands, messages, and how it ended. Wait is the same for
// several sessions.
//
// # Steps
//
// A Script has one Step for each Event of a session. These functions return steps:
//
//	Healthy()               the default reply
//	Say("250-a", "250 b")   send lines, in one write
//	Raw("250 que")          send bytes, in one write
//	Drip("250 ok\r\n", d)   send a byte every d
//	Endless("250-more\r\n") send until the client closes the connection
//	Pause(d)                wait
//	Silence()               read, but send nothing more
//	Stall()                 neither read nor send
//	Close()                 close the connection; over TLS with close_notify
//	HalfClose()             the same, but keep reading, so that no reset follows
//	Cut()                   close the connection without close_notify
//	Reset()                 reset the connection
//
// Steps combine:
//
//	Then(a, b)              a, then b
//	Seq(a, b)               a for the first event of its kind in a session, then b
//	Match(re, a)            a if the command matches, otherwise Healthy
//
// Sessions and Cycle select whole scripts by session.
//
// # Replies decide what follows
//
// As in a real relay, the code of the reply decides what comes next: the handshake
// after 220 to STARTTLS, an AuthResponse after 334 in AUTH, the message after 3xx
// to DATA, the end of the connection after 221 to QUIT. No other reply closes the
// connection, so a shutdown is Then(Say("421 4.3.2 bye"), Close()).
//
// To inject bytes after the reply to STARTTLS, send them in the same write:
// Say("220 go", "250 evil"). To fail in the middle of a message, use
// Script{BodyAfter: 1000, Body: Reset()}.
package smtptest
