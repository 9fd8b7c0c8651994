//go:build e2e

package differential

import (
	"context"
	"crypto/tls"
	"strconv"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// verdict is what our engine says of a session.
type verdict struct {
	class  smtperr.Class
	reason smtperr.Reason
	phase  smtperr.Phase
	code   int
	step   step
	text   string
	// equals are the exceptions that our error is the equal of, by library.
	equals map[string]string
}

// probe holds the session with our engine.
func (s scenario) probe(srv *smtptest.Server, tr transport, a *authorities) verdict {
	p := smtpprobe.Prober{
		Target: smtpprobe.Target{
			Host: srv.Host(), Port: srv.Port(), LMTP: s.script.LMTP,
			TLS: modes[tr], TLSConfig: &tls.Config{RootCAs: a.pool(), MinVersion: tls.VersionTLS12},
		},
		Plan: smtpprobe.Plan{
			Depth: smtpprobe.DepthEHLO, Helo: helo, Timeout: sessionLimit, ReadTimeout: s.wait(),
			From: sender, To: s.does.to, Message: smtpprobe.Message{Subject: "differential", Size: s.does.size},
		},
	}
	if s.does.login {
		p.Plan.Depth = smtpprobe.DepthAuth
		p.Plan.Auth = &smtpprobe.Auth{Username: user, Password: password, Cleartext: !s.does.secretive}
	}
	if len(s.does.to) > 0 {
		p.Plan.Depth = smtpprobe.DepthSend
	}
	return verdictOf(p.Probe(context.Background()), tr)
}

func verdictOf(r *smtpprobe.Result, tr transport) verdict {
	if r.Err == nil {
		return verdict{phase: smtperr.PhaseDone, step: stepDone}
	}
	python := equalOf(r.Err)
	return verdict{
		class: r.Err.Class, reason: r.Err.Reason, phase: r.Err.Phase, code: r.Err.Code(), step: stepOf(r.Err.Phase, tr), text: r.Err.Error(),
		equals: map[string]string{"smtplib": python.smtplib, "aiosmtplib": python.aiosmtplib},
	}
}

// stepOf is the method call that a phase falls into.
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

// String is the verdict as the document shows it.
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
