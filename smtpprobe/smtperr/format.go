package smtperr

import (
	"fmt"
	"strconv"
	"strings"
)

const (
	maxMessage = 500 // octets of an error's text, the escapes included
	maxAddress = 100 // octets of a mail address within it
)

// Error is one line of ASCII, escaped and bounded: what happened where, what
// the relay said, to which address, and what lies underneath.
func (e *Error) Error() string {
	if e == nil {
		return None.String()
	}
	head := e.Class.String()
	if e.Reason != "" {
		head += "/" + string(e.Reason)
	}
	if e.Phase != "" {
		head += " at " + string(e.Phase)
	}
	tail := e.about()
	if e.OutcomeUnknown {
		tail += " (outcome unknown: the message may have been delivered)"
	}
	said := e.said()
	if said == "" {
		return head + tail
	}
	const ellipsis = 3
	return head + ": " + Escape(said, maxMessage-len(head)-len(tail)-len(": ")-ellipsis) + tail
}

// said is the relay's words, else what lies underneath.
func (e *Error) said() string {
	switch {
	case e.Reply != nil && len(e.Reply.Lines) == 0:
		return strconv.Itoa(e.Reply.Code)
	case e.Reply != nil:
		return strings.TrimRight(strconv.Itoa(e.Reply.Code)+" "+e.Reply.Text(), " ")
	case len(e.Details) > 0:
		return strings.Join(e.Details, "; ")
	case e.Cause != nil:
		return textOf(e.Cause)
	}
	return ""
}

// about names the address that was refused.
func (e *Error) about() string {
	switch {
	case e.ofKind(ErrRecipientRefused) && e.Recipient != "":
		rest := ""
		if n := len(e.Recipients) - 1; n > 0 {
			rest = fmt.Sprintf(" and %d more", n)
		}
		return " (rcpt to <" + Escape(e.Recipient, maxAddress) + ">" + rest + ")"
	case e.ofKind(ErrSenderRefused) && e.Sender != "":
		return " (mail from <" + Escape(e.Sender, maxAddress) + ">)"
	}
	return ""
}

// textOf is an error's text, also that of one whose method panics.
func textOf(err error) (text string) {
	defer func() {
		if recover() != nil {
			text = fmt.Sprintf("%T", err)
		}
	}()
	return err.Error()
}
