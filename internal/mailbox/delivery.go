package mailbox

import (
	"bytes"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/mailflow"
)

// deliver settles a message and returns the reply to it, nil for a 250. A
// relay that does not receive the 250 delivers again; the Received fields
// identify the same copy.
func (s *Sink) deliver(content []byte, nullSender bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := *s.shown
	now := v.now()
	o := mailflow.Origin{
		Folder: mailflow.FolderInbox, Arrived: now, NullSender: nullSender,
		Last: &mailflow.Hop{By: s.Host, Time: now},
	}
	content = trimFrom(content)
	switch v.Header(content, o) {
	case mailflow.Foreign:
		s.counts[0]++
		return errNotOurs
	case mailflow.Undecided:
		if !v.Report(content, o) {
			s.counts[0]++
			return errNotOurs
		}
	}
	v.Settle(nil)
	if v.store != nil {
		return errPutOff
	}
	s.counts[1]++
	return nil
}

// trimFrom removes the "From " line that some programs put before the header.
func trimFrom(content []byte) []byte {
	if bytes.HasPrefix(content, []byte("From ")) {
		_, content, _ = bytes.Cut(content, []byte("\n"))
	}
	return content
}
