package mailflow

import (
	"crypto/sha256"
	"encoding/hex"
	"mime"
	"strings"
	"time"

	"github.com/emersion/go-message/textproto"
)

// Folder is the kind of the folder that contains a message. It is a tag, so it never
// contains the folder's name.
type Folder string

// The kinds of folders.
const (
	FolderInbox Folder = "inbox"
	FolderJunk  Folder = "junk"
	FolderOther Folder = "other"
	FolderNone  Folder = "none" // not in a mailbox: lost or bounced
)

// Origin is the metadata of a message in a mailbox.
type Origin struct {
	Folder     Folder
	Arrived    time.Time // by the mailbox's clock; zero if unknown
	Seen       time.Time // when it was read, by the local clock
	NullSender bool      // the envelope has a null sender; else Return-Path decides
	Last       *Hop      // the delivery to the mailbox, if it adds no Received field
}

// Observation is a test message, or a report about one, in a mailbox.
type Observation struct {
	Token     Token
	CopyID    string // a hash of the topmost Received field, which differs between copies
	Folder    Folder
	Delay     time.Duration // from sending to delivery, at least 0 and at most the age when it was read
	Path      Path
	Hops      []Hop // in the order of transport
	Checks    Checks
	MessageID string
	Report    *Report // nil unless it is a delivery status notification
}

// Kind is the kind of a message according to its header.
type Kind uint8

// The kinds of messages.
const (
	Foreign        Kind = iota // another message, or malformed
	Ours                       // a test message with a valid token
	PossibleReport             // a report about any message, for Reader.Report
)

// Reader recognizes the messages of a set of flows.
type Reader struct {
	key     Key
	flows   map[string]bool
	trusted []string
}

// NewReader returns a reader for the flows with these ids. It reads only the
// Authentication-Results fields of trusted servers.
func NewReader(key Key, flows, trusted []string) *Reader {
	r := &Reader{key: key, flows: make(map[string]bool, len(flows)), trusted: trusted}
	for _, id := range flows {
		r.flows[id] = true
	}
	return r
}

// Header reads the header of a message. It needs at most the first MaxHeader bytes
// of the message. The observation is valid if the kind is Ours.
func (r *Reader) Header(header []byte, o Origin) (Observation, Kind) {
	h, err := readHeader(header)
	if err != nil {
		return Observation{}, Foreign
	}
	if isReport(&h, o) {
		return Observation{}, PossibleReport
	}
	token, ok := r.verify(only(&h, TokenHeader))
	if !ok {
		return Observation{}, Foreign
	}
	s := newObservation(&h, token, o)
	s.Path, s.Hops = readPath(&h, token.Sent, o)
	s.Checks = readChecks(&h, r.trusted)
	return s, Ours
}

// Report reads a message that Header classified as PossibleReport, and reports
// whether it is a delivery status notification about a message of the reader's
// flows. It needs at most the first MaxReport bytes of the message.
func (r *Reader) Report(message []byte, o Origin) (Observation, bool) {
	h, err := readHeader(message)
	if err != nil || !isReport(&h, o) {
		return Observation{}, false
	}
	report, candidates := readReport(message[:min(len(message), MaxReport)])
	if report == nil {
		return Observation{}, false
	}
	for _, text := range candidates {
		if token, ok := r.verify(text); ok {
			s := newObservation(&h, token, o)
			s.Report = report
			return s, true
		}
	}
	return Observation{}, false
}

func (r *Reader) verify(text string) (Token, bool) {
	t, err := r.key.Verify(text)
	return t, err == nil && r.flows[t.Flow]
}

func newObservation(h *textproto.Header, t Token, o Origin) Observation {
	received := ""
	if list := values(h, "Received", 1); len(list) > 0 {
		received = list[0]
	}
	if o.Arrived.IsZero() {
		o.Arrived = o.Seen
	}
	sum := sha256.Sum256([]byte(received))
	return Observation{
		Token:     t,
		CopyID:    hex.EncodeToString(sum[:8]),
		Folder:    o.Folder,
		Delay:     clamp(o.Arrived.Sub(t.Sent), o.Seen.Sub(t.Sent)),
		MessageID: messageID(only(h, "Message-Id")),
	}
}

func clamp(d, most time.Duration) time.Duration { return max(0, min(d, most)) }

// messageID returns s if it is short and printable, else "".
func messageID(s string) string {
	if len(s) > maxHostName || strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return ""
	}
	return s
}

// isReport reports whether a header is the header of a delivery status notification:
// a multipart/report with a null sender (RFC 3464 §2).
func isReport(h *textproto.Header, o Origin) bool {
	if paths := values(h, "Return-Path", 1); !o.NullSender && (len(paths) == 0 || paths[0] != "<>") {
		return false
	}
	media, params, err := mime.ParseMediaType(only(h, "Content-Type"))
	return err == nil && media == "multipart/report" && strings.EqualFold(params["report-type"], "delivery-status")
}
