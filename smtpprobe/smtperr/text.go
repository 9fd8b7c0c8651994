package smtperr

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/escape"
)

const (
	maxMessage = 500  // bytes of an error's text, escapes included
	maxAddress = 100  // bytes of a mail address in it
	maxCause   = 4096 // bytes of a cause's text that are read
)

// Error returns one line of at most 500 bytes of printable ASCII: the phase, the
// refused address, and the reply or the underlying error.
//
//	smtp: RCPT <one@example.org>: 550 5.1.1 User unknown
//	smtp: connect: connection refused
//
// Repeated failures have the same text: it contains no local port and no time.
func (e *Error) Error() string {
	head := "smtp: "
	if label := e.Phase.row().label; label != "" {
		head += label + e.address() + ": "
	}
	tail := ""
	if e.OutcomeUnknown {
		tail = " (outcome unknown: the message may have been delivered)"
	}
	if e.Unchecked != "" {
		tail += " (the " + e.Unchecked + " could not be made)"
	}
	const ellipsis = 3
	return head + escape.Text(e.what(), maxMessage-len(head)-len(tail)-ellipsis) + tail
}

// what returns the text of the reply, of the underlying error, or of the class.
func (e *Error) what() string {
	switch {
	case e.Reply != nil && !e.rejectedAuth():
		return strings.TrimRight(strconv.Itoa(e.Reply.Code)+" "+e.Reply.Text(), " ")
	case len(e.Details) > 0:
		return strings.Join(e.Details, "; ")
	case e.Cause != nil:
		if text := stableText(textOf(e.Cause)); text != "" {
			return text
		}
	}
	return e.Class.Meaning()
}

// rejectedAuth reports whether the client ended AUTH because of a 334 or 235. The
// cause says what is wrong with such a reply.
func (e *Error) rejectedAuth() bool {
	return e.Phase == PhaseAuth && e.Reply.Code < 400 && e.Cause != nil
}

// address returns the refused address in angle brackets, after a blank.
func (e *Error) address() string {
	switch {
	case e.Is(ErrRecipient) && e.Recipient != "":
		rest := ""
		if n := len(e.Recipients) - 1; n > 0 {
			rest = fmt.Sprintf(" and %d more", n)
		}
		return " <" + escape.Text(e.Recipient, maxAddress) + ">" + rest
	case e.Is(ErrSender) && e.Sender != "":
		return " <" + escape.Text(e.Sender, maxAddress) + ">"
	}
	return ""
}

// operation matches the prefix that package net adds to an error: the operation, the
// addresses and the system call. The local port differs for each connection.
var operation = regexp.MustCompile(`\b(?:dial|read|write|close|set|accept|listen) (?:tcp|udp|unix|ip)[a-z46]*(?: \S+)?: ` +
	`(?:(?:connect|read|write|recvfrom|recvmsg|sendto|sendmsg|socket|bind|setsockopt|getsockopt): )?`)

// nameserver matches the address of the name server in a lookup error.
var nameserver = regexp.MustCompile(`(lookup \S+) on \S+: `)

// expired and notYet match the text of x509 for a certificate outside its validity
// period.
var (
	expired = regexp.MustCompile(`has expired or is not yet valid: current time \S+ is after ([0-9TZ:+-]+)`)
	notYet  = regexp.MustCompile(`has expired or is not yet valid: current time \S+ is before ([0-9TZ:+-]+)`)
)

// stableText removes the parts of an error's text that differ between occurrences of
// the same failure.
func stableText(text string) string {
	text = operation.ReplaceAllString(text[:min(len(text), maxCause)], "")
	text = nameserver.ReplaceAllString(text, "$1: ")
	text = expired.ReplaceAllString(text, "expired at $1")
	text = notYet.ReplaceAllString(text, "is not valid before $1")
	text = strings.ReplaceAll(text, "context deadline exceeded", "i/o timeout")
	if text == "EOF" || text == "unexpected EOF" {
		return "connection closed"
	}
	return text
}

// textOf returns the text of err, or its type if the method Error panics.
func textOf(err error) (text string) {
	defer func() {
		if recover() != nil {
			text = fmt.Sprintf("%T", err)
		}
	}()
	return err.Error()
}
