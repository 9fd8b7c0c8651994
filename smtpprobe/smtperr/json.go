package smtperr

import "encoding/json"

// errorJSON has the names of the metric smtpprobe where that has them.
type errorJSON struct {
	Class          string   `json:"error_class"`
	Reason         Reason   `json:"reason,omitempty"`
	Phase          Phase    `json:"phase,omitempty"`
	Fault          Fault    `json:"fault,omitempty"`
	ReplyCode      int      `json:"reply_code,omitempty"`
	EnhancedCode   string   `json:"enhanced_code,omitempty"`
	Temporary      bool     `json:"temporary"`
	OutcomeUnknown bool     `json:"outcome_unknown,omitempty"`
	Sender         string   `json:"sender,omitempty"`
	Recipient      string   `json:"recipient,omitempty"`
	Recipients     []*Error `json:"recipients,omitempty"`
	Details        []string `json:"details,omitempty"`
	Error          string   `json:"error"`
	Advice         string   `json:"advice,omitempty"`
}

// MarshalJSON writes the verdict under the names of the metric; of the relay's
// words only what Error shows.
func (e *Error) MarshalJSON() ([]byte, error) {
	if e == nil {
		return []byte("null"), nil
	}
	j := errorJSON{
		Class: e.Class.String(), Reason: e.Reason, Phase: e.Phase, Fault: e.Fault(),
		ReplyCode: e.Code(), Temporary: e.Temporary, OutcomeUnknown: e.OutcomeUnknown,
		Sender: e.Sender, Recipient: e.Recipient, Recipients: e.Recipients, Details: e.Details,
		Error: e.Error(), Advice: e.Advice(),
	}
	if e.Reply != nil {
		j.EnhancedCode = e.Reply.Enhanced.String()
	}
	return json.Marshal(j)
}
