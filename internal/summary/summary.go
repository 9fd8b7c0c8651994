// Package summary converts a Result to plain values: strings, numbers and times under
// the names of the metric smtpprobe. The metrics, the report of check, its JSON and the
// output for monitoring systems all render a Summary, so that they have one vocabulary.
//
// A Summary has defaults for missing values: None for class, reason, reply code and
// fault, Done for the phase. Text from the relay is escaped and bounded. In JSON, times
// are seconds.
package summary

import (
	"cmp"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/escape"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

const (
	// None is the class, reason, fault or reply code of an outcome without one.
	None = "none"
	// Done is the phase of an outcome without an error.
	Done = "done"
)

// The warnings that renderers handle specially.
const (
	Quit421         = "quit_421"         // the reply to RSET or QUIT was 421
	STARTTLSRefused = "starttls_refused" // and the session continued without TLS
)

// Summary is the outcome of one probe.
type Summary struct {
	Probe   string `json:"probe"` // the depth
	Success bool   `json:"success"`
	Verdict
	Temporary      *bool  `json:"temporary,omitempty"` // nil without an error
	Retry          string `json:"retry,omitempty"`     // never, now or later; empty without an error
	OutcomeUnknown bool   `json:"outcome_unknown,omitempty"`
	Error          string `json:"error,omitempty"` // one line
	Meaning        string `json:"meaning,omitempty"`
	Advice         string `json:"advice,omitempty"`

	RemoteAddress string    `json:"remote_address,omitempty"`
	LocalAddress  string    `json:"local_address,omitempty"` // without port
	GreetingHost  string    `json:"greeting_host,omitempty"` // the backend behind the relay
	EHLOHost      string    `json:"ehlo_host,omitempty"`
	Started       time.Time `json:"started"`
	Total         Seconds   `json:"total_time"`
	Phases        []Phase   `json:"phases"`

	TLS *TLS `json:"tls,omitempty"`
	// STARTTLSRefusal is the reply that refused STARTTLS, if the session continued
	// without TLS.
	STARTTLSRefusal string      `json:"starttls_refusal,omitempty"`
	Extensions      []string    `json:"extensions,omitempty"` // of the last EHLO
	AuthMechanisms  []string    `json:"auth_mechanisms,omitempty"`
	AuthCleartext   []string    `json:"auth_mechanisms_cleartext,omitempty"` // offered before TLS
	AuthUsed        string      `json:"auth_used,omitempty"`
	SizeLimit       int64       `json:"size_limit,omitempty"` // bytes
	Recipients      []Recipient `json:"recipients,omitempty"`

	MessageSent     bool   `json:"-"` // the final dot was sent
	MessageAccepted bool   `json:"message_accepted,omitempty"`
	MessageID       string `json:"message_id,omitempty"`

	Warnings   []string `json:"warnings,omitempty"`
	Secondary  []string `json:"secondary,omitempty"` // errors after the verdict
	Transcript []Line   `json:"transcript,omitempty"`
}

// Verdict is the outcome of a probe.
type Verdict struct {
	Class        string `json:"error_class"`
	ClassCode    int    `json:"result_code"` // the stable number of the class
	Reason       string `json:"reason"`
	Phase        string `json:"phase"`
	Fault        string `json:"fault"`
	Code         int    `json:"reply_code"` // of the decisive reply, 0 without one
	EnhancedCode string `json:"enhanced_code,omitempty"`
}

// CodeText returns the value of the tag reply_code.
func (v *Verdict) CodeText() string { return CodeText(v.Code) }

// CodeText formats a reply code. It returns None for 0.
func CodeText(code int) string {
	if code == 0 {
		return None
	}
	return strconv.Itoa(code)
}

// Failed reports whether the probe ended with an error, expected or not.
func (s *Summary) Failed() bool { return s.Class != None }

// Phase is one phase that the probe reached.
type Phase struct {
	Phase    string  `json:"phase"`
	Time     Seconds `json:"time"`
	Complete bool    `json:"complete"` // its reply was complete
	Code     int     `json:"code,omitempty"`
	Class    string  `json:"-"` // of the failure in this phase, or None
	Error    string  `json:"error,omitempty"`
}

// FindPhase returns the phase with this name, or nil if the probe did not reach it.
func (s *Summary) FindPhase(name string) *Phase {
	for i := range s.Phases {
		if s.Phases[i].Phase == name {
			return &s.Phases[i]
		}
	}
	return nil
}

// TLS is the encryption of the session and the certificate of the relay.
type TLS struct {
	Version  string    `json:"version,omitempty"`
	Cipher   string    `json:"cipher,omitempty"`
	Group    string    `json:"group,omitempty"` // of the key exchange
	Complete bool      `json:"complete"`        // the handshake finished
	Verified bool      `json:"verified"`
	Names    []string  `json:"names,omitempty"` // of the certificate, or its subject
	Expiry   time.Time `json:"expiry,omitzero"` // zero without a certificate
	// ChainExpiry is the first expiry in the chain.
	ChainExpiry time.Time `json:"chain_expiry,omitzero"`
	Problems    []string  `json:"problems,omitempty"`
}

// Recipient is the outcome for one recipient.
type Recipient struct {
	Address  string  `json:"recipient"`
	Accepted bool    `json:"accepted"`
	Time     Seconds `json:"time"`
	Code     int     `json:"code,omitempty"` // 0 if the session ended before the reply
	Error    string  `json:"error,omitempty"`
	Reply    string  `json:"-"` // on one line

	Class        string `json:"-"`
	Reason       string `json:"-"`
	EnhancedCode string `json:"-"`
}

// Line is a line of the transcript.
type Line struct {
	At   Seconds `json:"at"` // since the start of the probe
	From string  `json:"from"`
	Text string  `json:"text"`
}

// Seconds is a duration that is a number of seconds in JSON.
type Seconds time.Duration

// MarshalJSON encodes the number of seconds.
func (s Seconds) MarshalJSON() ([]byte, error) {
	return strconv.AppendFloat(nil, time.Duration(s).Seconds(), 'f', -1, 64), nil
}

// Float returns the number of seconds.
func (s Seconds) Float() float64 { return time.Duration(s).Seconds() }

// maxText is the maximum length of text from the relay and from libraries, in bytes.
const maxText = 300

// Of returns the summary of a result.
func Of(r *smtpprobe.Result) *Summary {
	s := &Summary{
		Probe: string(r.Depth), Success: r.Expected,
		Verdict:         verdictOf(detail(r.Err), r.Reply),
		RemoteAddress:   r.RemoteAddr,
		GreetingHost:    r.GreetingHost,
		EHLOHost:        r.EHLOHost,
		Started:         r.Start,
		Total:           Seconds(r.Total),
		Phases:          phasesOf(r.Phases),
		TLS:             tlsOf(r.TLS),
		AuthUsed:        r.AuthMechanism,
		MessageSent:     r.DotSent,
		MessageAccepted: r.MessageAccepted,
		MessageID:       r.MessageID,
	}
	if r.LocalAddr.IsValid() {
		s.LocalAddress = r.LocalAddr.String()
	}
	if e := detail(r.Err); e != nil {
		temporary := e.Temporary()
		s.Temporary, s.OutcomeUnknown, s.Retry = &temporary, e.OutcomeUnknown, e.Retry().String()
		s.Error, s.Meaning, s.Advice = e.Error(), e.Class.Meaning(), e.Advice()
	}
	if c := r.Capabilities; c != nil {
		s.Extensions, s.AuthMechanisms, s.SizeLimit = c.Keywords(), c.Auth, c.Size
	}
	if r.PlainCaps != nil {
		s.AuthCleartext = r.PlainCaps.Auth
	}
	s.STARTTLSRefusal = starttlsRefusal(r)
	for i := range r.Recipients {
		s.Recipients = append(s.Recipients, recipientOf(&r.Recipients[i]))
	}
	for _, w := range r.Warnings {
		s.Warnings = append(s.Warnings, string(w))
	}
	for _, err := range r.Secondary {
		s.Secondary = append(s.Secondary, escape.Text(err.Error(), maxText))
	}
	for _, l := range r.Transcript {
		s.Transcript = append(s.Transcript, Line{At: Seconds(l.At), From: string(l.Dir), Text: l.Text})
	}
	return s
}

// detail returns the classified error in err, or nil.
func detail(err error) *smtperr.Error {
	e, _ := errors.AsType[*smtperr.Error](err)
	return e
}

func verdictOf(e *smtperr.Error, reply *smtperr.Reply) Verdict {
	v := Verdict{Class: None, Reason: None, Phase: Done, Fault: None}
	if reply != nil {
		v.Code, v.EnhancedCode = reply.Code, enhanced(reply)
	}
	if e == nil {
		return v
	}
	v.Class, v.ClassCode, v.Phase = e.Class.String(), int(e.Class), string(e.Phase)
	if e.Reason != "" {
		v.Reason = string(e.Reason)
	}
	if fault := e.Fault(); fault != "" {
		v.Fault = string(fault)
	}
	return v
}

func enhanced(r *smtperr.Reply) string {
	if r.Enhanced.IsZero() {
		return ""
	}
	return r.Enhanced.String()
}

func phasesOf(phases []smtpprobe.PhaseResult) []Phase {
	converted := make([]Phase, 0, len(phases))
	for i := range phases {
		p := &phases[i]
		one := Phase{Phase: string(p.Phase), Time: Seconds(p.Duration), Complete: p.Complete, Code: p.Code, Class: None}
		if e := detail(p.Err); e != nil {
			one.Class, one.Error = e.Class.String(), e.Error()
		}
		converted = append(converted, one)
	}
	return converted
}

// starttlsRefusal returns the reply that refused STARTTLS, or "" if that is the verdict.
func starttlsRefusal(r *smtpprobe.Result) string {
	if e := detail(r.Err); e != nil && e.Phase == smtperr.PhaseSTARTTLS {
		return ""
	}
	for i := range r.Phases {
		p := &r.Phases[i]
		if p.Phase != smtperr.PhaseSTARTTLS || p.Code < 400 {
			continue
		}
		if e := detail(p.Err); e != nil && e.Reply != nil {
			return oneLine(e.Reply)
		}
		return strconv.Itoa(p.Code)
	}
	return ""
}

func tlsOf(t *smtpprobe.TLSState) *TLS {
	if t == nil {
		return nil
	}
	s := &TLS{Version: t.Version, Cipher: t.Cipher, Group: t.Group, Complete: t.Complete, Verified: t.Verified, ChainExpiry: t.ChainExpiry}
	if leaf := t.Leaf; leaf != nil {
		s.Expiry = leaf.NotAfter
		s.Names = namesOf(leaf)
	}
	for _, problem := range t.Problems {
		s.Problems = append(s.Problems, escape.Text(cmp.Or(strings.Join(problem.Details, "; "), problem.Error()), maxText))
	}
	return s
}

func recipientOf(r *smtpprobe.RecipientResult) Recipient {
	one := Recipient{Address: r.Address, Accepted: r.Accepted, Time: Seconds(r.Duration), Class: None, Reason: None}
	if r.Reply != nil {
		one.Code, one.EnhancedCode, one.Reply = r.Reply.Code, enhanced(r.Reply), oneLine(r.Reply)
	}
	if e := detail(r.Err); e != nil {
		one.Class, one.Error = e.Class.String(), e.Error()
		if e.Reason != "" {
			one.Reason = string(e.Reason)
		}
	}
	return one
}
