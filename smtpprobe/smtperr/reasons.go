package smtperr

import (
	"fmt"
	"slices"
	"strings"
)

// reasonRow is what the package knows about one reason.
type reasonRow struct {
	reason   Reason
	fault    Fault  // whose, FaultNone if class and code decide
	meaning  string // what happened, in a few words
	advice   string // the likely cause and what to do
	settings string // the settings to look at, with blanks between
	section  string // of the RFC
}

var reasons = [...]reasonRow{
	{
		ReasonMailboxUnknown, FaultMessage, "the mailbox does not exist",
		"Check the recipient's address: the relay knows no such mailbox.",
		"to", "RFC 3463 §3.2",
	},
	{
		ReasonRecipientDomainUnknown, FaultMessage, "the recipient's domain is not known to the relay",
		"Check the domain in to, and the relay's list of domains and its routes.",
		"to", "RFC 3463 §3.2",
	},
	{
		ReasonRecipientSyntax, FaultMessage, "the recipient's address is not valid",
		"Check how the address in to is written.",
		"to", "RFC 3463 §3.2",
	},
	{
		ReasonMailboxAmbiguous, FaultMessage, "the address matches several mailboxes",
		"Use the full address in to.",
		"to", "RFC 3463 §3.2",
	},
	{
		ReasonMailboxMoved, FaultMessage, "the mailbox has moved",
		"Use the address that the reply names as to.",
		"to", "RFC 5321 §3.4",
	},
	{
		ReasonSenderSyntax, FaultMessage, "the sender's address is not valid",
		"Check how the address in from is written.",
		"from", "RFC 3463 §3.2",
	},
	{
		ReasonSenderDomainInvalid, FaultMessage, "the sender's domain cannot be resolved",
		"Check the domain in from, and its MX and A records as the relay sees them.",
		"from", "RFC 3463 §3.2",
	},
	{
		ReasonNullMX, FaultNone, "the domain accepts no mail (null MX)",
		"The domain publishes a null MX: choose another recipient in to.",
		"to", "RFC 7505 §3",
	},
	{
		ReasonMailboxDisabled, FaultMessage, "the mailbox is disabled",
		"Have the recipient's mailbox enabled, or choose another one in to.",
		"to", "RFC 3463 §3.3",
	},
	{
		ReasonMailboxFull, FaultMessage, "the mailbox is full",
		"Empty the recipient's mailbox or raise its quota.",
		"to", "RFC 3463 §3.3",
	},
	{
		ReasonMessageTooLarge, FaultMessage, "the message is too large",
		"Lower message_size, or raise the relay's size limit.",
		"message_size", "RFC 1870 §6",
	},
	{
		ReasonListExpansion, FaultNone, "the mailing list could not be expanded",
		"Ask the owner of the mailing list in to.",
		"to", "RFC 3463 §3.3",
	},
	{
		ReasonSystemFull, FaultRelay, "the relay is out of disk space or queue space",
		"Free disk space on the relay: look at its queue and its mail store.",
		"", "RFC 3463 §3.4",
	},
	{
		ReasonNotAccepting, FaultRelay, "the relay accepts no mail at the moment",
		"Check whether the relay is in maintenance or shutting down.",
		"", "RFC 3463 §3.4",
	},
	{
		ReasonFeatureUnsupported, FaultNone, "the relay lacks a feature that the message needs",
		"Compare the message with the extensions in the relay's EHLO reply.",
		"", "RFC 3463 §3.4",
	},
	{
		ReasonRelayMisconfigured, FaultNone, "the relay reports an error in its own configuration",
		"Look in the relay's log for the configuration error.",
		"", "RFC 3463 §3.4",
	},
	{
		ReasonSystemError, FaultRelay, "the relay reports an internal error",
		"Look in the relay's log, first for disk space, milters and lookup tables.",
		"", "RFC 3463 §3.4",
	},
	{
		ReasonMailboxUnavailable, FaultMessage, "the mailbox is not available: unknown, or hidden by policy",
		"Check the address in to, and whether the relay accepts mail for its domain from this client.",
		"to", "RFC 5321 §4.2.3",
	},
	{
		ReasonMailboxUnavailableTemp, FaultMessage, "the mailbox is not available at the moment",
		"Try later; the relay's log shows whether the mailbox is busy or its address is being verified.",
		"to", "RFC 5321 §4.2.3",
	},
	{
		ReasonNextHopUnreachable, FaultNone, "the relay cannot reach the next host",
		"Check the host behind the relay and the route to it.",
		"", "RFC 3463 §3.5",
	},
	{
		ReasonConnectionDropped, FaultNone, "the relay closes the connection",
		"Look in the relay's log: the session was idle for too long, or the relay shuts down.",
		"timeout", "RFC 3463 §3.5",
	},
	{
		ReasonDNSMisconfig, FaultNone, "DNS lookups of the relay fail",
		"Check the resolver of the relay.",
		"", "RFC 3463 §3.5",
	},
	{
		ReasonUnroutable, FaultNone, "the relay has no route to the domain",
		"Check the relay's transports, and the MX records of the domain in to.",
		"to", "RFC 3463 §3.5",
	},
	{
		ReasonCongested, FaultRelay, "the relay is overloaded",
		"Check the relay's queue, load and memory.",
		"", "RFC 3463 §3.5",
	},
	{
		ReasonMailLoop, FaultNone, "the message loops",
		"Check the routes of the relay and the MX records: two hosts send the message to each other.",
		"", "RFC 5321 §6.3",
	},
	{
		ReasonExpired, FaultNone, "a certificate, or the message's time in the queue, has expired",
		"Renew the certificate on the relay, and reload the relay.",
		"", "RFC 5280 §4.1.2.5",
	},
	{
		ReasonNoValidRecipients, FaultNone, "no recipient was accepted",
		"Look at the replies to RCPT.",
		"to", "RFC 5321 §4.1.1.4",
	},
	{
		ReasonBadSequence, FaultNone, "the relay expects another command first",
		"Look at the transcript: a proxy may have dropped a command.",
		"", "RFC 5321 §4.1.4",
	},
	{
		ReasonSyntax, FaultNone, "the relay does not understand the command",
		"Look at the transcript: an inspecting firewall may have changed the command.",
		"", "RFC 5321 §4.2.4",
	},
	{
		ReasonTooManyRecipients, FaultMessage, "too many recipients in one message",
		"Use fewer recipients in to, or raise the relay's limit.",
		"to", "RFC 5321 §4.5.3.1.10",
	},
	{
		ReasonInvalidArguments, FaultNone, "the relay does not accept a parameter of the command",
		"Look at the transcript for the parameter.",
		"", "RFC 3463 §3.6",
	},
	{
		ReasonProtocolVersion, FaultNone, "client and relay have no TLS version in common",
		"Compare tls_min_version with the TLS versions of the relay.",
		"tls_min_version", "RFC 8446 §4.1.3",
	},
	{
		ReasonAuthLineTooLong, FaultNone, "the AUTH command is too long",
		"Use another auth_mechanism or a shorter token.",
		"auth_mechanism token", "RFC 4954 §4",
	},
	{
		ReasonSMTPUTF8Required, FaultNone, "the address needs SMTPUTF8",
		"Use ASCII addresses in from and to: the next host lacks SMTPUTF8.",
		"from to", "RFC 6531 §3.5",
	},
	{
		ReasonContent, FaultMessage, "the relay does not accept this content",
		"Check the subject, headers and body of the test message.",
		"subject headers body", "RFC 3463 §3.7",
	},
	{
		ReasonNotAuthorized, FaultConfig, "a policy of the relay does not allow it to this client",
		"Allow the prober's address or login on the relay, or set username and password.",
		"username password source_address", "RFC 3463 §3.8",
	},
	{
		ReasonPolicy, FaultNone, "a policy of the relay does not allow it",
		"Look in the relay's log for the rule.",
		"", "RFC 3463 §3.8",
	},
	{
		ReasonPolicyTemporary, FaultNone, "a policy or filter of the relay defers it",
		"Look in the relay's log for the rule; a milter or filter that is down gives the same reply.",
		"", "RFC 3463 §3.8",
	},
	{
		ReasonListProhibited, FaultNone, "the sender may not post to the mailing list",
		"Choose another recipient in to, or allow from on the list.",
		"to from", "RFC 3463 §3.8",
	},
	{
		ReasonAuthMechanismUnsupported, FaultConfig, "the relay does not support the AUTH mechanism",
		"Leave auth_mechanism empty to use one that the relay offers.",
		"auth_mechanism", "RFC 4954 §6",
	},
	{
		ReasonCrypto, FaultNone, "the relay cannot handle the message's encryption or signature",
		"Check the headers and body of the test message.",
		"headers body", "RFC 3463 §3.8",
	},
	{
		ReasonIntegrity, FaultNone, "the message was changed in transit",
		"Look for a gateway or filter that changes messages.",
		"", "RFC 3463 §3.8",
	},
	{
		ReasonAuthCredentialsInvalid, FaultCredentials, "user name or password is wrong",
		"Check username and password; many providers need an app password or a token instead.",
		"username password token", "RFC 4954 §6",
	},
	{
		ReasonAuthMechanismWeak, FaultNone, "the AUTH mechanism is too weak for the relay",
		"Set a stronger auth_mechanism, or use a token.",
		"auth_mechanism token", "RFC 4954 §6",
	},
	{
		ReasonTLSRequired, FaultConfig, "the relay requires TLS first",
		"Set starttls = \"required\", or use a submission:// or smtps:// URL.",
		"starttls", "RFC 3207 §4",
	},
	{
		ReasonRequireTLS, FaultNone, "the message requires TLS on every hop, and the relay cannot promise it",
		"Send the test message to a domain whose hosts support REQUIRETLS.",
		"to", "RFC 8689 §4",
	},
	{
		ReasonPasswordTransition, FaultNone, "the account must log in once with PLAIN",
		"Set auth_mechanism = \"PLAIN\" for one login over TLS: the relay converts the account.",
		"auth_mechanism", "RFC 4954 §6",
	},
	{
		ReasonAccountDisabled, FaultCredentials, "the account is disabled",
		"Have the account in username enabled; raise the interval if the probe's logins locked it.",
		"username", "RFC 4954 §6",
	},
	{
		ReasonTrustRequired, FaultCredentials, "the relay does not trust this login",
		"Log in to the account in a web browser once, or use an app password.",
		"username password", "RFC 3463 §3.8",
	},
	{
		ReasonPriority, FaultNone, "the relay does not accept messages of this priority",
		"Check the priority headers of the test message.",
		"headers", "RFC 6710",
	},
	{
		ReasonRRVS, FaultNone, "the mailbox has changed owner",
		"Check the recipient in to.",
		"to", "RFC 7293",
	},
	{
		ReasonDKIM, FaultNone, "the DKIM signature is missing or not valid",
		"Send through the host that signs for the domain in from, or check its DKIM key.",
		"from", "RFC 7372 §3.1",
	},
	{
		ReasonSPF, FaultNone, "SPF does not authorize this address",
		"Add the prober's address to the SPF record of the domain in from, or change from.",
		"from", "RFC 7372 §3.2",
	},
	{
		ReasonRDNS, FaultProber, "the prober's address has no valid reverse DNS",
		"Set the PTR record of the prober's address, and an A or AAAA record of that name.",
		"source_address", "RFC 7372 §3.3",
	},
	{
		ReasonAuthChecksFailed, FaultMessage, "SPF, DKIM or DMARC does not pass for the sender's domain",
		"Check SPF, DKIM and DMARC of the domain in from, and whether this relay may send for it.",
		"from", "RFC 7372 §3.4",
	},
	{
		ReasonSenderNullMX, FaultMessage, "the sender's domain accepts no mail (null MX)",
		"Change from to a domain that accepts mail.",
		"from", "RFC 7505 §4.2",
	},
	{
		ReasonRateLimited, FaultProber, "a limit of connections, logins or messages was hit",
		"Raise the interval or send_interval, or exempt the prober's address from the relay's limit.",
		"interval send_interval", "RFC 5321 §7.8",
	},
	{
		ReasonARC, FaultNone, "the ARC seals of the message are not valid",
		"Check the host that sealed the message.",
		"", "RFC 8617 §5",
	},
	{
		ReasonAuthTemporary, FaultRelay, "the relay cannot check credentials at the moment",
		"Check the relay's authentication service: SASL, LDAP or database.",
		"", "RFC 4954 §6",
	},
	{
		ReasonAuthRequired, FaultConfig, "the relay requires a login",
		"Set username and password, and use the submission port.",
		"username password", "RFC 4954 §6",
	},
	{
		ReasonTLSUnavailable, FaultNone, "the relay cannot start TLS",
		"Check the certificate and key of the relay, and its log.",
		"", "RFC 3207 §4",
	},
	{
		ReasonAccessDenied, FaultProber, "the relay accepts no connections from the prober's address",
		"Check the relay's access rules and block lists for the prober's address.",
		"source_address", "RFC 5321 §3.1",
	},
	{
		ReasonHostNoMail, FaultNone, "the host accepts no mail at all",
		"Use another relay in servers.",
		"servers", "RFC 7504",
	},
	{
		ReasonAddressNotAllowed, FaultNone, "the address is not allowed",
		"Check the address, and which addresses this login may use.",
		"from to", "RFC 5321 §4.2.3",
	},
	{
		ReasonParameters, FaultNone, "the relay does not accept a parameter that it offers",
		"Look at the transcript for the parameter.",
		"", "RFC 5321 §4.1.1.11",
	},
	{
		ReasonContentRejected, FaultMessage, "a content filter refused the message",
		"Look in the relay's log for the rule that matched; check subject, headers and body.",
		"subject headers body", "RFC 5321 §4.2.3",
	},
	{
		ReasonRefused, FaultNone, "refused without a known reason",
		"Read the reply, and look in the relay's log.",
		"", "RFC 5321 §4.2.1",
	},
	{
		ReasonRelayDenied, FaultConfig, "the relay does not relay for this client",
		"Allow the prober's address on the relay, set username and password, or check the domain in to.",
		"username password to", "RFC 5321 §7.8",
	},
	{
		ReasonGreylisted, FaultMessage, "greylisting defers the message",
		"Nothing is wrong: allow the prober's address or from in the greylist, or accept the class in expect.",
		"expect from", "RFC 6647 §2",
	},
	{
		ReasonTLSVersionRejected, FaultConfig, "the relay refuses the TLS version of the session",
		"Compare tls_min_version with the TLS versions of the relay, and look for a middlebox that downgrades.",
		"tls_min_version", "RFC 8996 §1",
	},
	{
		ReasonQuotaExceeded, FaultCredentials, "the account has used up its sending quota",
		"Raise send_interval, or the sending quota of the account in username.",
		"send_interval username", "RFC 5321 §7.8",
	},
	{
		ReasonClientBlocked, FaultProber, "the prober's address is on a block list or has a bad reputation",
		"Find the list in the reply, and have the prober's address removed from it or allowed on the relay.",
		"source_address", "RFC 5782 §1",
	},
	{
		ReasonAppPasswordRequired, FaultCredentials, "the account needs an app password",
		"Create an app password or authorization code with the provider, and set it as password.",
		"password", "RFC 4954 §6",
	},
	{
		ReasonAuthDisabled, FaultConfig, "SMTP AUTH is disabled for the account or the relay",
		"Enable SMTP AUTH for the account or tenant, or use a token; the password is not the problem.",
		"username token", "RFC 4954 §6",
	},
	{
		ReasonAccountLocked, FaultCredentials, "the account is locked, often after failed logins",
		"Unlock the account in username, correct its password, and raise the interval.",
		"username password interval", "RFC 4954 §6",
	},
	{
		ReasonAccountRestricted, FaultCredentials, "the account is suspended or restricted",
		"Check the account in username with the provider: trial plan, unpaid bill, or blocked for spam.",
		"username", "RFC 4954 §6",
	},
	{
		ReasonSenderUnverifiable, FaultMessage, "the relay could not verify the sender's address",
		"Set from to an address that exists and accepts mail: the relay asks its domain.",
		"from", "RFC 5321 §7.1",
	},
	{
		ReasonSenderNotAllowed, FaultMessage, "the sender's address is not allowed for this login or client",
		"Set from to an address that the account in username may use, or that the provider has verified.",
		"from username", "RFC 6409 §6.1",
	},
	{
		ReasonHeloRejected, FaultConfig, "the HELO name was refused",
		"Set helo to a fully-qualified name that resolves to the prober's address.",
		"helo", "RFC 5321 §4.1.4",
	},
	{
		ReasonBareNewline, FaultMessage, "the message has a line end that is not CR LF",
		"Check headers and body; a gateway on the way may change line ends.",
		"headers body", "RFC 5321 §2.3.8",
	},
	{
		ReasonMalwareSuspected, FaultMessage, "a virus or phishing filter refused the message",
		"Check subject, headers and body of the test message, and the filter's log.",
		"subject headers body", "RFC 5321 §7.9",
	},
	{
		ReasonSpamSuspected, FaultMessage, "a spam filter refused the message",
		"Check subject, headers and body of the test message, and allow from in the spam filter.",
		"subject headers body from", "RFC 5321 §7.9",
	},
	{
		ReasonIntercepted, FaultNetwork, "something between prober and relay answered",
		"Look for a proxy, firewall or virus scanner on the way that intercepts SMTP.",
		"proxy_url", "RFC 5321 §2.3.10",
	},
	{
		ReasonNotLMTP, FaultConfig, "the port speaks SMTP, not LMTP",
		"Use an smtp:// URL: this port speaks SMTP.",
		"servers", "RFC 2033 §4.1",
	},
	{
		ReasonNotSMTPLMTP, FaultConfig, "the port speaks LMTP, not SMTP",
		"Use an lmtp:// URL: this port speaks LMTP.",
		"servers", "RFC 2033 §4.1",
	},
	{
		ReasonHostUnreachable, FaultNone, "no route to the host",
		"Check routing and firewalls between the prober and the relay.",
		"", "RFC 1122 §3.2.2.1",
	},
	{
		ReasonNetworkUnreachable, FaultNone, "no route to the network",
		"Check routing and the address families of this machine.",
		"ip_version", "RFC 1122 §3.2.2.1",
	},
	{
		ReasonReset, FaultNone, "the connection was reset",
		"Look in the relay's log, and for a firewall that resets connections.",
		"", "RFC 9293 §3.5.2",
	},
	{
		ReasonClosed, FaultNone, "the other side closed the connection",
		"Look in the relay's log: a limit, a crash or a restart may have closed it.",
		"", "RFC 5321 §3.8",
	},
	{
		ReasonTruncatedReply, FaultNone, "the connection ended within a reply",
		"Look in the relay's log for a crash or restart.",
		"", "RFC 5321 §4.2",
	},
	{
		ReasonNoGreeting, FaultNone, "no greeting in time",
		"Check whether the port expects TLS first (smtps://), and the relay's load and DNS lookups.",
		"timeout", "RFC 5321 §4.5.3.2.1",
	},
	{
		ReasonSlowReply, FaultNone, "the reply arrived too slowly",
		"Check the relay's load, and the network for packet loss.",
		"read_timeout", "RFC 5321 §4.5.3.2",
	},
	{
		ReasonNoReply, FaultNone, "no reply in time",
		"Look for slow DNS lookups, milters and filters on the relay.",
		"read_timeout timeout", "RFC 5321 §4.5.3.2",
	},
	{
		ReasonNoAck, FaultNetwork, "what was sent is not acknowledged",
		"Packets are lost on the way: check firewalls, NAT timeouts and the path MTU.",
		"", "RFC 9293 §3.8",
	},
	{
		ReasonNotFound, FaultNone, "the name does not exist",
		"Check the name or the path in servers.",
		"servers", "RFC 1035 §4.1.1",
	},
	{
		ReasonServerFailure, FaultNone, "the name server failed",
		"Check the name servers of the domain, and DNSSEC.",
		"dns_server", "RFC 1035 §4.1.1",
	},
	{
		ReasonNotYetValid, FaultNone, "the certificate is not valid yet",
		"Check the clocks of the prober and the relay, and the certificate's start date.",
		"", "RFC 5280 §4.1.2.5",
	},
	{
		ReasonHostMismatch, FaultNone, "the certificate is for other names",
		"Set tls_server_name, or have the relay's certificate issued for this name.",
		"tls_server_name", "RFC 6125 §6.4",
	},
	{
		ReasonUnknownAuthority, FaultNone, "the certificate is not signed by a trusted CA",
		"Set tls_ca, or have the relay send its intermediate certificates.",
		"tls_ca", "RFC 5280 §6.1",
	},
	{
		ReasonSelfSigned, FaultNone, "the certificate is self-signed",
		"Set tls_ca to this certificate, or get one from a CA.",
		"tls_ca", "RFC 5280 §3.2",
	},
	{
		ReasonCertNoNames, FaultNone, "the certificate has no subject alternative name",
		"Have the relay's certificate issued again with a subject alternative name.",
		"tls_server_name", "RFC 6125 §6.4.4",
	},
	{
		ReasonCertUsage, FaultNone, "the certificate is not for servers",
		"Have the relay's certificate issued again for server authentication.",
		"", "RFC 5280 §4.2.1.12",
	},
	{
		ReasonCertConstraints, FaultNone, "a CA in the chain may not sign this certificate",
		"Check name constraints, path length and CA flag of the certificates in the relay's chain.",
		"", "RFC 5280 §6.1",
	},
	{
		ReasonCertSignature, FaultNone, "the certificate has a weak or unknown signature or key",
		"Have the certificate issued again with SHA-256 and a key of 2048 bits or more.",
		"", "RFC 9155 §2",
	},
	{
		ReasonChainExpired, FaultNone, "a CA certificate in the chain has expired",
		"Replace the intermediate certificate that the error names, on the relay or in tls_ca.",
		"tls_ca", "RFC 5280 §6.1.3",
	},
	{
		ReasonNoRoots, FaultProber, "this machine has no trusted CA certificates",
		"Install the ca-certificates package on this machine, or set tls_ca.",
		"tls_ca", "RFC 5280 §6.2",
	},
	{
		ReasonPlaintextSMTP, FaultNone, "the port speaks SMTP without TLS",
		"Use an smtp:// or submission:// URL with STARTTLS.",
		"servers starttls", "RFC 8314 §3.3",
	},
	{
		ReasonTLSOnPlaintextPort, FaultNone, "the port expects TLS from the start",
		"Use an smtps:// URL: this port starts with TLS.",
		"servers", "RFC 8314 §3.3",
	},
	{
		ReasonHandshakeFailure, FaultNone, "no TLS parameters in common",
		"Compare TLS versions and ciphers; for a relay with RSA key exchange only, set tls_cipher_suites.",
		"tls_min_version tls_cipher_suites", "RFC 8446 §6.2",
	},
	{
		ReasonTLSAlert, FaultNone, "the relay ended the handshake with a TLS alert",
		"Look up the alert in the error; check the relay's certificate, key and log.",
		"tls_server_name", "RFC 8446 §6.2",
	},
	{
		ReasonRecordBroken, FaultNetwork, "a TLS record was damaged",
		"Look for a middlebox or a faulty network card: data changed between prober and relay.",
		"", "RFC 8446 §5.2",
	},
	{
		ReasonClientCertRequired, FaultConfig, "the relay requires a client certificate",
		"Set tls_cert and tls_key to a certificate that the relay trusts.",
		"tls_cert tls_key", "RFC 8446 §4.4.2",
	},
	{
		ReasonNotSMTPHTTP, FaultNone, "a web server answered",
		"Check the host and port in servers.",
		"servers", "RFC 5321 §4.2",
	},
	{
		ReasonNotSMTPSSH, FaultNone, "an SSH server answered",
		"Check the host and port in servers.",
		"servers", "RFC 5321 §4.2",
	},
	{
		ReasonNotSMTP, FaultNone, "the port does not speak SMTP",
		"Check the host and port in servers.",
		"servers", "RFC 5321 §4.2",
	},
	{
		ReasonBadCode, FaultNone, "the reply has no valid code",
		"Check what listens on the port; look at the transcript.",
		"", "RFC 5321 §4.2",
	},
	{
		ReasonCodeMismatch, FaultNone, "one reply has different codes",
		"Look at the transcript: a proxy may have mixed two replies.",
		"", "RFC 5321 §4.2.1",
	},
	{
		ReasonUnexpectedCode, FaultNone, "the reply does not fit the command",
		"Look at the transcript: prober and relay disagree about the state of the session.",
		"", "RFC 5321 §4.2.1",
	},
	{
		ReasonLineTooLong, FaultNone, "a reply line is longer than 8192 bytes",
		"Check what listens on the port.",
		"", "RFC 5321 §4.5.3.1.5",
	},
	{
		ReasonReplyTooLong, FaultNone, "a reply is too long",
		"Check what listens on the port.",
		"", "RFC 5321 §4.2.1",
	},
	{
		ReasonUnsolicited, FaultNone, "the relay sent data without a command",
		"Look at the transcript.",
		"", "RFC 5321 §2.1",
	},
	{
		ReasonStartTLSInjection, FaultNone, "plaintext followed the reply to STARTTLS",
		"Look for an attacker or a broken proxy on the way (CVE-2011-0411).",
		"", "RFC 3207 §4",
	},
	{
		ReasonBadChallenge, FaultNone, "the AUTH challenge is not valid",
		"Set another auth_mechanism; the error names the part that is not valid.",
		"auth_mechanism", "RFC 4954 §4",
	},
	{
		ReasonChallengeLoop, FaultNone, "AUTH does not end",
		"Set another auth_mechanism.",
		"auth_mechanism", "RFC 4954 §4",
	},
	{
		ReasonServerUnverified, FaultNone, "the relay did not prove that it knows the password",
		"Look for an attacker on the way, or set another auth_mechanism.",
		"auth_mechanism", "RFC 5802 §3",
	},
	{
		ReasonStartTLSNotOffered, FaultNone, "the relay does not offer STARTTLS",
		"Enable TLS on the relay, or look for a firewall that removes STARTTLS.",
		"starttls", "RFC 3207 §4",
	},
	{
		ReasonAuthNotOffered, FaultNone, "the relay does not offer AUTH",
		"Use port 587 and TLS: many relays offer AUTH only there.",
		"servers starttls", "RFC 4954 §3",
	},
	{
		ReasonAuthNoMechanism, FaultNone, "no AUTH mechanism in common",
		"Compare auth_mechanism with the mechanisms in the relay's EHLO reply.",
		"auth_mechanism", "RFC 4954 §3",
	},
	{
		ReasonCleartextAuthForbidden, FaultNone, "no login without verified TLS",
		"Set starttls = \"required\", or auth_cleartext to allow it.",
		"starttls auth_cleartext", "RFC 4954 §4",
	},
	{
		ReasonSMTPUTF8NotOffered, FaultNone, "the relay does not offer SMTPUTF8",
		"Use ASCII addresses in from and to.",
		"from to", "RFC 6531 §3.2",
	},
	{
		ReasonESMTPUnavailable, FaultNone, "the relay does not know EHLO",
		"Look for a firewall that inspects SMTP: without EHLO there is no TLS and no AUTH.",
		"", "RFC 5321 §3.2",
	},
	{
		ReasonTooManyOpenFiles, FaultNone, "this process has too many open files",
		"Raise the limit of open files, or lower max_concurrent.",
		"max_concurrent", "",
	},
	{
		ReasonNoSourceAddress, FaultNone, "no local address or port to connect from",
		"Check source_address, the address families of this machine, and its free ports.",
		"source_address ip_version", "",
	},
	{
		ReasonPermission, FaultNone, "the operating system does not allow it",
		"Check the local firewall, SELinux, and the mode of the unix socket.",
		"", "",
	},
	{
		ReasonProberStalled, FaultProber, "this machine did not run the probe in time",
		"Look at the load of this machine: the deadline passed while the probe was not running.",
		"timeout max_concurrent", "",
	},
	{
		ReasonInvalidAddress, FaultNone, "an address is not valid",
		"Check how the addresses in from, to and servers are written.",
		"from to servers", "RFC 5321 §4.1.2",
	},
	{
		ReasonAddressNotPublic, FaultNone, "the name leads to an address that is not public",
		"Check the MX and address records of the domain, or set allow_private_mx.",
		"allow_private_mx", "RFC 6890 §2.2",
	},
	{
		ReasonInvalidPort, FaultNone, "the port is not valid",
		"Set a port between 1 and 65535 in servers.",
		"servers", "",
	},
	{
		ReasonTokenRefused, FaultNone, "the token service refused the request",
		"Check client_id, client_secret, refresh_token and scopes.",
		"client_id client_secret refresh_token scopes", "RFC 6749 §5.2",
	},
	{
		ReasonTokenUnreachable, FaultNetwork, "the token service cannot be reached",
		"Check token_url and the network on the way there.",
		"token_url", "RFC 6749 §3.2",
	},
	{
		ReasonProxyRefused, FaultConfig, "the proxy refused the connection",
		"Check proxy_url and the rules of the proxy.",
		"proxy_url", "RFC 1928 §6",
	},
	{
		ReasonOpenRelay, FaultNone, "the relay accepted a recipient that it must refuse",
		"Restrict relaying at once: anybody may be able to send through the relay.",
		"expect", "RFC 5321 §7.8",
	},
	{
		ReasonExpectationMissed, FaultNone, "the failure that expect names did not happen",
		"Check the relay's policy, or change expect.",
		"expect", "",
	},
	{
		ReasonStartTLSWithdrawn, FaultNone, "the relay no longer offers STARTTLS",
		"Look for an attacker or a firewall that removes STARTTLS, and check the relay's TLS.",
		"starttls", "RFC 7435 §3",
	},
}

// Reasons lists the reasons: of replies first, then of connections, of the
// conversation, and of this machine.
func Reasons() []Reason {
	all := make([]Reason, 0, len(reasons))
	for i := range reasons {
		all = append(all, reasons[i].reason)
	}
	return all
}

// ParseReason returns the reason of that name.
func ParseReason(name string) (Reason, error) {
	if row := Reason(name).row(); row != nil {
		return row.reason, nil
	}
	return "", fmt.Errorf("unknown reason %q", name)
}

// Meaning describes in a few words what happened; empty for no reason.
func (r Reason) Meaning() string { return r.rowOrNone().meaning }

// Advice returns the likely cause and what to do, in one line; empty for no
// reason. An error may know better, see [Error.Advice].
func (r Reason) Advice() string { return r.rowOrNone().advice }

// Settings lists the settings of a probe to look at.
func (r Reason) Settings() []string { return strings.Fields(r.rowOrNone().settings) }

// Section is the section of the RFC that defines it, such as "RFC 4954 §6";
// empty if none does.
func (r Reason) Section() string { return r.rowOrNone().section }

// Fault reports who usually has to act, FaultNone if class and reply code decide.
func (r Reason) Fault() Fault { return r.rowOrNone().fault }

func (r Reason) rowOrNone() reasonRow {
	if row := r.row(); row != nil {
		return *row
	}
	return reasonRow{}
}

func (r Reason) row() *reasonRow {
	i := slices.IndexFunc(reasons[:], func(row reasonRow) bool { return row.reason == r })
	if i < 0 {
		return nil
	}
	return &reasons[i]
}
