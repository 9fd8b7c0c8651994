package policy

import (
	"crypto/x509"
	"errors"
	"time"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// Encryption is the TLS status of a session.
type Encryption int

// The states of Encryption.
const (
	Unknown     Encryption = iota // the session ended before TLS
	NotOffered                    // the server does not offer STARTTLS, or refused it
	Failed                        // the handshake failed
	Established                   // the handshake succeeded, except perhaps for verifying the certificate
)

// Session is a session with a host, as far as policies are concerned.
type Session struct {
	Host       string // name of the host
	Domain     string // mail domain that the host is an MX host of; empty if none
	Encryption Encryption
	Chain      []*x509.Certificate // as sent, leaf first; only if Established
	OldTLS     bool                // TLS 1.0 or 1.1, which MTA-STS does not permit
	Roots      *x509.CertPool      // for MTA-STS; nil means the system's
	Time       time.Time
}

// Observed returns the Session of a probe.
func Observed(t *smtpprobe.Target, r *smtpprobe.Result) Session {
	s := Session{Host: t.Host, Domain: t.Domain, Time: r.Start, Encryption: encryption(r)}
	if s.Encryption == Established {
		s.Chain = r.TLS.Chain
		s.OldTLS = r.TLS.Version == "TLS 1.0" || r.TLS.Version == "TLS 1.1"
	}
	return s
}

// encryption returns the TLS status of a probe. It is Established even if the probe
// has rejected the certificate, since the policies have their own rules for
// certificates.
func encryption(r *smtpprobe.Result) Encryption {
	e, _ := errors.AsType[*smtperr.Error](r.Err)
	phases := make(map[smtperr.Phase]*smtpprobe.PhaseResult, len(r.Phases))
	for i := range r.Phases {
		phases[r.Phases[i].Phase] = &r.Phases[i]
	}
	starttls, ehlo := phases[smtperr.PhaseSTARTTLS], phases[smtperr.PhaseEHLO]
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
	case ehlo == nil || !ehlo.Complete:
		return Unknown
	case ehlo.Code < 400:
		if r.Capabilities != nil && !r.Capabilities.Has("STARTTLS") {
			return NotOffered
		}
		return Unknown
	}
	if helo := phases[smtperr.PhaseHELO]; helo != nil && helo.Complete && helo.Code < 400 {
		return NotOffered // HELO has no extensions
	}
	return Unknown
}
