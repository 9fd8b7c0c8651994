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
// net/smtp, and with some of the same go-smtp and go-mail. ClassNone of them is a
// relay's text.
var sayings = map[string]meaning{
	"smtp: server doesn't support STARTTLS":                                              {ClassNotSupported, ReasonStartTLSNotOffered},
	"smtp: server doesn't support AUTH":                                                  {ClassNotSupported, ReasonAuthNotOffered},
	"smtp: too long a line in input stream":                                              {ClassProtocolError, ReasonLineTooLong},
	"smtp: server does not support SMTPUTF8":                                             {ClassNotSupported, ReasonSMTPUTF8NotOffered},
	"smtp: server does not support REQUIRETLS":                                           {ClassNotSupported, ""},
	"unencrypted connection":                                                             {ClassNotSupported, ReasonCleartextAuthForbidden},
	"unexpected server challenge":                                                        {ClassAuthFailed, ReasonChallengeLoop},
	"sasl: unexpected server challenge":                                                  {ClassAuthFailed, ReasonChallengeLoop},
	"invalid server signature":                                                           {ClassAuthFailed, ReasonServerUnverified},
	"server nonce does not start with our nonce":                                         {ClassAuthFailed, ReasonServerUnverified},
	"wrong host name":                                                                    {ClassConfigError, ""}, // of the credentials
	"missing address":                                                                    {ClassConfigError, ReasonInvalidAddress},
	"no FROM address set":                                                                {ClassConfigError, ReasonInvalidAddress},
	"no recipient addresses set":                                                         {ClassConfigError, ReasonInvalidAddress},
	"connection is not established":                                                      {ClassDisconnected, ReasonClosed},
	"server does not support SMTP AUTH":                                                  {ClassNotSupported, ReasonAuthNotOffered},
	"server does not support SMTP AUTH type: PLAIN":                                      {ClassNotSupported, ReasonAuthNoMechanism},
	"server does not support SMTP AUTH type: LOGIN":                                      {ClassNotSupported, ReasonAuthNoMechanism},
	"server does not support SMTP AUTH type: CRAM-MD5":                                   {ClassNotSupported, ReasonAuthNoMechanism},
	"server does not support SMTP AUTH type: XOAUTH2":                                    {ClassNotSupported, ReasonAuthNoMechanism},
	"server does not support SMTP AUTH type: SCRAM-SHA-1":                                {ClassNotSupported, ReasonAuthNoMechanism},
	"server does not support SMTP AUTH type: SCRAM-SHA-1-PLUS":                           {ClassNotSupported, ReasonAuthNoMechanism},
	"server does not support SMTP AUTH type: SCRAM-SHA-256":                              {ClassNotSupported, ReasonAuthNoMechanism},
	"server does not support SMTP AUTH type: SCRAM-SHA-256-PLUS":                         {ClassNotSupported, ReasonAuthNoMechanism},
	"SMTP Auth autodiscover was not able to detect a supported authentication mechanism": {ClassNotSupported, ReasonAuthNoMechanism},
	`STARTTLS mode set to: "TLSMandatory", but target host does not support STARTTLS`:    {ClassNotSupported, ReasonStartTLSNotOffered},
	"smtp: A line must not contain CR or LF":                                             {ClassConfigError, ReasonInvalidAddress},
	"smtp: a line must not contain CR or LF":                                             {ClassConfigError, ReasonInvalidAddress},
	"smtp: Hello called after other methods":                                             {ClassConfigError, ""},
	"getting sender address":                                                             {ClassConfigError, ReasonInvalidAddress},
	"getting recipient addresses":                                                        {ClassConfigError, ReasonInvalidAddress},
	"checking SMTP connection":                                                           {ClassDisconnected, ReasonClosed},
	"not connected to SMTP server":                                                       {ClassDisconnected, ReasonClosed},
	"invalid port number":                                                                {ClassConfigError, ReasonInvalidPort},
	"hostname for client cannot be empty":                                                {ClassConfigError, ReasonInvalidAddress},
	"timeout cannot be zero or negative":                                                 {ClassConfigError, ""},
	"message is 8bit unencoded, but server does not support 8BITMIME":                    {ClassNotSupported, ""},
}
