// Package wire is one SMTP connection (RFC 5321) as a client sees it: lines go
// out, replies come in. It knows what a reply looks like, not what it means.
//
// A Conn owns everything that belongs to the connection itself:
//
//   - the bounded reader, which turns bytes into replies and refuses what is
//     not SMTP with a ProtocolError;
//   - the deadlines, and the end of the context, which interrupt every wait;
//   - whether the two sides are in step: InSync reports that no reply is
//     outstanding and nothing is unread, so that a command may be sent;
//   - when the last reply arrived, by the kernel's clock, and whether this
//     process was late to notice;
//   - the transcript, without the secrets.
//
// A conversation is a sequence of Send and Reply. Before each Send, Unread
// reports whether the peer has sent something that nobody asked for; Early
// reads it. StartTLS replaces the connection by its encrypted form, in place.
package wire
