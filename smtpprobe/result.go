package smtpprobe

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"net/netip"
	"strconv"
	"time"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/wire"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// Result is the outcome of a probe.
type Result struct {
	Depth      Depth
	Start      time.Time
	Total      time.Duration // includes RSET, QUIT and closing the connection
	RemoteAddr string        // ip:port or path of the connection, empty if there was none
	LocalAddr  netip.Addr    // invalid if unknown

	Phases []PhaseResult // in the order in which they were reached, each once

	// Err is a *smtperr.Error, or nil if the session reached its depth.
	Err error
	// Expected reports whether the probe succeeded: Err is one of Plan.Expect, or
	// nil if Plan.Expect is empty.
	Expected bool
	// Reply is the reply of Err, or the reply to the last command before RSET and
	// QUIT. It is nil if there was none.
	Reply *smtperr.Reply
	// Secondary lists the errors after Err, and those of RSET and QUIT.
	Secondary []error
	Warnings  []Warning
	// AddressesOmitted is the number of addresses of the host beyond the 64 that
	// are tried.
	AddressesOmitted int

	// GreetingHost and EHLOHost are the name of the relay in its greeting and in
	// its last EHLO reply, in lower case, or "other" if it is not a host name.
	GreetingHost, EHLOHost string

	TLS             *TLSState     // nil if no certificate was received and no handshake completed
	Capabilities    *Capabilities // of the last EHLO reply, nil without EHLO
	PlainCaps       *Capabilities // of the EHLO reply before STARTTLS, nil without STARTTLS
	AuthMechanism   string        // the mechanism of AUTH
	Recipients      []RecipientResult
	DotSent         bool   // the final dot was sent
	MessageAccepted bool   // for at least one recipient
	MessageID       string // with DepthSend

	Transcript []Line // see Plan.Transcript
}

// PhaseResult is the result of a phase that was reached.
type PhaseResult struct {
	Phase    smtperr.Phase
	Duration time.Duration // the sum over all commands of the phase
	Complete bool          // the last command got a complete reply, or the phase has none and ended without an error
	Code     int           // of the last reply, 0 if there was none
	Err      error         // the error of this phase, if any
}

// TLSState describes the TLS session.
type TLSState struct {
	Version     string // "TLS 1.3"
	Cipher      string
	Group       string // of the key exchange, such as "X25519MLKEM768"; empty if none
	Complete    bool   // the handshake succeeded
	Verified    bool
	Problems    []*smtperr.Error // one for each check of the certificates that failed
	Leaf        *x509.Certificate
	Chain       []*x509.Certificate // as sent by the server, Leaf first
	ChainExpiry time.Time           // the earliest expiry of the certificates in Chain
}

// Fingerprint returns the first 16 hex digits of the SHA-256 hash of the leaf
// certificate, "" without one.
func (s *TLSState) Fingerprint() string {
	if s == nil || s.Leaf == nil {
		return ""
	}
	sum := sha256.Sum256(s.Leaf.Raw)
	return hex.EncodeToString(sum[:8])
}

// Issuer returns the organization that issued the leaf certificate, or its common
// name if it has none.
func (s *TLSState) Issuer() string {
	if s == nil || s.Leaf == nil {
		return ""
	}
	if orgs := s.Leaf.Issuer.Organization; len(orgs) > 0 && orgs[0] != "" {
		return orgs[0]
	}
	return s.Leaf.Issuer.CommonName
}

// Key returns the algorithm and the size in bits of the leaf certificate's key,
// such as "ECDSA-256", or "" if it is unknown.
func (s *TLSState) Key() string {
	if s == nil || s.Leaf == nil {
		return ""
	}
	switch key := s.Leaf.PublicKey.(type) {
	case *ecdsa.PublicKey:
		return "ECDSA-" + strconv.Itoa(key.Params().BitSize)
	case *rsa.PublicKey:
		return "RSA-" + strconv.Itoa(key.N.BitLen())
	case ed25519.PublicKey:
		return "Ed25519"
	}
	return ""
}

// RecipientResult is the result for one recipient.
type RecipientResult struct {
	Address  string
	Accepted bool
	Reply    *smtperr.Reply // its text is cut off after 1 KiB; nil if there was none
	Err      error
	Duration time.Duration
}

// Warning is an anomaly that is not an error.
type Warning string

// The warnings.
const (
	WarnBareLF           Warning = "bare_lf"
	WarnBareCR           Warning = "bare_cr"
	WarnNUL              Warning = "nul"
	WarnEightBit         Warning = "eight_bit"
	WarnEnhancedMismatch Warning = "enhanced_mismatch"
	WarnQuit421          Warning = "quit_421"         // the reply to RSET or QUIT was 421
	WarnSTARTTLSRefused  Warning = "starttls_refused" // with opportunistic TLS: the session continued in cleartext
)

// Line is one line of a transcript. It is escaped, and secrets are masked.
type Line = wire.Line

// Direction is the sender of a line of a transcript.
type Direction = wire.Direction

// The directions of a transcript's lines.
const (
	Sent     = wire.Sent
	Received = wire.Received
	Event    = wire.Event // connected, TLS established, closed
)

// Failed returns the Result of a probe that failed before its session, for
// example because Targets returned an error.
func Failed(plan Plan, start time.Time, err error) *Result {
	e := asError(err)
	took := time.Since(start)
	if e.Phase == smtperr.PhaseConfig { // nothing was sent
		took = 0
	}
	r := &Result{
		Depth:  plan.depth(),
		Start:  start,
		Total:  took,
		Err:    e,
		Reply:  e.Reply,
		Phases: []PhaseResult{{Phase: e.Phase, Duration: took, Err: e}},
	}
	for _, expected := range plan.Expect {
		r.Expected = r.Expected || expected.Matches(e)
	}
	return r
}
