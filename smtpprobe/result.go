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

// Result is everything that one probe found out.
type Result struct {
	Depth      Depth
	Start      time.Time
	Total      time.Duration // from Start to the end, cleaning up included
	RemoteAddr string        // ip:port, or path, that was connected to; empty if none
	LocalAddr  netip.Addr    // address connected from; invalid if unknown

	Phases []PhaseResult // in the order reached; one entry per phase

	// Err is a *smtperr.Error, or nil if the session reached its goal.
	Err error
	// Expected reports whether Err is one of Plan.Expect, or nil where none is
	// expected: the probe's success.
	Expected bool
	// Reply is the decisive reply: Err's, or that of the last command before RSET
	// and QUIT; nil if no reply decided.
	Reply *smtperr.Reply
	// Secondary is what went wrong after Err (RSET, QUIT, closing).
	Secondary []error
	Warnings  []Warning
	// AddressesOmitted is how many more addresses the host has than the 64 that
	// are tried.
	AddressesOmitted int

	GreetingHost, EHLOHost string        // the name in the relay's greeting, and in its last EHLO reply; in lower case, "other" if it is not like a host name
	TLS                    *TLSState     // nil if no handshake got as far as a certificate or completion
	Capabilities           *Capabilities // of the last EHLO, nil before and after HELO
	PlainCaps              *Capabilities // of the EHLO before STARTTLS, nil without STARTTLS
	AuthMechanism          string        // the mechanism used
	Recipients             []RecipientResult
	DotSent                bool   // the final dot was written: the reply decides on the message
	MessageAccepted        bool   // for at least one recipient
	MessageID              string // of the message, if the depth is DepthSend

	Transcript []Line // see Plan.Transcript
}

// PhaseResult is one phase that was reached.
type PhaseResult struct {
	Phase    smtperr.Phase
	Duration time.Duration // several commands of one phase add up
	Complete bool          // it got its complete reply, or finished where there is none
	Code     int           // of its last reply, 0 = none
	Err      error         // the failure that happened in this phase, if any
}

// TLSState describes the TLS session.
type TLSState struct {
	Version     string // "TLS 1.3"
	Cipher      string
	Group       string // of the key exchange, such as "X25519MLKEM768"; empty if none
	Complete    bool   // the handshake finished
	Verified    bool
	Problems    []*smtperr.Error // one for each failed check of the certificates
	Leaf        *x509.Certificate
	Chain       []*x509.Certificate // as sent, Leaf first
	ChainExpiry time.Time           // when the first certificate of the chain that was sent expires
}

// Fingerprint is the first 16 hex digits of the SHA-256 of the leaf certificate,
// empty without one.
func (s *TLSState) Fingerprint() string {
	if s == nil || s.Leaf == nil {
		return ""
	}
	sum := sha256.Sum256(s.Leaf.Raw)
	return hex.EncodeToString(sum[:8])
}

// Issuer is the organization that issued the leaf certificate, or its common
// name; empty if it has neither.
func (s *TLSState) Issuer() string {
	if s == nil || s.Leaf == nil {
		return ""
	}
	if orgs := s.Leaf.Issuer.Organization; len(orgs) > 0 && orgs[0] != "" {
		return orgs[0]
	}
	return s.Leaf.Issuer.CommonName
}

// Key is the algorithm and size of the leaf certificate's key in bits, such as
// "ECDSA-256"; empty if unknown.
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

// RecipientResult is what became of one recipient.
type RecipientResult struct {
	Address  string
	Accepted bool
	Reply    *smtperr.Reply // at most 1 KiB of text; nil if the session ended before
	Err      error
	Duration time.Duration
}

// Warning is something unusual that decided nothing.
type Warning string

// The warnings.
const (
	WarnBareLF           Warning = "bare_lf"
	WarnBareCR           Warning = "bare_cr"
	WarnNUL              Warning = "nul"
	WarnEightBit         Warning = "eight_bit"
	WarnEnhancedMismatch Warning = "enhanced_mismatch"
	WarnQuit421          Warning = "quit_421"         // RSET or QUIT was answered 421
	WarnSTARTTLSRefused  Warning = "starttls_refused" // and TLS is opportunistic: mail goes in the clear
)

// Line is one line of a transcript, escaped and with secrets masked.
type Line = wire.Line

// Direction is who sent a line of a transcript.
type Direction = wire.Direction

// The directions of a transcript's lines.
const (
	Sent     = wire.Sent
	Received = wire.Received
	Event    = wire.Event // connected, TLS established, closed
)

// Failed returns the Result of a probe that failed before it began, such as one
// whose target Targets did not find or whose secrets cannot be read.
func Failed(plan Plan, start time.Time, err error) *Result {
	e := asError(err)
	took := time.Since(start)
	if e.Phase == smtperr.PhaseConfig { // nothing was attempted
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
