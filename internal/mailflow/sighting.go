package mailflow

import (
	"crypto/sha256"
	"encoding/hex"
	"mime"
	"strings"
	"time"

	"github.com/emersion/go-message/textproto"
)

// Folder is the kind of folder that contains a message, never its name.
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
	Seen       time.Time // by this machine's clock
	NullSender bool      // the envelope has a null sender, as does a Return-Path of <>
	Last       *Hop      // the delivery to the mailbox, if it has no Received field
}

// Sighting is one message of ours, or a report about one, in a mailbox.
type Sighting struct {
	Token     Token
	Stamp     string // the topmost Received field, hashed: copies differ in it
	Folder    Folder
	Delay     time.Duration // from sent to delivery, at least 0 and at most until it was seen
	Path      Path
	Hops      []Hop // from the first to the last
	Checks    Checks
	MessageID string
	Report    *Report // of a delivery status notification, else nil
}

// Kind is the kind of a message according to its header.
type Kind uint8

// The kinds of messages.
const (
	Foreign   Kind = iota // not ours, or unreadable
	Ours                  // a message with a valid token
	Undecided             // a report, which Reader.Report reads
)

// Reader recognizes the messages of some flows.
type Reader struct {
	key     Key
	flows   map[string]bool
	trusted []string
}

// NewReader returns a reader of the flows with these ids. Only the
// Authentication-Results fields of the trusted servers are read.
func NewReader(key Key, flows, trusted []string) *Reader {
	r := &Reader{key: key, flows: make(map[string]bool, len(flows)), trusted: trusted}
	for _, id := range flows {
		r.flows[id] = true
	}
	return r
}

// Header reads the header of a message; MaxHeader bytes of the message are
// enough. The sighting is valid if the message is Ours.
func (r *Reader) Header(header []byte, o Origin) (Sighting, Kind) {
	h, err := readHeader(header)
	if err != nil {
		return Sighting{}, Foreign
	}
	if isReport(&h, o) {
		return Sighting{}, Undecided
	}
	token, ok := r.verify(only(&h, TokenHeader))
	if !ok {
		return Sighting{}, Foreign
	}
	s := sight(&h, token, o)
	s.Path, s.Hops = readPath(&h, token.Sent, o)
	s.Checks = readChecks(&h, r.trusted)
	return s, Ours
}

// Report reads a whole message that Header left undecided; MaxReport bytes are
// enough. It reports whether it is a delivery status notification about a
// message of the reader's flows.
func (r *Reader) Report(message []byte, o Origin) (Sighting, bool) {
	h, err := readHeader(message)
	if err != nil || !isReport(&h, o) {
		return Sighting{}, false
	}
	report, candidates := readReport(message[:min(len(message), MaxReport)])
	if report == nil {
		return Sighting{}, false
	}
	for _, text := range candidates {
		if token, ok := r.verify(text); ok {
			s := sight(&h, token, o)
			s.Report = report
			return s, true
		}
	}
	return Sighting{}, false
}

func (r *Reader) verify(text string) (Token, bool) {
	t, err := r.key.Verify(text)
	return t, err == nil && r.flows[t.Flow]
}

func sight(h *textproto.Header, t Token, o Origin) Sighting {
	received := ""
	if list := values(h, "Received", 1); len(list) > 0 {
		received = list[0]
	}
	if o.Arrived.IsZero() {
		o.Arrived = o.Seen
	}
	sum := sha256.Sum256([]byte(received))
	return Sighting{
		Token:     t,
		Stamp:     hex.EncodeToString(sum[:8]),
		Folder:    o.Folder,
		Delay:     clamp(o.Arrived.Sub(t.Sent), o.Seen.Sub(t.Sent)),
		MessageID: messageID(only(h, "Message-Id")),
	}
}

func clamp(d, most time.Duration) time.Duration { return max(0, min(d, most)) }

// messageID returns a Message-ID that is short and printable, else "".
func messageID(s string) string {
	if len(s) > maxHostName || strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return ""
	}
	return s
}

// isReport reports whether a header is that of a delivery status notification:
// a multipart/report with a null sender (RFC 3464 §2).
func isReport(h *textproto.Header, o Origin) bool {
	if paths := values(h, "Return-Path", 1); !o.NullSender && (len(paths) == 0 || paths[0] != "<>") {
		return false
	}
	media, params, err := mime.ParseMediaType(only(h, "Content-Type"))
	return err == nil && media == "multipart/report" && strings.EqualFold(params["report-type"], "delivery-status")
}
