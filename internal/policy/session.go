package policy

import (
	"errors"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// Observed takes from the result of a probe what a policy is judged by.
func Observed(t *smtpprobe.Target, r *smtpprobe.Result) Session {
	s := Session{Host: t.Host, Domain: t.Domain, Time: r.Start, Encryption: encryption(r)}
	if s.Encryption == Established {
		s.Chain = r.TLS.Chain
		s.OldTLS = r.TLS.Version == "TLS 1.0" || r.TLS.Version == "TLS 1.1"
	}
	return s
}

// encryption is how far a session got with TLS. Certificates that the probe
// itself refused count as sent.
func encryption(r *smtpprobe.Result) Encryption {
	e, _ := errors.AsType[*smtperr.Error](r.Err)
	phases := make(map[smtperr.Phase]*smtpprobe.PhaseResult, len(r.Phases))
	for i := range r.Phases {
		phases[r.Phases[i].Phase] = &r.Phases[i]
	}
	starttls, hello := phases[smtperr.PhaseSTARTTLS], phases[smtperr.PhaseEHLO]
	switch {
	case r.TLS != nil && len(r.TLS.Chain) > 0 && (r.TLS.Complete || e != nil && e.Class == smtperr.ClassTLSVerifyError):
		return Established
	case phases[smtperr.PhaseTLS] != nil:
		if e != nil && e.Phase == smtperr.PhaseTLS && e.Class != smtperr.ClassCanceled && e.Fault() != smtperr.FaultProber {
			return Failed
		}
		return Unknown
	case starttls != nil:
		if starttls.Complete && starttls.Code >= 400 || e != nil && e.Class == smtperr.ClassNotSupported {
			return NotOffered
		}
		return Unknown
	case hello == nil || !hello.Complete:
		return Unknown
	case hello.Code < 400:
		if r.Capabilities != nil && !r.Capabilities.Has("STARTTLS") {
			return NotOffered
		}
		return Unknown
	}
	if helo := phases[smtperr.PhaseHELO]; helo != nil && helo.Complete && helo.Code < 400 {
		return NotOffered
	}
	return Unknown
}
