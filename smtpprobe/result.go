package smtpprobe

import (
	"crypto/x509"
	"time"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// Result is everything that one probe found out.
type Result struct {
	Depth      Depth
	Start      time.Time
	Total      time.Duration // from Start to the end, cleaning up included
	RemoteAddr string        // ip:port (or path) connected to; empty if none
	LocalAddr  string

	Phases []PhaseResult // in the order reached; one entry per phase

	// Err is the verdict; nil when the session reached its goal.
	Err *smtperr.Error
	// Expected tells that Err is one of Plan.Expect (or that Err is nil where
	// none was expected): the probe's success.
	Expected bool
	// Reply is the decisive reply: Err's, or that of the last command before
	// RSET and QUIT; nil if no reply decided.
	Reply *smtperr.Reply
	// Secondary is what went wrong after the verdict (RSET, QUIT, closing).
	Secondary []error
	Warnings  []Warning

	TLS             *TLSState     // nil when no handshake got as far as a certificate or completion
	Capabilities    *Capabilities // of the last EHLO, nil before and after HELO
	PlainCaps       *Capabilities // of the EHLO before STARTTLS, nil without STARTTLS
	Recipients      []RecipientResult
	DotSent         bool // the final dot was written: the message's fate is decided by the reply
	MessageAccepted bool
	MessageID       string
	AuthMechanism   string // the one used

	Transcript []Line
}

// PhaseResult is one phase that was reached.
type PhaseResult struct {
	Phase    smtperr.Phase
	Duration time.Duration  // several commands of one phase add up
	Complete bool           // it got its complete reply (or finished, where there is none)
	Code     int            // of its last reply, 0 = none
	Err      *smtperr.Error // the failure that fell in this phase, if one did
}

// TLSState describes the TLS session.
type TLSState struct {
	Version  string // "TLS 1.3"
	Cipher   string
	Complete bool // the handshake finished
	Verified bool
	Problems []error // every failing check
	Leaf     *x509.Certificate
}

// RecipientResult is what became of one recipient.
type RecipientResult struct {
	Address  string
	Accepted bool
	Reply    *smtperr.Reply // nil if the session ended before
	Err      *smtperr.Error
	Duration time.Duration
}

// Warning is an oddity that decided nothing.
type Warning string

// The warnings.
const (
	WarnBareLF           Warning = "bare_lf"
	WarnBareCR           Warning = "bare_cr"
	WarnNUL              Warning = "nul"
	WarnEightBit         Warning = "eight_bit"
	WarnEnhancedMismatch Warning = "enhanced_mismatch"
)

// Line is one line of a transcript, escaped and with secrets masked.
type Line struct {
	At   time.Duration // since the probe's start
	Dir  Direction
	Text string
}

// Direction tells who spoke.
type Direction string

// The directions.
const (
	Sent     Direction = "C"
	Received Direction = "S"
	Event    Direction = "*" // connected, TLS established, closed
)
