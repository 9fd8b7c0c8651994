// Package state remembers over restarts what the probes have learned: how often
// a relay failed in a row, what it offered, when a message was last sent to it,
// and whatever another package keeps in a section of its own.
//
// A [Store] is a table of entries in memory. [Open] reads it from a file, and
// all instances of the plugin that name one file share one Store. [New] makes
// one without a file, for a host that stores a [Document] itself, as Telegraf
// does with the state of its plugins.
//
//	store, err := state.Open(ctx, "/var/lib/telegraf/smtpprobe.state", state.Options{})
//	target, _ := store.Target(key)      // what is known of it
//	target.LastSent = now
//	err = store.Put(key, &target)       // on disk when it returns
//	// the probe
//	store.Set(key, &target)             // in memory
//	store.FlushSoon()                   // on disk soon
//
// # Two ways to disk
//
// Most entries change with each gather, and it does little harm to lose the
// last ones: they are written together after a gather, beside the next probes.
// A few must be on disk before something happens, or a message is sent twice.
// Two designs were compared for those:
//
//   - Write the whole file again. There is one file and one format, but each
//     message costs what the whole state costs: with 5,000 targets, 5 MB and
//     two fsyncs, a hundred times in a gather.
//   - Append the entry to a journal beside the file, and sync that. There is a
//     second file, and an order between the two to keep, but each message costs
//     its own entry and one fsync, which messages sent at the same time share.
//
// The second was chosen, because a probe must not wait for other probes' state.
// The order is kept by a number: each record in the journal has the next one,
// and the file says up to which it includes them. So a record that is read
// again after a crash, between the replacement of the file and the truncation
// of the journal, is skipped.
//
// # Files
//
// Both files hold one JSON object per line and may be read with jq. The last
// member of each line, sum, is the CRC-32 of what precedes it. The first line
// is a header with the format's version. The next ones are entries: seq (in the
// journal), section, key, seen (Unix seconds) and value.
//
//	NAME                   the snapshot; replaced atomically, mode 0600
//	NAME.journal           what was written since, one record per durable write
//	NAME.tmp               the next snapshot while it is written
//	NAME.lock              locked by the process that uses the files
//	NAME.damaged           the last snapshot that could not be read
//	NAME.journal.damaged   the last journal with an invalid record amid valid ones
//
// A write that was interrupted leaves at most an incomplete last line in the
// journal, which is ignored.
//
// # Trouble
//
// Only a file that another process keeps locked is an error of Open. All else
// ends in [Store.Problem], one warning, and a Store that works in memory: a
// full disk must not stop the probes. What cannot be read for want of
// permission, or belongs to another user, is never overwritten.
package state
