// Package state keeps the state of the probes across restarts: the number of
// consecutive failures of a target, its last values of each property that may
// change, the time of the last message, and the data of other packages, each in
// a section of its own.
//
// A [Store] is a table of entries in memory. [Open] reads it from a file; all
// instances of the plugin that use the same file share one Store. [New] returns
// a Store without a file, for a host that stores a [Document] itself, as
// Telegraf does with the state of its plugins.
//
//	store, err := state.Open(ctx, "/var/lib/telegraf/smtpprobe.state", state.Options{})
//	target, _ := store.Target(key)
//	target.LastSent = now
//	err = store.Put(key, &target)       // on disk when Put returns
//	// send the message
//	store.Set(key, &target)             // in memory
//	store.FlushSoon()                   // on disk soon
//
// # Two ways to write
//
// Most entries change with each gather, and losing the last change does little
// harm. They are written together after a gather, in the background. A few
// entries must be on disk before a message is sent, or a crash may cause it to
// be sent twice. Two designs were compared for those:
//
//   - Rewrite the whole file. There is one file and one format, but each message
//     costs as much as the whole state: with 5,000 targets, 5 MB and two fsyncs,
//     a hundred times in a gather.
//   - Append the entry to a journal beside the file, and sync the journal. There
//     is a second file, and the two must be kept in order, but each message costs
//     one entry and one fsync, which concurrent messages share.
//
// The second was chosen, because a probe must not wait for the state of other
// probes. Sequence numbers keep the order: each record of the journal has the
// next number, and the snapshot contains the number of the last record that it
// includes. A crash between the replacement of the snapshot and the truncation
// of the journal leaves records that the snapshot includes; they are skipped.
//
// # Files
//
// Both files have one JSON object per line and may be read with jq. The last
// member of each line, sum, is the CRC-32 of the rest of the line. The first
// line is a header with the version of the format. The other lines are entries:
// seq (in the journal), section, key, seen (Unix seconds) and value.
//
//	NAME                   the snapshot; replaced atomically, mode 0600
//	NAME.journal           durable writes since the snapshot, one record each
//	NAME.tmp               the next snapshot while it is written
//	NAME.lock              locked by the process that uses the files
//	NAME.damaged           the last snapshot that could not be read
//	NAME.journal.damaged   the last journal with an invalid record between valid ones
//
// An interrupted write leaves at most an incomplete last line in the journal,
// which is ignored.
//
// # Errors
//
// Open fails only if another process has locked the file. After any other error
// the Store works in memory, [Store.Problem] returns the error, and one warning
// is logged: a full disk must not stop the probes. A file that cannot be read
// because of its permissions, or that belongs to another user, is never
// overwritten.
package state
