// Package mailflow follows test messages from the relay that accepted them to
// the mailbox where they end.
//
// A relay that answers 250 has taken a message; it has not delivered it. So
// each message of a followed relay carries a signed [Token], a [Ledger] keeps
// every message until its end is known, and a [Reader] recognizes what a
// mailbox holds: our messages, delivery status notifications about them, and
// everything else, which is foreign and is never touched.
//
// The way of one message:
//
//  1. [Ledger.Begin] issues a token and writes it to the store as *sending*.
//     Only then does the message leave.
//  2. [Ledger.Sent] records what the relay replied.
//  3. A look into a mailbox hands each header to a [Reader]. What it recognizes
//     is a [Sighting], and [Ledger.See] settles the messages seen: arrived,
//     late, bounced, a duplicate, or found after it was lost.
//  4. [Ledger.Looked] ends the look. A message is lost only if every mailbox of
//     its flow was read completely by a look that began after its deadline.
//  5. [Ledger.Arrivals] and [Ledger.Flows] are what the plugin emits.
//
// Mailbox content is hostile: every parser here works on a bounded input, and
// what it cannot read is foreign.
package mailflow
