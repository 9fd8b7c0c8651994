package wire

import (
	"fmt"
	"strconv"
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
	usualTranscript   = 16  // lines
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

// Transcript records a session. A nil Transcript records nothing. Most
// transcripts are never read, so that the lines are formatted by Lines.
type Transcript struct {
	start   time.Time
	secrets *mask.Secrets
	entries []entry
	dropped int
	inAuth  bool
}

// entry is a line without secrets that is not formatted yet.
type entry struct {
	at   time.Duration
	dir  Direction
	code int  // of a reply, else 0
	last bool // it is the last line of a reply
	text string
}

// NewTranscript returns a transcript without lines that will not show the
// secrets.
func NewTranscript(start time.Time, secrets *mask.Secrets) *Transcript {
	return &Transcript{start: start, secrets: secrets, entries: make([]entry, 0, usualTranscript)}
}

// Event records something that neither side sent.
func (t *Transcript) Event(text string) { t.add(entry{dir: Event, text: text}) }

// Note describes data that was sent and is not a line, such as a message.
func (t *Transcript) Note(text string) { t.add(entry{dir: Sent, text: text}) }

// InAuth marks the beginning and the end of an AUTH exchange, in which user
// names are masked.
func (t *Transcript) InAuth(running bool) {
	if t != nil {
		t.inAuth = running
	}
}

// Lines returns at most 200 lines, and one that counts the others.
func (t *Transcript) Lines() []Line {
	if t == nil {
		return nil
	}
	lines := make([]Line, 0, len(t.entries)+1)
	for i := range t.entries {
		lines = append(lines, t.entries[i].line())
	}
	if t.dropped > 0 {
		lines = append(lines, Line{At: time.Since(t.start), Dir: Event, Text: fmt.Sprintf("%d more lines", t.dropped)})
	}
	return lines
}

func (t *Transcript) add(e entry) {
	if t == nil {
		return
	}
	if len(t.entries) == maxTranscript {
		t.dropped++
		return
	}
	if len(e.text) > maxTranscriptLine {
		e.text = strings.Clone(e.text[:maxTranscriptLine+1]) // must not retain the rest; one byte more, so that line shows "..."
	}
	e.at = time.Since(t.start)
	t.entries = append(t.entries, e)
}

func (t *Transcript) sent(text string) { t.add(entry{dir: Sent, text: text}) }

func (t *Transcript) reply(r smtperr.Reply) {
	if t == nil {
		return
	}
	lines := t.secrets.Mask(r.Lines, t.inAuth)
	for i, text := range lines {
		t.add(entry{dir: Received, code: r.Code, last: i == len(lines)-1, text: text})
	}
}

func (e *entry) line() Line {
	text := e.text
	if e.code != 0 {
		separator := "-"
		if e.last {
			separator = " "
		}
		text = strings.TrimRight(strconv.Itoa(e.code)+separator+text, " ")
	}
	return Line{At: e.at, Dir: e.dir, Text: escape.Text(text, maxTranscriptLine)}
}
