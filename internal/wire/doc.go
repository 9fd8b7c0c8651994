// Package wire implements the client side of one SMTP connection (RFC 5321):
// it sends lines and reads replies. It parses replies but does not interpret
// them.
//
// A Conn combines everything that belongs to the connection itself:
//
//   - a bounded reader, which parses replies and returns a ProtocolError for
//     anything else;
//   - deadlines, and the cancellation of the context, which interrupt every
//     read and write;
//   - synchronization: InSync reports that no reply is outstanding and nothing
//     is unread, so that a command may be sent;
//   - the time at which the last reply arrived, by the kernel's clock, and
//     whether this process was stalled at a deadline;
//   - the transcript, without secrets.
//
// A session is a sequence of Send and Reply. Before each Send, HasUnread
// reports whether the peer has sent unsolicited data, which ReadUnsolicited
// reads. StartTLS replaces the connection by an encrypted one, in place.
package wire
