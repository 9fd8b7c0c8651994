package smtpprobe

import (
	"crypto/tls"
	"errors"
	"time"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// implicitTLS is the handshake before the greeting (RFC 8314 §3.3).
func (s *session) implicitTLS() error {
	if s.target.TLS != TLSImplicit {
		return nil
	}
	return s.handshake()
}

// startTLS encrypts the session where the target's mode asks for it (RFC 3207)
// and sends EHLO again, since nothing learned before counts any more (§4.2).
func (s *session) startTLS() error {
	mode := s.target.TLS
	if mode != TLSOpportunistic && mode != TLSRequired {
		return nil
	}
	if !s.caps.Has("STARTTLS") {
		return s.withoutSTARTTLS()
	}
	reply, err := s.command(smtperr.PhaseSTARTTLS, "STARTTLS")
	if err != nil {
		return err
	}
	if err := s.accept(smtperr.PhaseSTARTTLS, reply); err != nil {
		if mode == TLSOpportunistic && asError(err).Class == smtperr.ClassStartTLSRefused {
			s.warn(WarnSTARTTLSRefused)
			s.clock.phase(smtperr.PhaseSTARTTLS).Err = err
			return nil
		}
		return err
	}
	if s.conn.Unread() {
		return s.injected(reply)
	}
	if err := s.handshake(); err != nil {
		return err
	}
	s.res.PlainCaps = s.caps
	return s.hello()
}

// withoutSTARTTLS is what it means that STARTTLS is not offered.
func (s *session) withoutSTARTTLS() error {
	switch {
	case s.plan.STARTTLSExpected && s.caps != nil:
		return smtperr.New(smtperr.ClassNotSupported, smtperr.ReasonStartTLSWithdrawn, smtperr.PhaseSTARTTLS, nil)
	case s.target.TLS == TLSOpportunistic:
		return nil
	case s.caps == nil:
		return smtperr.New(smtperr.ClassNotSupported, smtperr.ReasonESMTPUnavailable, smtperr.PhaseSTARTTLS, nil)
	}
	return smtperr.New(smtperr.ClassNotSupported, smtperr.ReasonStartTLSNotOffered, smtperr.PhaseSTARTTLS, nil)
}

// injected refuses bytes that came with the 220: an attacker who inserts them
// wants them to count as part of the encrypted session (CVE-2011-0411).
func (s *session) injected(reply smtperr.Reply) error {
	s.conn.Desync()
	e := smtperr.New(smtperr.ClassProtocolError, smtperr.ReasonStartTLSInjection, smtperr.PhaseSTARTTLS,
		errors.New("data after the reply to STARTTLS, before the TLS handshake"))
	e.Reply = &reply
	return e
}

// handshake is the phase tls. A certificate that does not verify fails it,
// unless TLS is opportunistic or the configuration accepts any; then it is
// reported.
func (s *session) handshake() error {
	return s.during(smtperr.PhaseTLS, func() error {
		seen := &TLSState{}
		deadline := s.replyDeadline()
		state, err := s.conn.StartTLS(s.tlsConfig(seen), deadline)
		if seen.Leaf != nil {
			s.res.TLS = seen
		}
		if err != nil {
			return s.handshakeFailure(err, deadline)
		}
		s.clock.running().Complete = true
		s.encrypted = &state
		seen.Complete = true
		seen.Version = tls.VersionName(state.Version)
		seen.Cipher = tls.CipherSuiteName(state.CipherSuite)
		if state.CurveID != 0 {
			seen.Group = state.CurveID.String()
		}
		s.res.TLS = seen
		s.log.Event(seen.Version + " established, " + seen.Cipher)
		s.trace.TLS(*seen)
		return nil
	})
}

func (s *session) handshakeFailure(err error, deadline time.Time) error {
	if !s.canceled() && isTimeout(err) && !s.conn.Stalled(deadline) {
		return smtperr.New(smtperr.ClassTLSTimeout, "", smtperr.PhaseTLS, err)
	}
	return s.ioFailure(smtperr.PhaseTLS, err, deadline)
}

// tlsConfig does the verification itself: Go stops at the first failing check
// and does not show a certificate that it rejects.
func (s *session) tlsConfig(seen *TLSState) *tls.Config {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if s.prober.TLS != nil {
		config = s.prober.TLS.Clone()
	}
	if config.ServerName == "" {
		config.ServerName = s.target.Host
	}
	lenient := config.InsecureSkipVerify || s.target.TLS == TLSOpportunistic
	config.InsecureSkipVerify = true
	name := config.ServerName
	if s.plan.SNI != "" {
		config.ServerName = s.plan.SNI
	}
	config.VerifyConnection = func(cs tls.ConnectionState) error {
		check := verification{name: name, roots: config.RootCAs, now: config.Time}
		seen.Chain = cs.PeerCertificates
		seen.Leaf = cs.PeerCertificates[0]
		seen.ChainExpiry = seen.Leaf.NotAfter
		for _, c := range cs.PeerCertificates {
			if c.NotAfter.Before(seen.ChainExpiry) {
				seen.ChainExpiry = c.NotAfter
			}
		}
		problems := check.problems(cs.PeerCertificates)
		unverified := func(err error) error {
			return &tls.CertificateVerificationError{UnverifiedCertificates: cs.PeerCertificates, Err: err}
		}
		for _, problem := range problems {
			seen.Problems = append(seen.Problems, asError(smtperr.Classify(smtperr.PhaseTLS, unverified(problem))))
		}
		seen.Verified = len(problems) == 0
		if seen.Verified || lenient {
			return nil
		}
		return unverified(errors.Join(problems...))
	}
	if config.GetClientCertificate == nil && len(config.Certificates) == 0 {
		// Called only when the server asks: it explains an alert that follows.
		config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			s.certificateWanted = true
			return &tls.Certificate{}, nil
		}
	}
	return config
}

// clientCertificate names the reason of a handshake failure of a server that
// asked for a certificate and got none: up to TLS 1.2, OpenSSL sends that alert
// instead of one about certificates.
func (s *session) clientCertificate(failure error) error {
	if e := asError(failure); s.certificateWanted && e.Class == smtperr.ClassTLSError && e.Reason == smtperr.ReasonHandshakeFailure {
		e.Reason = smtperr.ReasonClientCertRequired
	}
	return failure
}
