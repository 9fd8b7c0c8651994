package mailflow

import (
	"bufio"
	"bytes"
	"io"
	"strings"

	gomessage "github.com/emersion/go-message"
	"github.com/emersion/go-message/textproto"
)

const (
	maxParts      = 10 // of a report; RFC 6522 has two or three
	maxRecipients = 10 // groups of recipient fields; our messages have one recipient
)

// Action is what a delivery status notification reports (RFC 3464 §2.3.3).
type Action string

// The actions that are evaluated. Others are ignored.
const (
	Failed  Action = "failed"
	Delayed Action = "delayed"
)

// Report contains the evaluated fields of a delivery status notification.
type Report struct {
	Action     Action
	Status     string // the field Status (RFC 3463)
	Diagnostic string // the field Diagnostic-Code
}

// readReport reads a multipart/report. The candidates are texts that may be a token.
// Parts are read in sequence and nested parts are not parsed, so that deep nesting
// does no harm.
func readReport(message []byte) (report *Report, candidates []string) {
	entity, err := gomessage.ReadWithOptions(bytes.NewReader(message), &gomessage.ReadOptions{MaxHeaderBytes: MaxHeader})
	if entity == nil || err != nil && !gomessage.IsUnknownCharset(err) && !gomessage.IsUnknownEncoding(err) {
		return nil, nil
	}
	parts := entity.MultipartReader()
	if parts == nil {
		return nil, nil
	}
	for range maxParts {
		part, err := parts.NextPart()
		if part == nil || err != nil && !gomessage.IsUnknownCharset(err) && !gomessage.IsUnknownEncoding(err) {
			break
		}
		media, _, err := part.Header.ContentType()
		if err != nil {
			continue
		}
		switch strings.ToLower(media) {
		case "message/delivery-status", "message/global-delivery-status":
			if report == nil {
				var envelope string
				report, envelope = readStatus(part.Body)
				candidates = append(candidates, envelope, fromXtext(envelope))
			}
		case "message/rfc822", "message/global", "text/rfc822-headers", "message/rfc822-headers", "message/global-headers":
			candidates = append(candidates, returnedToken(part.Body))
		}
	}
	return report, candidates
}

// readStatus reads the groups of fields of a message/delivery-status: one for the
// message and one for each recipient (RFC 3464 §2.1). A failed recipient takes
// precedence over others.
func readStatus(body io.Reader) (report *Report, envelope string) {
	blocks := bufio.NewReader(io.LimitReader(body, MaxHeader))
	message, err := readBlock(blocks)
	if err != nil {
		return nil, ""
	}
	envelope = only(&message, "Original-Envelope-Id")
	for range maxRecipients {
		block, err := readBlock(blocks)
		if block.Len() > 0 {
			one := &Report{
				Action:     Action(strings.ToLower(firstWord(only(&block, "Action")))),
				Status:     firstWord(withoutComments(only(&block, "Status"))),
				Diagnostic: only(&block, "Diagnostic-Code"),
			}
			if report == nil || report.Action != Failed && one.Action == Failed {
				report = one
			}
		}
		if err != nil {
			break
		}
	}
	return report, envelope
}

// readBlock reads a group of fields. It returns io.EOF at the end of the input.
func readBlock(r *bufio.Reader) (textproto.Header, error) {
	for {
		// Skip empty lines between groups.
		c, err := r.Peek(1)
		if err != nil {
			return textproto.Header{}, err
		}
		if c[0] != '\r' && c[0] != '\n' {
			return textproto.ReadHeader(r)
		}
		if _, err := r.Discard(1); err != nil {
			return textproto.Header{}, err
		}
	}
}

// returnedToken returns the token in the message or header that a report contains.
func returnedToken(body io.Reader) string {
	b, err := io.ReadAll(io.LimitReader(body, MaxHeader))
	if err != nil {
		return ""
	}
	h, err := readHeader(b)
	if err != nil {
		return ""
	}
	return only(&h, TokenHeader)
}

func firstWord(s string) string {
	word, _, _ := strings.Cut(strings.TrimSpace(s), " ")
	return word
}
