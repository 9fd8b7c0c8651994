package smtperr_test

import (
	"errors"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// classify returns the result of smtperr.Classify as an *Error, nil if there is none.
func classify(phase smtperr.Phase, err error) *smtperr.Error {
	return asError(smtperr.Classify(phase, err))
}

func classifyReply(phase smtperr.Phase, reply smtperr.Reply, session smtperr.Session) *smtperr.Error {
	return asError(smtperr.ClassifyReply(phase, reply, session))
}

func refusals(phase smtperr.Phase, refused []*smtperr.Error, accepted int) *smtperr.Error {
	return asError(smtperr.Refusals(phase, refused, accepted))
}

func asError(err error) *smtperr.Error {
	e, _ := errors.AsType[*smtperr.Error](err)
	return e
}

// refusal returns the error for a reply without an enhanced code.
func refusal(phase smtperr.Phase, code int) *smtperr.Error {
	return classifyReply(phase, reply(code, "x"), smtperr.Session{Sender: "s@x", Recipient: "r@x"})
}
