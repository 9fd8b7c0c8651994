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
	"smtp: server doesn't support STARTTLS":                                              {NotSupported, ReasonStartTLSNotOffered},
	"smtp: server doesn't support AUTH":                                                  {NotSupported, ReasonAuthNotOffered},
	"smtp: too long a line in input stream":                                              {ProtocolError, ReasonLineTooLong},
	"smtp: server does not support SMTPUTF8":                                             {NotSupported, ReasonSMTPUTF8NotOffered},
	"smtp: server does not support REQUIRETLS":                                           {NotSupported, ""},
	"unencrypted connection":                                                             {NotSupported, ReasonCleartextAuthForbidden},
	"unexpected server challenge":                                                        {AuthFailed, ReasonChallengeLoop},
	"sasl: unexpected server challenge":                                                  {AuthFailed, ReasonChallengeLoop},
	"invalid server signature":                                                           {AuthFailed, ReasonServerUnverified},
	"server nonce does not start with our nonce":                                         {AuthFailed, ReasonServerUnverified},
	"wrong host name":                                                                    {ConfigError, ""}, // of the credentials
	"missing address":                                                                    {ConfigError, ReasonInvalidAddress},
	"no FROM address set":                                                                {ConfigError, ReasonInvalidAddress},
	"no recipient addresses set":                                                         {ConfigError, ReasonInvalidAddress},
	"connection is not established":                                                      {Disconnected, ReasonClosed},
	"server does not support SMTP AUTH":                                                  {NotSupported, ReasonAuthNotOffered},
	"server does not support SMTP AUTH type: PLAIN":                                      {NotSupported, ReasonAuthNoMechanism},
	"server does not support SMTP AUTH type: LOGIN":                                      {NotSupported, ReasonAuthNoMechanism},
	"server does not support SMTP AUTH type: CRAM-MD5":                                   {NotSupported, ReasonAuthNoMechanism},
	"server does not support SMTP AUTH type: XOAUTH2":                                    {NotSupported, ReasonAuthNoMechanism},
	"server does not support SMTP AUTH type: SCRAM-SHA-1":                                {NotSupported, ReasonAuthNoMechanism},
	"server does not support SMTP AUTH type: SCRAM-SHA-1-PLUS":                           {NotSupported, ReasonAuthNoMechanism},
	"server does not support SMTP AUTH type: SCRAM-SHA-256":                              {NotSupported, ReasonAuthNoMechanism},
	"server does not support SMTP AUTH type: SCRAM-SHA-256-PLUS":                         {NotSupported, ReasonAuthNoMechanism},
	"SMTP Auth autodiscover was not able to detect a supported authentication mechanism": {NotSupported, ReasonAuthNoMechanism},
	`STARTTLS mode set to: "TLSMandatory", but target host does not support STARTTLS`:    {NotSupported, ReasonStartTLSNotOffered},
	"smtp: A line must not contain CR or LF":                                             {ConfigError, ReasonInvalidAddress},
	"smtp: a line must not contain CR or LF":                                             {ConfigError, ReasonInvalidAddress},
	"smtp: Hello called after other methods":                                             {ConfigError, ""},
	"getting sender address":                                                             {ConfigError, ReasonInvalidAddress},
	"getting recipient addresses":                                                        {ConfigError, ReasonInvalidAddress},
	"checking SMTP connection":                                                           {Disconnected, ReasonClosed},
	"not connected to SMTP server":                                                       {Disconnected, ReasonClosed},
	"invalid port number":                                                                {ConfigError, ReasonInvalidPort},
	"hostname for client cannot be empty":                                                {ConfigError, ReasonInvalidAddress},
	"timeout cannot be zero or negative":                                                 {ConfigError, ""},
	"message is 8bit unencoded, but server does not support 8BITMIME":                    {NotSupported, ""},
}
