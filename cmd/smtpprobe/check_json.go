package main

import (
	"encoding/json"
	"io"
	"time"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe"
)

// checkJSON is the JSON of one relay. The names and values are those of the
// metric smtpprobe where that has them; times are seconds.
type checkJSON struct {
	Relay          string          `json:"relay"`
	Probe          string          `json:"probe"`
	Success        bool            `json:"success"`
	ErrorClass     string          `json:"error_class"`
	Reason         string          `json:"reason"`
	Phase          string          `json:"phase"`
	Fault          string          `json:"fault"`
	ReplyCode      int             `json:"reply_code"`
	EnhancedCode   string          `json:"enhanced_code,omitempty"`
	Temporary      *bool           `json:"temporary,omitempty"`
	OutcomeUnknown bool            `json:"outcome_unknown,omitempty"`
	Error          string          `json:"error,omitempty"`
	Advice         string          `json:"advice,omitempty"`
	RemoteAddress  string          `json:"remote_address,omitempty"`
	Started        time.Time       `json:"started"`
	TotalTime      float64         `json:"total_time"`
	Phases         []phaseJSON     `json:"phases"`
	TLS            *tlsJSON        `json:"tls,omitempty"`
	Extensions     []string        `json:"extensions,omitempty"`
	AuthMechanisms []string        `json:"auth_mechanisms,omitempty"`
	AuthCleartext  []string        `json:"auth_mechanisms_cleartext,omitempty"`
	AuthUsed       string          `json:"auth_used,omitempty"`
	SizeLimit      int64           `json:"size_limit,omitempty"`
	Recipients     []recipientJSON `json:"recipients,omitempty"`
	MessageID      string          `json:"message_id,omitempty"`
	Warnings       []string        `json:"warnings,omitempty"`
	Secondary      []string        `json:"secondary,omitempty"`
	Transcript     []lineJSON      `json:"transcript,omitempty"`
}

type phaseJSON struct {
	Phase    string  `json:"phase"`
	Time     float64 `json:"time"`
	Complete bool    `json:"complete"`
	Code     int     `json:"code,omitempty"`
}

type tlsJSON struct {
	Version  string     `json:"version,omitempty"`
	Cipher   string     `json:"cipher,omitempty"`
	Complete bool       `json:"complete"`
	Verified bool       `json:"verified"`
	Expiry   *time.Time `json:"expiry,omitempty"`
	Problems []string   `json:"problems,omitempty"`
}

type recipientJSON struct {
	Recipient string  `json:"recipient"`
	Accepted  bool    `json:"accepted"`
	Time      float64 `json:"time"`
	Code      int     `json:"code,omitempty"`
	Error     string  `json:"error,omitempty"`
}

type lineJSON struct {
	At   float64 `json:"at"`
	From string  `json:"from"`
	Text string  `json:"text"`
}

// printJSON writes an array with one object per relay.
func printJSON(w io.Writer, checked []*checkup) error {
	all := make([]*checkJSON, 0, len(checked))
	for _, c := range checked {
		all = append(all, c.json())
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(all)
}

func (c *checkup) json() *checkJSON {
	r := c.result
	j := &checkJSON{
		Relay: c.name, Probe: string(r.Depth), Success: r.Expected,
		ErrorClass: "none", Reason: "none", Phase: "done", Fault: "none",
		RemoteAddress: r.RemoteAddr, Started: r.Start, TotalTime: r.Total.Seconds(),
		Phases: make([]phaseJSON, 0, len(r.Phases)), AuthUsed: r.AuthMechanism, MessageID: r.MessageID,
	}
	if r.Reply != nil {
		j.ReplyCode = r.Reply.Code
		if !r.Reply.Enhanced.IsZero() {
			j.EnhancedCode = r.Reply.Enhanced.String()
		}
	}
	if e := r.Err; e != nil {
		j.ErrorClass, j.Phase, j.Fault = e.Class.String(), string(e.Phase), string(e.Fault())
		if e.Reason != "" {
			j.Reason = string(e.Reason)
		}
		temporary := e.Temporary()
		j.Temporary, j.OutcomeUnknown = &temporary, e.OutcomeUnknown
		j.Error, j.Advice = e.Error(), e.Advice()
	}
	for i := range r.Phases {
		p := &r.Phases[i]
		j.Phases = append(j.Phases, phaseJSON{Phase: string(p.Phase), Time: p.Duration.Seconds(), Complete: p.Complete, Code: p.Code})
	}
	j.TLS = newTLSJSON(r.TLS)
	if caps := r.Capabilities; caps != nil {
		j.Extensions, j.AuthMechanisms, j.SizeLimit = caps.Keywords(), caps.Auth, caps.Size
	}
	if r.PlainCaps != nil {
		j.AuthCleartext = r.PlainCaps.Auth
	}
	for i := range r.Recipients {
		j.Recipients = append(j.Recipients, newRecipientJSON(&r.Recipients[i]))
	}
	for _, warning := range r.Warnings {
		j.Warnings = append(j.Warnings, string(warning))
	}
	for _, err := range r.Secondary {
		j.Secondary = append(j.Secondary, err.Error())
	}
	for _, line := range r.Transcript {
		j.Transcript = append(j.Transcript, lineJSON{At: line.At.Seconds(), From: string(line.Dir), Text: line.Text})
	}
	return j
}

func newTLSJSON(t *smtpprobe.TLSState) *tlsJSON {
	if t == nil {
		return nil
	}
	j := &tlsJSON{Version: t.Version, Cipher: t.Cipher, Complete: t.Complete, Verified: t.Verified}
	if t.Leaf != nil {
		j.Expiry = &t.Leaf.NotAfter
	}
	for _, problem := range t.Problems {
		j.Problems = append(j.Problems, problem.Error())
	}
	return j
}

func newRecipientJSON(rcpt *smtpprobe.RecipientResult) recipientJSON {
	j := recipientJSON{Recipient: rcpt.Address, Accepted: rcpt.Accepted, Time: rcpt.Duration.Seconds()}
	if rcpt.Reply != nil {
		j.Code = rcpt.Reply.Code
	}
	if rcpt.Err != nil {
		j.Error = rcpt.Err.Error()
	}
	return j
}
