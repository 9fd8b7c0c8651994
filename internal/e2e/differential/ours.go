//go:build e2e

package differential

import (
	"context"
	"crypto/tls"
	"errors"
	"strconv"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// verdict is the result of the product for a session.
type verdict struct {
	class  smtperr.Class
	reason smtperr.Reason
	phase  smtperr.Phase
	code   int
	step   step
	text   string
	// exceptions names the exceptions that correspond to our error, by library.
	exceptions map[string]string
}

// probe runs the session with the product.
func (s scenario) probe(srv *smtptest.Server, tr transport, a *authorities) verdict {
	p := smtpprobe.Prober{
		TLS:  &tls.Config{RootCAs: a.pool(), MinVersion: tls.VersionTLS12},
		Helo: helo, Timeout: sessionLimit, ReadTimeout: s.wait(),
	}
	target := smtpprobe.Target{Host: srv.Host(), Port: srv.Port(), LMTP: s.script.LMTP, TLS: modes[tr]}
	plan := smtpprobe.Plan{
		From: sender, To: s.client.to, Message: smtpprobe.Message{Subject: "differential", Size: s.client.size},
	}
	if s.client.login {
		plan.Depth = smtpprobe.DepthAuth
		plan.Auth = &smtpprobe.Auth{Username: user, Password: password, Cleartext: !s.client.requireTLS}
	}
	if len(s.client.to) > 0 {
		plan.Depth = smtpprobe.DepthSend
	}
	return verdictOf(p.Probe(context.Background(), target, plan), tr)
}

func verdictOf(r *smtpprobe.Result, tr transport) verdict {
	if r.Err == nil {
		return verdict{phase: smtperr.PhaseDone, step: stepDone}
	}
	e, _ := errors.AsType[*smtperr.Error](r.Err)
	python := exceptionsFor(e)
	return verdict{
		class: e.Class, reason: e.Reason, phase: e.Phase, code: e.Code(), step: stepOf(e.Phase, tr), text: e.Error(),
		exceptions: map[string]string{"smtplib": python.smtplib, "aiosmtplib": python.aiosmtplib},
	}
}

// stepOf returns the method call that corresponds to a phase.
func stepOf(phase smtperr.Phase, tr transport) step {
	switch phase {
	case smtperr.PhaseDNS, smtperr.PhaseConnect, smtperr.PhaseGreeting:
		return stepConnect
	case smtperr.PhaseTLS:
		if tr == implicit {
			return stepConnect
		}
		return stepSTARTTLS
	case smtperr.PhaseEHLO, smtperr.PhaseHELO:
		return stepEHLO
	case smtperr.PhaseSTARTTLS:
		return stepSTARTTLS
	case smtperr.PhaseAuth:
		return stepLogin
	case smtperr.PhaseQuit:
		return stepQuit
	}
	return stepSend
}

// String formats the verdict for the document.
func (v verdict) String() string {
	if v.class == smtperr.ClassNone {
		return "success"
	}
	text := v.class.String() + "/" + string(v.reason)
	if v.code != 0 {
		text += " " + strconv.Itoa(v.code)
	}
	return text + " at " + string(v.phase)
}
