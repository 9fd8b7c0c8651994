package smtperr_test

import (
	"errors"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// classify, classifyReply and refusals are those of smtperr, as the type that
// they return, nil if there is no error.
func classify(phase smtperr.Phase, err error) *smtperr.Error {
	return detail(smtperr.Classify(phase, err))
}

func classifyReply(phase smtperr.Phase, reply smtperr.Reply, session smtperr.Session) *smtperr.Error {
	return detail(smtperr.ClassifyReply(phase, reply, session))
}

func refusals(phase smtperr.Phase, refused []*smtperr.Error, accepted int) *smtperr.Error {
	return detail(smtperr.Refusals(phase, refused, accepted))
}

func detail(err error) *smtperr.Error {
	e, _ := errors.AsType[*smtperr.Error](err)
	return e
}

// refusal is the error for a reply with this code and no enhanced code.
func refusal(phase smtperr.Phase, code int) *smtperr.Error {
	return classifyReply(phase, reply(code, "x"), smtperr.Session{Sender: "s@x", Recipient: "r@x"})
}
