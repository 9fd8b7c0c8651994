package mailbox

import (
	"bytes"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/mailflow"
)

// deliver settles a message and returns the reply, nil for 250. If the relay does
// not receive the 250, it delivers the same copy again, which is recognized by its
// Received fields.
func (s *Sink) deliver(content []byte, nullSender bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	scan := *s.scan
	now := scan.now()
	o := mailflow.Origin{
		Folder: mailflow.FolderInbox, Arrived: now, NullSender: nullSender,
		Last: &mailflow.Hop{By: s.Host, Time: now},
	}
	content = trimFrom(content)
	switch scan.Header(content, o) {
	case mailflow.Foreign:
		s.foreign++
		return errForeign
	case mailflow.PossibleReport:
		if !scan.Report(content, o) {
			s.foreign++
			return errForeign
		}
	}
	scan.Settle(nil)
	if scan.store != nil {
		return errNotRecorded
	}
	s.ours++
	return nil
}

// trimFrom removes a "From " line before the header, which some programs add.
func trimFrom(content []byte) []byte {
	if bytes.HasPrefix(content, []byte("From ")) {
		_, content, _ = bytes.Cut(content, []byte("\n"))
	}
	return content
}
