// Package smtperr says what an error of an SMTP session means: it turns replies,
// and the errors of Go's net, crypto/tls, net/smtp and of common SMTP clients,
// into one typed error with a class, a reason, the phase, and advice.
//
// The hierarchy is the one that Python programmers know from smtplib and
// aiosmtplib. What an except clause does there, errors.Is does here with a kind:
//
//	errors.Is(err, smtperr.ErrAuth)    // except SMTPAuthenticationError
//	errors.Is(err, smtperr.ErrTimeout) // except TimeoutError
//
// The attributes of those exceptions are in struct types for errors.As, such as
// *SMTPSenderRefused; a Class asks for exactly one row of the taxonomy.
//
// Class and permanence follow from the phase and the reply code alone (RFC 5321
// §4.2, §4.3.2), never from a reply's text. What is not known is Unknown.
package smtperr
