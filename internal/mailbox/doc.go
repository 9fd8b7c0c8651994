// Package mailbox looks into the mailboxes where test messages end: over IMAP,
// in a Maildir, or as an LMTP server that mail is delivered to (the sink).
//
// A [Watcher] makes one look at a time. It asks its [Mailbox] for new
// messages, passes each header to a mailflow.Reader, and settles our messages
// in the mailflow.Ledger; only then may a message be deleted. The look returns
// a [Result]: a mailbox that cannot be read is a result, too, and its error is
// classified like that of a relay.
//
// A look is bounded: by its context, to MaxMessages messages, and for each to
// mailflow.MaxHeader and mailflow.MaxReport bytes. The next look reads the
// rest, and only a look without a rest is complete.
package mailbox
