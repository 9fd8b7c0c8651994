package wire

import (
	"fmt"
	"strings"
	"time"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/escape"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/mask"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// The bounds of a transcript: a peer may send much.
const (
	maxTranscript     = 200 // lines
	maxTranscriptLine = 512 // bytes, before escaping
)

// Line is one line of a transcript, escaped and without secrets.
type Line struct {
	At   time.Duration // since the start of the probe
	Dir  Direction
	Text string
}

// Direction is who sent a line of a transcript.
type Direction string

// The directions of a transcript's lines.
const (
	Sent     Direction = "C"
	Received Direction = "S"
	Event    Direction = "*" // connected, TLS established, closed
)

// Transcript records a conversation. A nil Transcript records nothing.
type Transcript struct {
	start   time.Time
	secrets *mask.Secrets
	kept    []Line
	dropped int
	inAuth  bool
}

// NewTranscript begins a transcript that does not show the secrets.
func NewTranscript(start time.Time, secrets *mask.Secrets) *Transcript {
	return &Transcript{start: start, secrets: secrets}
}

// Event records something that neither side has said.
func (t *Transcript) Event(text string) { t.add(Event, text) }

// Note records something that was sent and is not a line, such as a message.
func (t *Transcript) Note(text string) { t.add(Sent, text) }

// InAuth sets whether an AUTH exchange is under way, in which user names count
// as secrets.
func (t *Transcript) InAuth(under bool) {
	if t != nil {
		t.inAuth = under
	}
}

// Lines returns what was recorded, at most 200 lines and one that counts the
// others.
func (t *Transcript) Lines() []Line {
	if t == nil {
		return nil
	}
	lines := t.kept
	if t.dropped > 0 {
		lines = append(lines, Line{At: time.Since(t.start), Dir: Event, Text: fmt.Sprintf("%d more lines", t.dropped)})
	}
	return lines
}

func (t *Transcript) add(dir Direction, text string) {
	if t == nil {
		return
	}
	if len(t.kept) == maxTranscript {
		t.dropped++
		return
	}
	t.kept = append(t.kept, Line{At: time.Since(t.start), Dir: dir, Text: escape.Text(text, maxTranscriptLine)})
}

func (t *Transcript) reply(r smtperr.Reply) {
	if t == nil {
		return
	}
	lines := t.secrets.Mask(r.Lines, t.inAuth)
	for i, text := range lines {
		separator := "-"
		if i == len(lines)-1 {
			separator = " "
		}
		t.add(Received, strings.TrimRight(fmt.Sprintf("%03d%s%s", r.Code, separator, text), " "))
	}
}
