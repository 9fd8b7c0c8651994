package mailbox

import (
	"bytes"
	"crypto/sha256"
	"strings"
	"time"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/mailflow"
)

// trace is what the sink notes of a delivery, as the last server on the way
// (RFC 5321 §4.4). It makes of each delivery a copy of its own.
type trace struct {
	from, id string
	at       time.Time
}

// received returns the Received field, its names being words of a server or "".
func (t trace) received(by string) string {
	from := strings.Map(func(r rune) rune {
		if r <= ' ' || r > '~' || strings.ContainsRune("()\"\\;", r) {
			return -1
		}
		return r
	}, t.from)
	if from == "" {
		from = "unknown"
	}
	return "Received: from " + from + " by " + by + " with LMTP id " + t.id + "; " + t.at.Format(time.RFC1123Z) + "\r\n"
}

// deliver settles a message and returns the reply to it, nil for a 250. A
// message that could not be recorded comes again; its second delivery is then
// not a second copy.
func (s *Sink) deliver(content []byte, t trace, nullSender bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	sum := sha256.Sum256(content)
	key := string(sum[:])
	if first, ok := s.retries[key]; ok {
		t = first
	}
	o := mailflow.Origin{Folder: mailflow.FolderInbox, Arrived: t.at, NullSender: nullSender}
	traced := append([]byte(t.received(s.Host)), trimFrom(content)...)
	v := *s.shown
	switch v.Header(traced, o) {
	case mailflow.Foreign:
		s.counts[0]++
		return errNotOurs
	case mailflow.Undecided:
		if !v.Report(traced, o) {
			s.counts[0]++
			return errNotOurs
		}
	}
	v.Settle(nil)
	if v.store != nil {
		if len(s.retries) < maxRetries {
			s.retries[key] = t
		}
		return errPutOff
	}
	delete(s.retries, key)
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
