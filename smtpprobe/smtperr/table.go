package smtperr

// Info is one class's row of the taxonomy.
type Info struct {
	Class     Class
	Name      string
	Kinds     []*Kind // that errors.Is matches, besides the phase's own
	Temporary Advice  // Yes, No, or ByCode; the reason may know better
	RetrySame Advice  // whether the same server may do better
	NextSeed  Advice  // whether the next server is to be tried, by the policy Seed
	NextMTA   Advice  // and by the policy MTA
	Fault     Fault   // unless the reason says more
	SMTPLib   string  // the equal in Python's smtplib
	AIOSMTP   string  // the equal in aiosmtplib
	Meaning   string
	Advice    string // what to do
}

// Classes lists the taxonomy in the order of the classes' numbers, None first.
func Classes() []Info { return append([]Info(nil), table[:]...) }

var table = [...]Info{
	None: {None, "none", nil,
		No, NoAdvice, No, No, FaultNone, "", "",
		"the probe reached its goal", ""},
	ConfigError: {ConfigError, "config_error", []*Kind{ErrConfig},
		No, No, No, No, FaultConfig, "ValueError, UnicodeError", "ValueError, SMTPException",
		"the probe cannot be held as it is configured", "Mend the setting that the error names."},
	LocalError: {LocalError, "local_error", []*Kind{ErrLocal, ErrOS},
		Yes, Later, Yes, No, FaultProber, "OSError", "SMTPConnectError",
		"this machine could not do its part", "Look at this machine: file descriptors, ports, source address, permissions."},
	Canceled: {Canceled, "canceled", []*Kind{ErrCanceled},
		Yes, NoAdvice, No, No, FaultProber, "-", "CancelledError",
		"the prober was stopped", "Nothing, if it was stopped on purpose."},
	DNSNotFound: {DNSNotFound, "dns_not_found", []*Kind{ErrDNS, ErrOS},
		No, No, Yes, Yes, FaultConfig, "gaierror, herror", "SMTPConnectError",
		"the name does not exist, has no address or takes no mail", "Check the host name in the configuration and its records."},
	DNSTimeout: {DNSTimeout, "dns_timeout", []*Kind{ErrDNS, ErrTimeout, ErrOS},
		Yes, Yes, Yes, Yes, FaultNetwork, "gaierror", "SMTPConnectError, SMTPConnectTimeoutError",
		"the resolver did not answer in time", "Check this machine's resolver."},
	DNSError: {DNSError, "dns_error", []*Kind{ErrDNS, ErrOS},
		Yes, Yes, Yes, Yes, FaultNetwork, "gaierror", "SMTPConnectError",
		"the resolver failed or answered nonsense", "Check the resolver and the domain's name servers."},
	ConnectError: {ConnectError, "connect_error", []*Kind{ErrConnect, ErrOS},
		Yes, Yes, Yes, Yes, FaultNetwork, "ConnectionRefusedError, OSError", "SMTPConnectError",
		"no connection came about", "Check that the relay runs, its port, and the firewalls between."},
	ConnectTimeout: {ConnectTimeout, "connect_timeout", []*Kind{ErrConnect, ErrTimeout, ErrOS},
		Yes, Yes, Yes, Yes, FaultNetwork, "TimeoutError", "SMTPConnectTimeoutError",
		"no answer to the attempt to connect", "Look for a firewall that drops packets, or a host that is down."},
	TLSVerifyError: {TLSVerifyError, "tls_verify_error", []*Kind{ErrTLS, ErrOS},
		No, No, Yes, Yes, FaultRelay, "SSLCertVerificationError", "SMTPConnectError, SSLError",
		"the relay's certificate does not verify", "Renew or mend the relay's certificate, or give its authority as tls_ca."},
	TLSError: {TLSError, "tls_error", []*Kind{ErrTLS, ErrOS},
		Yes, No, Yes, Yes, FaultRelay, "SSLError", "SMTPConnectError, SSLError",
		"the TLS handshake failed", "Check the relay's TLS settings, and whether the port speaks TLS from the start."},
	TLSTimeout: {TLSTimeout, "tls_timeout", []*Kind{ErrTLS, ErrTimeout, ErrOS},
		Yes, Yes, Yes, Yes, FaultNetwork, "TimeoutError", "SMTPTimeoutError",
		"the TLS handshake did not end in time", "Check the port's kind of TLS, middleboxes and the relay's load."},
	StartTLSRefused: {StartTLSRefused, "starttls_refused", []*Kind{ErrStartTLS, ErrResponse},
		ByCode, Later, Yes, Yes, FaultRelay, "SMTPResponseException", "SMTPResponseException",
		"STARTTLS was refused", "Check the relay's certificate and key; its log says why TLS is off."},
	NotSupported: {NotSupported, "not_supported", []*Kind{ErrNotSupported},
		No, No, Yes, Yes, FaultConfig, "SMTPNotSupportedError", "SMTPNotSupported",
		"the relay does not offer what the probe needs", "Compare the extensions the relay offers with the configuration."},
	GreetingRefused: {GreetingRefused, "greeting_refused", []*Kind{ErrGreeting, ErrConnect, ErrResponse},
		ByCode, Later, Yes, Yes, FaultRelay, "SMTPConnectError", "SMTPConnectResponseError",
		"the greeting refused the session", "Ask the relay's operator whether this address may connect."},
	HeloRefused: {HeloRefused, "helo_refused", []*Kind{ErrHelo, ErrResponse},
		ByCode, Later, Yes, Yes, FaultConfig, "SMTPHeloError", "SMTPHeloError",
		"EHLO or HELO was refused", "Give the probe a helo name that resolves."},
	AuthFailed: {AuthFailed, "auth_failed", []*Kind{ErrAuth, ErrResponse},
		ByCode, No, No, Only4xx, FaultCredentials, "SMTPAuthenticationError", "SMTPAuthenticationError",
		"the authentication failed", "Check user name, password or token, and whether the account is locked."},
	SenderRefused: {SenderRefused, "sender_refused", []*Kind{ErrSenderRefused, ErrResponse},
		ByCode, Later, Yes, Only4xx, FaultMessage, "SMTPSenderRefused", "SMTPSenderRefused",
		"MAIL was refused", "Check the sender address and what it needs: AUTH, TLS, a domain that resolves."},
	RecipientRefused: {RecipientRefused, "recipient_refused", []*Kind{ErrRecipientRefused, ErrResponse},
		ByCode, Later, Yes, Only4xx, FaultMessage, "the dict that sendmail returns", "SMTPRecipientRefused",
		"some, not all, recipients were refused", "Check the refused recipients."},
	RecipientsRefused: {RecipientsRefused, "recipients_refused", []*Kind{ErrRecipientsRefused, ErrResponse},
		ByCode, Later, Yes, Only4xx, FaultMessage, "SMTPRecipientsRefused", "SMTPRecipientsRefused",
		"all recipients were refused", "Check the recipients, and whether the relay relays for us."},
	DataRefused: {DataRefused, "data_refused", []*Kind{ErrData, ErrResponse},
		ByCode, Later, Yes, Only4xx, FaultMessage, "SMTPDataError", "SMTPDataError",
		"DATA or the message was refused", "Check what content filters and limits the relay has."},
	ServiceUnavailable: {ServiceUnavailable, "service_unavailable", []*Kind{ErrUnavailable, ErrResponse},
		Yes, Later, Yes, Yes, FaultRelay, "the phase's own", "the phase's own",
		"the relay said 421: it closes the session", "Check the relay's load and its limits of connections and rates."},
	Disconnected: {Disconnected, "disconnected", []*Kind{ErrDisconnected, ErrOS},
		Yes, NotAfterDot, NotAfterDot, NotAfterDot, FaultRelay, "SMTPServerDisconnected", "SMTPServerDisconnected, SMTPConnectError",
		"the connection was lost", "Look in the relay's log for the reason; a middlebox may close it, too."},
	ReadTimeout: {ReadTimeout, "read_timeout", []*Kind{ErrTimeout, ErrDisconnected, ErrOS},
		Yes, NotAfterDot, NotAfterDot, NotAfterDot, FaultRelay, "SMTPServerDisconnected", "SMTPReadTimeoutError, SMTPConnectTimeoutError",
		"a reply did not come in time", "Check the relay's load, its DNS lookups and filters; a TLS port greets no plaintext client."},
	WriteTimeout: {WriteTimeout, "write_timeout", []*Kind{ErrTimeout, ErrDisconnected, ErrOS},
		Yes, Yes, Yes, Yes, FaultNetwork, "SMTPServerDisconnected", "SMTPTimeoutError",
		"the relay did not take what was sent", "Check the path's MTU and the relay's load."},
	ProtocolError: {ProtocolError, "protocol_error", []*Kind{ErrProtocol},
		Yes, No, Yes, Yes, FaultRelay, "the phase's own, SMTPResponseException", "SMTPResponseException",
		"what came is not the SMTP that was due", "Check that the port is an SMTP one, and the relay's version; look at the transcript."},
	ResponseError: {ResponseError, "response_error", []*Kind{ErrResponse},
		ByCode, Later, Yes, Yes, FaultRelay, "SMTPResponseException", "SMTPResponseException",
		"RSET, NOOP, VRFY or QUIT was answered unexpectedly", "Look at the transcript."},
	UnexpectedSuccess: {UnexpectedSuccess, "unexpected_success", []*Kind{ErrUnexpectedSuccess},
		No, No, No, No, FaultRelay, "-", "-",
		"the relay accepted what it should refuse", "An open relay: restrict relaying at once."},
	Unknown: {Unknown, "unknown", []*Kind{ErrUnknown},
		Yes, No, Yes, Yes, FaultProber, "SMTPException", "SMTPException",
		"a failure that the classifier does not know", "Please report the error text."},
}
