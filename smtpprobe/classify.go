package smtpprobe

import (
	"errors"
	"net"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// classify, classifyReply and sumOf are those of smtperr, as the type that
// they return.
func classify(phase smtperr.Phase, err error) *smtperr.Error {
	return detail(smtperr.Classify(phase, err))
}

func classifyReply(phase smtperr.Phase, reply smtperr.Reply, session smtperr.Session) *smtperr.Error {
	return detail(smtperr.ClassifyReply(phase, reply, session))
}

func sumOf(phase smtperr.Phase, refused []*smtperr.Error, accepted int) *smtperr.Error {
	return detail(smtperr.Refusals(phase, refused, accepted))
}

func detail(err error) *smtperr.Error {
	e, _ := errors.AsType[*smtperr.Error](err)
	return e
}

// remoteAlert reports whether err is a TLS alert that the peer sent.
func remoteAlert(err error) bool {
	op, ok := errors.AsType[*net.OpError](err)
	return ok && op.Op == "remote error"
}
