// Package mailflow follows test messages from the relay that accepted them to
// the mailbox where they end.
//
// A relay that replies 250 has accepted a message, but not delivered it.
// Therefore each message of a followed relay carries a signed [Token], a
// [Ledger] keeps every message until it is settled, and a [Reader] classifies
// the messages in a mailbox: our messages, delivery status notifications about
// them, and foreign messages, which are never changed.
//
// The stages of one message:
//
//  1. [Ledger.Begin] issues a token and writes it to the store as *sending*.
//     Only then is the message sent.
//  2. [Ledger.Sent] records the relay's reply.
//  3. A look into a mailbox passes each header to a [Reader], which returns a
//     [Sighting] for our messages, and [Ledger.See] settles the messages seen: arrived,
//     late, bounced, a duplicate, or found after it was lost.
//  4. [Ledger.Looked] ends the look. A message is lost only if every mailbox of
//     its flow was read completely by a look that began after its deadline.
//  5. [Ledger.Arrivals] and [Ledger.Flows] return the points that the plugin emits.
//
// Mailbox content is untrusted: every parser works on bounded input, and a
// message that it cannot parse is foreign.
package mailflow
