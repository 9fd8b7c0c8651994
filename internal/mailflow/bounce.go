package mailflow

import (
	"errors"
	"strconv"
	"strings"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

const maxErrorText = 1024 // bytes of the field error

// newBounce classifies a failed delivery like a refused recipient. The failure is
// permanent even if the status is not, because the relay has stopped trying.
func newBounce(r *Report) *Bounce {
	code, text, replied := diagnosis(r.Diagnostic)
	status, hasStatus := smtperr.ParseEnhanced(r.Status)
	if !replied {
		code = 550
		if hasStatus {
			code = status.Class*100 + 50
		}
	}
	reply := smtperr.NewReply(code, []string{text})
	if hasStatus && reply.Enhanced.IsZero() && status.Class == code/100 {
		reply.Enhanced = status
	}
	e := smtperr.New(smtperr.ClassRecipientsRefused, bounceReason(reply, replied), smtperr.PhaseMailbox, nil)
	b := &Bounce{Class: e.Class.String(), Reason: string(e.Reason), EnhancedCode: reply.Enhanced.String()}
	if replied {
		e.Reply, b.Code = &reply, code
	} else {
		e.Cause = errors.New(text)
	}
	if hasStatus {
		b.EnhancedCode = status.String()
	}
	if b.Reason == "" {
		b.Reason = string(smtperr.ReasonRefused)
	}
	b.Error = bounded(e.Error(), maxErrorText)
	return b
}

// diagnosis parses a Diagnostic-Code field (RFC 3464 §2.3.6). replied reports
// whether it contains an SMTP reply; else the field has only a text.
func diagnosis(s string) (code int, text string, replied bool) {
	kind, text, found := strings.Cut(s, ";")
	if !found {
		kind, text = "", s
	}
	text = strings.Join(strings.Fields(text), " ")
	if !strings.EqualFold(strings.TrimSpace(kind), "smtp") {
		return 0, text, false
	}
	// Some servers write "554-5.7.1", or more than one space before the code.
	if len(text) < 3 {
		return 0, text, false
	}
	code, err := strconv.Atoi(text[:3])
	if err != nil || code < 400 || code > 599 || len(text) > 3 && text[3] != ' ' && text[3] != '-' {
		return 0, text, false
	}
	return code, strings.TrimLeft(text[3:], " -"), true
}

// bounceReason classifies a reply as a reply to RCPT and as a reply to the message,
// because a report does not contain the phase. A classification by text takes
// precedence over one by code. A diagnosis without a reply is usually about the
// connection to the next host.
func bounceReason(reply smtperr.Reply, replied bool) smtperr.Reason {
	withoutText := reply
	withoutText.Lines = nil
	atRcpt, atDot := reasonAt(smtperr.PhaseRcpt, reply), reasonAt(smtperr.PhaseDot, reply)
	switch {
	case atRcpt != reasonAt(smtperr.PhaseRcpt, withoutText):
		return atRcpt
	case atDot != reasonAt(smtperr.PhaseDot, withoutText), !replied:
		return atDot
	}
	return atRcpt
}

// reasonAt returns the reason of a reply in a phase.
func reasonAt(phase smtperr.Phase, r smtperr.Reply) smtperr.Reason {
	if e, ok := errors.AsType[*smtperr.Error](smtperr.ClassifyReply(phase, r, smtperr.Session{})); ok {
		return e.Reason
	}
	return ""
}
