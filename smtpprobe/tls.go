package smtpprobe

import (
	"cmp"
	"crypto/tls"
	"errors"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// implicitTLS is the handshake before the greeting (RFC 8314 §3.3).
func (s *session) implicitTLS() *smtperr.Error {
	if s.target.TLS != TLSImplicit {
		return nil
	}
	return s.handshake()
}

// handshake is the phase tls. A certificate that does not verify fails it,
// unless TLS is opportunistic or the configuration accepts any; then it is
// reported.
func (s *session) handshake() *smtperr.Error {
	s.begin(smtperr.PhaseTLS)
	s.inSync = false
	state := &TLSState{}
	conn := tls.Client(s.conn, s.tlsConfig(state))
	deadline := s.replyDeadline()
	err := cmp.Or(s.armRead(deadline), s.armWrite(deadline))
	if err == nil {
		err = conn.Handshake()
	}
	if state.Leaf != nil {
		s.res.TLS = state
	}
	if err != nil {
		s.stop()
		return s.handshakeFailure(state, err)
	}
	s.end()
	negotiated := conn.ConnectionState()
	state.Complete = true
	state.Version = tls.VersionName(negotiated.Version)
	state.Cipher = tls.CipherSuiteName(negotiated.CipherSuite)
	s.res.TLS = state
	s.log.event(state.Version + " established, " + state.Cipher)
	s.conn, s.encrypted = conn, true
	odd := s.in.odd
	s.in.free()
	s.in = newReplyReader(conn)
	s.in.odd, s.in.tls = odd, true
	s.inSync = true
	s.handshaken = &negotiated
	return nil
}

// tlsConfig takes verification into our own hands: Go stops at the first
// failing check and tells nothing of a certificate that it did not like.
func (s *session) tlsConfig(state *TLSState) *tls.Config {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if s.target.TLSConfig != nil {
		config = s.target.TLSConfig.Clone()
	}
	if config.ServerName == "" {
		config.ServerName = s.target.Host
	}
	lenient := config.InsecureSkipVerify || s.target.TLS == TLSOpportunistic
	config.InsecureSkipVerify = true
	config.VerifyConnection = func(cs tls.ConnectionState) error {
		check := verification{name: config.ServerName, roots: config.RootCAs, now: config.Time}
		state.Leaf = cs.PeerCertificates[0]
		state.Problems = check.problems(cs.PeerCertificates)
		state.Verified = len(state.Problems) == 0
		if state.Verified || lenient {
			return nil
		}
		return &tls.CertificateVerificationError{
			UnverifiedCertificates: cs.PeerCertificates,
			Err:                    errors.Join(state.Problems...),
		}
	}
	own := config.GetClientCertificate
	if own == nil && len(config.Certificates) == 0 {
		// Called only when the server asks: what an alert that follows is about.
		config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			s.certificateWanted = true
			return &tls.Certificate{}, nil
		}
	}
	return config
}

func (s *session) handshakeFailure(state *TLSState, err error) *smtperr.Error {
	switch {
	case s.canceled():
		return smtperr.New(smtperr.ClassCanceled, "", smtperr.PhaseTLS, s.ctx.Err())
	case isTimeout(err):
		return smtperr.New(smtperr.ClassTLSTimeout, "", smtperr.PhaseTLS, err)
	}
	verdict := classify(smtperr.PhaseTLS, err)
	if verdict.Class == smtperr.ClassTLSVerifyError && len(state.Problems) > 0 { // none if the configuration has a check of its own
		verdict.Reason = classify(smtperr.PhaseTLS, state.Problems[0]).Reason
		verdict.Details = texts(state.Problems)
	}
	return s.clientCertificate(verdict)
}

// clientCertificate names the reason of an alert from a server that asked for
// a certificate and got none. With TLS 1.3 it comes after the handshake.
func (s *session) clientCertificate(verdict *smtperr.Error) *smtperr.Error {
	if s.certificateWanted && verdict.Class == smtperr.ClassTLSError && remoteAlert(verdict) {
		verdict.Reason = smtperr.ReasonClientCertRequired
	}
	return verdict
}

func texts(errs []error) []string {
	list := make([]string, len(errs))
	for i, err := range errs {
		list[i] = err.Error()
	}
	return list
}
