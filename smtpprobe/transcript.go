package smtpprobe

import (
	"encoding/base64"
	"fmt"
	"strings"
	"time"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/escape"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// Bounds of a transcript: a peer may talk long.
const (
	maxTranscript     = 200 // lines
	maxTranscriptLine = 512 // octets, before escaping
)

// transcript records a conversation; nil records nothing.
type transcript struct {
	start   time.Time
	kept    []Line
	dropped int
}

func (t *transcript) add(dir Direction, text string) {
	if t == nil {
		return
	}
	if len(t.kept) == maxTranscript {
		t.dropped++
		return
	}
	t.kept = append(t.kept, Line{At: time.Since(t.start), Dir: dir, Text: escape.Text(text, maxTranscriptLine)})
}

func (t *transcript) sent(line string)  { t.add(Sent, line) }
func (t *transcript) event(text string) { t.add(Event, text) }

func (t *transcript) received(r smtperr.Reply) {
	if t == nil {
		return
	}
	for i, text := range r.Lines {
		separator := "-"
		if i == len(r.Lines)-1 {
			separator = " "
		}
		t.add(Received, strings.TrimRight(fmt.Sprintf("%03d%s%s", r.Code, separator, text), " "))
	}
}

func (t *transcript) lines() []Line {
	if t == nil {
		return nil
	}
	if t.dropped > 0 {
		t.kept = append(t.kept, Line{At: time.Since(t.start), Dir: Event, Text: fmt.Sprintf("%d more lines", t.dropped)})
	}
	return t.kept
}

// secret remembers what no reply may show, should the relay repeat it.
func (s *session) secret(values ...string) {
	for _, v := range values {
		// Masking every "a" would tell more than it hides.
		if len(v) >= 4 {
			s.masked = append(s.masked, v, base64.StdEncoding.EncodeToString([]byte(v)))
		}
	}
}

// mask takes secrets out of a reply's text. A challenge (334) must be answered
// as it is, and is kept for that.
func (s *session) mask(r *smtperr.Reply) {
	if r.Code == 334 {
		s.challenge = r.Text()
	}
	for _, secret := range s.masked {
		for i, line := range r.Lines {
			r.Lines[i] = strings.ReplaceAll(line, secret, "***")
		}
	}
}
