package smtperr

// sendPhases are the texts of go-mail's SendErrReason that tell a phase.
var sendPhases = map[string]Phase{
	"sending SMTP MAIL FROM command": PhaseMail,
	"sending SMTP RCPT TO command":   PhaseRcpt,
	"sending SMTP DATA command":      PhaseData,
	"sending message content":        PhaseBody,
	"closing SMTP DATA writer":       PhaseDot,
	"sending SMTP RESET command":     PhaseRset,
}

// sayings are errors of other clients that are nothing but their text: Go's
// net/smtp, and with some of the same go-smtp and go-mail. None of them is a
// relay's text.
var sayings = map[string]meaning{
	"smtp: server doesn't support STARTTLS":                           {NotSupported, ReasonStartTLSNotOffered},
	"smtp: server doesn't support AUTH":                               {NotSupported, ReasonAuthNotOffered},
	"smtp: server does not support SMTPUTF8":                          {NotSupported, ReasonSMTPUTF8NotOffered},
	"smtp: server does not support REQUIRETLS":                        {NotSupported, ""},
	"unencrypted connection":                                          {NotSupported, ReasonCleartextAuthForbidden},
	"unexpected server challenge":                                     {AuthFailed, ReasonChallengeLoop},
	"smtp: A line must not contain CR or LF":                          {ConfigError, ReasonInvalidAddress},
	"smtp: a line must not contain CR or LF":                          {ConfigError, ReasonInvalidAddress},
	"smtp: Hello called after other methods":                          {ConfigError, ""},
	"getting sender address":                                          {ConfigError, ReasonInvalidAddress},
	"getting recipient addresses":                                     {ConfigError, ReasonInvalidAddress},
	"checking SMTP connection":                                        {Disconnected, ReasonClosed},
	"not connected to SMTP server":                                    {Disconnected, ReasonClosed},
	"invalid port number":                                             {ConfigError, ReasonInvalidPort},
	"hostname for client cannot be empty":                             {ConfigError, ReasonInvalidAddress},
	"timeout cannot be zero or negative":                              {ConfigError, ""},
	"message is 8bit unencoded, but server does not support 8BITMIME": {NotSupported, ""},
}
