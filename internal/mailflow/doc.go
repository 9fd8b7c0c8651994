// Package mailflow follows test messages from the relay that accepted them to
// the mailbox where they end.
//
// A relay that replies 250 has accepted a message, but not delivered it.
// Therefore each message of a followed relay contains a signed [Token], a
// [Ledger] records each message until its final state is known, and a [Reader]
// classifies the messages in a mailbox: test messages, delivery status
// notifications about them, and foreign messages, which are never changed.
//
// The life of a message:
//
//  1. [Ledger.Begin] issues a token and stores it with the state [Sending]. Only
//     then is the message sent.
//  2. [Ledger.Sent] records the relay's reply.
//  3. A scan of a mailbox passes each header to a [Reader], which returns an
//     [Observation] for a test message. [Ledger.Settle] records its state: arrived,
//     late, bounced, duplicate, or found after it was lost.
//  4. [Ledger.Scanned] ends the scan. A message is lost only if each mailbox of its
//     flow was scanned completely, by a scan that began after the deadline.
//  5. [Ledger.Arrivals] and [Ledger.Flows] return the points to emit. They report
//     only what is in the store, so that nothing is counted twice after a crash.
//
// The content of a mailbox is untrusted: all parsers have limits, and a message
// that cannot be parsed is foreign.
package mailflow
