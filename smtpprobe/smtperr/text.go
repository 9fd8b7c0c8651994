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
	maxCause   = 4096 // bytes of a cause's text that are read at all
)

// Error returns one line of printable ASCII of at most 500 bytes: the phase,
// the refused address, and the reply or the underlying error.
//
//	smtp: RCPT <one@example.org>: 550 5.1.1 User unknown
//	smtp: connect: connection refused
//
// The same failure has the same text: it contains no local address or port.
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

// what returns the reply, else the underlying error, else the class's meaning.
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

// rejectedAuth reports whether this side ended AUTH because of a challenge or a
// 235. Such a reply does not say what is wrong with it, the cause does.
func (e *Error) rejectedAuth() bool {
	const refused = 400
	return e.Phase == PhaseAuth && e.Reply.Code < refused && e.Cause != nil
}

// address names the address that was refused.
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

// operation matches what package net puts before the text of an error: the
// operation, the addresses and the system call. The local port differs with
// each connection.
var operation = regexp.MustCompile(`\b(?:dial|read|write|close|set|accept|listen) (?:tcp|udp|unix|ip)[a-z46]*(?: \S+)?: ` +
	`(?:(?:connect|read|write|recvfrom|recvmsg|sendto|sendmsg|socket|bind|setsockopt|getsockopt): )?`)

// nameserver matches the address of the name server that answered.
var nameserver = regexp.MustCompile(`(lookup \S+) on \S+: `)

// expired and notYet match what x509 writes about a certificate outside its
// validity.
var (
	expired = regexp.MustCompile(`has expired or is not yet valid: current time \S+ is after ([0-9TZ:+-]+)`)
	notYet  = regexp.MustCompile(`has expired or is not yet valid: current time \S+ is before ([0-9TZ:+-]+)`)
)

// stableText removes from an error's text what differs from one occurrence of
// the same failure to the next.
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

// textOf returns an error's text, also if its method panics.
func textOf(err error) (text string) {
	defer func() {
		if recover() != nil {
			text = fmt.Sprintf("%T", err)
		}
	}()
	return err.Error()
}
