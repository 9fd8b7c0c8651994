package route

import (
	"errors"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// classify is smtperr.Classify, as the type that it returns.
func classify(phase smtperr.Phase, err error) *smtperr.Error {
	e, _ := errors.AsType[*smtperr.Error](smtperr.Classify(phase, err))
	return e
}
