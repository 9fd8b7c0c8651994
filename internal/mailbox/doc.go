// Package mailbox looks into the mailboxes where test messages end: over IMAP,
// in a Maildir, or as an LMTP server that mail is delivered to (the sink).
//
// A [Watcher] makes one look at a time. It asks its [Mailbox] for what is new,
// hands each header to a mailflow.Reader, and settles what that recognizes in
// the mailflow.Ledger; only then may a message be deleted. The look ends with a
// [Result]: a mailbox that cannot be read is data, and its error is classified
// like that of a relay.
//
// A look is bounded: by its context, to MaxMessages messages, and for each to
// mailflow.MaxHeader and mailflow.MaxReport bytes. What is left is read by the
// next look, and only a look that left nothing is complete.
package mailbox
