package smtpprobe

import (
	"crypto/tls"
	"errors"
	"time"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// implicitTLS performs the handshake before the greeting (RFC 8314 §3.3).
func (s *session) implicitTLS() error {
	if s.target.TLS != TLSImplicit {
		return nil
	}
	return s.handshake()
}

// startTLS starts TLS if the TLS mode asks for it (RFC 3207), and sends EHLO again,
// since the previous capabilities must be discarded (§4.2).
func (s *session) startTLS() error {
	mode := s.target.TLS
	if mode != TLSOpportunistic && mode != TLSRequired {
		return nil
	}
	if !s.caps.Has("STARTTLS") {
		return s.starttlsMissing()
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
	if s.conn.HasUnread() {
		return s.injectionError(reply)
	}
	if err := s.handshake(); err != nil {
		return err
	}
	s.res.PlainCaps = s.caps
	return s.hello()
}

// starttlsMissing returns the error of a relay that does not offer STARTTLS, or nil
// if TLS is opportunistic.
func (s *session) starttlsMissing() error {
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

// injectionError returns the error of data after the reply to STARTTLS. It may have
// been injected by an attacker, to be processed as part of the encrypted session
// (CVE-2011-0411).
func (s *session) injectionError(reply smtperr.Reply) error {
	s.conn.Desync()
	e := smtperr.New(smtperr.ClassProtocolError, smtperr.ReasonStartTLSInjection, smtperr.PhaseSTARTTLS,
		errors.New("data after the reply to STARTTLS, before the TLS handshake"))
	e.Reply = &reply
	return e
}

// handshake performs the TLS handshake. A bad certificate is an error, unless TLS
// is opportunistic or the configuration has InsecureSkipVerify.
func (s *session) handshake() error {
	return s.timed(smtperr.PhaseTLS, func() error {
		state := &TLSState{}
		deadline := s.replyDeadline()
		conn, err := s.conn.StartTLS(s.tlsConfig(state), deadline)
		if state.Leaf != nil {
			s.res.TLS = state
		}
		if err != nil {
			return s.handshakeError(err, deadline)
		}
		s.clock.running().Complete = true
		s.encrypted = &conn
		state.Complete = true
		state.Version = tls.VersionName(conn.Version)
		state.Cipher = tls.CipherSuiteName(conn.CipherSuite)
		if conn.CurveID != 0 {
			state.Group = conn.CurveID.String()
		}
		s.res.TLS = state
		s.log.Event(state.Version + " established, " + state.Cipher)
		s.trace.TLS(*state)
		return nil
	})
}

func (s *session) handshakeError(err error, deadline time.Time) error {
	if !s.canceled() && isTimeout(err) && !s.conn.Stalled(deadline) {
		return smtperr.New(smtperr.ClassTLSTimeout, "", smtperr.PhaseTLS, err)
	}
	return s.connError(smtperr.PhaseTLS, err, deadline)
}

// tlsConfig returns the configuration of the handshake, which fills in the state.
// It verifies the certificates itself: crypto/tls stops at the first failing check
// and does not return a certificate that it rejects.
func (s *session) tlsConfig(state *TLSState) *tls.Config {
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
		state.Chain = cs.PeerCertificates
		state.Leaf = cs.PeerCertificates[0]
		state.ChainExpiry = state.Leaf.NotAfter
		for _, c := range cs.PeerCertificates {
			if c.NotAfter.Before(state.ChainExpiry) {
				state.ChainExpiry = c.NotAfter
			}
		}
		problems := check.problems(cs.PeerCertificates)
		unverified := func(err error) error {
			return &tls.CertificateVerificationError{UnverifiedCertificates: cs.PeerCertificates, Err: err}
		}
		for _, problem := range problems {
			state.Problems = append(state.Problems, asError(smtperr.Classify(smtperr.PhaseTLS, unverified(problem))))
		}
		state.Verified = len(problems) == 0
		if state.Verified || lenient {
			return nil
		}
		return unverified(errors.Join(problems...))
	}
	if config.GetClientCertificate == nil && len(config.Certificates) == 0 {
		// It is only called if the server requests a certificate.
		config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			s.certRequested = true
			return &tls.Certificate{}, nil
		}
	}
	return config
}

// explainAlert corrects the reason of a handshake_failure alert after a request for
// a client certificate that was not sent: up to TLS 1.2, OpenSSL sends this alert
// and not one about certificates.
func (s *session) explainAlert(err error) error {
	if e := asError(err); s.certRequested && e.Class == smtperr.ClassTLSError && e.Reason == smtperr.ReasonHandshakeFailure {
		e.Reason = smtperr.ReasonClientCertRequired
	}
	return err
}
