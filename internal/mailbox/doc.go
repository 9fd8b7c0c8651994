// Package mailbox scans the mailboxes where test messages arrive: over IMAP, in a
// Maildir, or as an LMTP server that relays deliver to (the sink).
//
// A [Watcher] runs one [Scan] of its [Mailbox] at a time. The mailbox passes new
// messages to the scan, which classifies them with a mailflow.Reader and records
// test messages in the mailflow.Ledger. Only then may a message be deleted. The
// scan returns a [Result], also if the mailbox cannot be read; the error is
// classified like an error of a relay.
//
// A scan reads at most MaxMessages messages, of each at most mailflow.MaxHeader
// bytes, or mailflow.MaxReport bytes of a report, and ends with its context. The
// next scan continues. A scan is complete only if it read every message.
package mailbox
