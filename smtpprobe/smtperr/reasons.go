package smtperr

import (
	"fmt"
	"slices"
)

// reasonRow is one reason's row of the taxonomy.
type reasonRow struct {
	reason Reason
	advice string // the likely cause, and what to do
}

var reasons = [...]reasonRow{
	{ReasonMailboxUnknown, "No such mailbox: check the recipient's address."},
	{ReasonRecipientDomainUnknown, "The relay knows no such domain: check what is after the @, and the relay's routes."},
	{ReasonRecipientSyntax, "The relay cannot read the recipient's address: check how it is written."},
	{ReasonMailboxAmbiguous, "The address stands for several mailboxes: give the full one."},
	{ReasonMailboxMoved, "The mailbox has moved: use the address that the reply names."},
	{ReasonSenderSyntax, "The relay cannot read the sender's address: check from."},
	{ReasonSenderDomainInvalid, "The sender's domain does not resolve for the relay: check from and the domain's MX and A records."},
	{ReasonNullMX, "The domain says that it takes no mail (RFC 7505): choose another recipient."},
	{ReasonMailboxDisabled, "The mailbox is switched off: choose another recipient or have it enabled."},
	{ReasonMailboxFull, "The mailbox is full: empty it or raise its quota."},
	{ReasonMessageTooLarge, "Lower message_size or raise the relay's limit."},
	{ReasonListExpansion, "The list behind the address cannot be expanded: ask its owner."},
	{ReasonSystemFull, "The relay's disk or queue is full: free space there."},
	{ReasonNotAccepting, "The relay takes no mail for now: look whether it is in maintenance."},
	{ReasonFeatureUnsupported, "The relay lacks something that the message needs: compare with its EHLO."},
	{ReasonRelayMisconfigured, "The relay's own configuration is at fault: look in its log."},
	{ReasonSystemError, "The relay had a fault of its own: look in its log, first for disk space, milters and lookup tables."},
	{ReasonMailboxUnavailable, "The mailbox is unknown, or policy hides it: check the address, and whether the relay serves this domain for us."},
	{ReasonMailboxUnavailableTemp, "The mailbox is busy or the relay puts off strangers: try later, look in its log."},
	{ReasonNextHopUnreachable, "The relay does not reach the host behind it: check that host and the route to it."},
	{ReasonConnectionDropped, "The relay closes the session, often because it is idle for long or shuts down: look in its log."},
	{ReasonDNSMisconfig, "The relay's lookups fail: check its resolver."},
	{ReasonUnroutable, "The relay finds no route for the domain: check its transports and the domain's MX records."},
	{ReasonCongested, "The relay is overloaded: look at its queue and its load."},
	{ReasonMailLoop, "The message goes in circles: check the relay's routes and the MX records."},
	{ReasonExpired, "The certificate, or the message's time in the queue, has expired: renew the certificate on the relay and reload it."},
	{ReasonNoValidRecipients, "No recipient was accepted: look at the replies to RCPT."},
	{ReasonBadSequence, "The relay misses a command before this one: look at the transcript; a proxy may have swallowed it."},
	{ReasonSyntax, "The relay does not know the command: look at the transcript; an inspecting firewall may have changed it."},
	{ReasonTooManyRecipients, "Name fewer recipients, or raise the relay's limit."},
	{ReasonInvalidArguments, "The relay does not take a parameter of the command: look at the transcript."},
	{ReasonProtocolVersion, "The two have no version of TLS in common: compare tls_min_version with what the relay has."},
	{ReasonAuthLineTooLong, "The AUTH line is too long for the relay: choose another auth_mechanism or a shorter token."},
	{ReasonSMTPUTF8Required, "The addresses need SMTPUTF8, which the next hop lacks: use ASCII addresses."},
	{ReasonContent, "The relay does not take this content: check subject, headers and body of the test message."},
	{ReasonNotAuthorized, "Policy forbids it to this client: allow its address or name on the relay, or log in."},
	{ReasonPolicy, "A policy of the relay forbids it: its log names the rule."},
	{ReasonPolicyTemporary, "A policy of the relay puts it off: its log names the rule."},
	{ReasonListProhibited, "The sender may not post to the list: choose another recipient."},
	{ReasonAuthMechanismUnsupported, "The relay does not do this mechanism: leave auth_mechanism empty to take one that it offers."},
	{ReasonCrypto, "The relay could not handle the message's encryption or signature."},
	{ReasonIntegrity, "The message was changed on its way: look at what is between."},
	{ReasonAuthCredentialsInvalid, "Wrong user name or password, or a provider that wants an app password or a token: check them by hand once."},
	{ReasonAuthMechanismWeak, "The relay wants a stronger mechanism than was used: set another auth_mechanism."},
	{ReasonTLSRequired, "The relay wants TLS first: set starttls = \"required\", or use submission:// or smtps://."},
	{ReasonRequireTLS, "The message demands TLS all the way, and the relay cannot promise it."},
	{ReasonPasswordTransition, "The account must log in by PLAIN once, over TLS, to be converted."},
	{ReasonAccountDisabled, "The account is locked or disabled: have it enabled, and lower the interval if the probe locked it."},
	{ReasonTrustRequired, "The relay trusts neither this client nor its login; Gmail says so when a web login or an app password is needed."},
	{ReasonPriority, "The relay does not take messages of this priority."},
	{ReasonRRVS, "The mailbox changed its owner since the message was meant for it."},
	{ReasonDKIM, "The DKIM signature is missing or does not pass: send through the host that signs."},
	{ReasonSPF, "SPF does not let this address send for the domain: add it to the record or change from."},
	{ReasonRDNS, "This address has no fitting reverse name: set its PTR record, and the name's address back."},
	{ReasonAuthChecksFailed, "SPF and DKIM, thus DMARC, do not pass for the domain of from."},
	{ReasonSenderNullMX, "The sender's domain takes no mail (RFC 7505), so the relay takes none from it: change from."},
	{ReasonRateLimited, "The probe asks too often: raise the interval or send_interval, or exempt its address on the relay."},
	{ReasonARC, "The ARC seals of the message do not pass."},
	{ReasonAuthTemporary, "The relay cannot check passwords for now: look at its SASL, LDAP or database."},
	{ReasonAuthRequired, "The relay wants a login: set username and password."},
	{ReasonTLSUnavailable, "The relay's TLS is broken: check its certificate, key and log."},
	{ReasonAccessDenied, "The relay does not talk to this address: check its access rules and block lists for it."},
	{ReasonHostNoMail, "This host takes no mail at all: use another relay."},
	{ReasonAddressNotAllowed, "The relay does not allow this address: check its spelling, and whom the login may send as."},
	{ReasonParameters, "The relay does not take a parameter that it offered: look at the transcript."},
	{ReasonContentRejected, "A content filter refused the message: look in the relay's log for the rule."},
	{ReasonRefused, "Refused without a reason that is known: read the reply, then the relay's log."},
	{ReasonRelayDenied, "The relay does not relay for this client: allow its address on the relay, or log in."},
	{ReasonGreylisted, "Greylisting puts off strangers: exempt this address, or expect recipients_refused/greylisted."},
	{ReasonHostUnreachable, "No route to the host, or a firewall says so: check that it is up and the routes."},
	{ReasonNetworkUnreachable, "No route to the network: check this machine's routes; for an IPv6 address, whether it has IPv6 (ip_version)."},
	{ReasonReset, "The other side, or a firewall between, reset the connection: look in its log."},
	{ReasonClosed, "The other side closed the connection without a word: look in its log."},
	{ReasonTruncatedReply, "The connection ended in the middle of a reply: the relay's process may have crashed."},
	{ReasonNoGreeting, "The relay accepts but does not greet: a TLS port (use smtps://), a delay on purpose, or too much load."},
	{ReasonSlowReply, "The reply trickles in: a tarpit or an overloaded relay."},
	{ReasonNoReply, "The relay fell silent: look for slow lookups, milters and filters behind it."},
	{ReasonNotFound, "Check the name, or the path of the unix socket."},
	{ReasonServerFailure, "The name server failed (SERVFAIL, REFUSED): check this machine's resolver and the domain's servers."},
	{ReasonNotYetValid, "The certificate begins in the future: compare the clocks."},
	{ReasonHostMismatch, "The certificate is for other names: set tls_server_name, or reissue it for this one."},
	{ReasonUnknownAuthority, "Nobody trusted signed the certificate: set tls_ca, or have the relay send its intermediate certificates."},
	{ReasonSelfSigned, "The relay's certificate is signed by itself: give it as tls_ca, or get one from an authority."},
	{ReasonPlaintextSMTP, "The port speaks plain SMTP: use smtp:// or submission:// with STARTTLS."},
	{ReasonTLSOnPlaintextPort, "The port speaks TLS from the start: use smtps://."},
	{ReasonHandshakeFailure, "No common TLS version or cipher: compare them; for a server with RSA key exchange only, set tls_cipher_suites."},
	{ReasonClientCertRequired, "The relay requires a client certificate that it trusts: set tls_cert and tls_key."},
	{ReasonTLSAlert, "The relay ended TLS with the alert in the error: look in its log; check tls_server_name."},
	{ReasonRecordBroken, "The encrypted stream is damaged: look for a middlebox or faulty network hardware between."},
	{ReasonCertNoNames, "The certificate has no subject alternative names: reissue it with the host name as a DNS name."},
	{ReasonCertUsage, "The certificate is not for servers: reissue it with the extended key usage serverAuth."},
	{ReasonCertConstraints, "A CA of the chain may not issue this certificate: check its name constraints, path length and CA flag."},
	{ReasonCertSignature, "A signature of the chain is too weak (SHA-1, MD5, short RSA key) or unknown: reissue that certificate."},
	{ReasonChainExpired, "Another certificate of the chain has expired: replace the one named in the error, on the relay or in tls_ca."},
	{ReasonNoRoots, "This machine has no CA certificates: install the package ca-certificates, or set tls_ca."},
	{ReasonNotLMTP, "This port speaks SMTP: use smtp://."},
	{ReasonNotSMTPLMTP, "This port speaks LMTP: use lmtp://."},
	{ReasonProberStalled, "This machine was too slow to meet the deadline: check its load, CPU limits and suspends."},
	{ReasonAddressNotPublic, "The name leads to an address that is not public: check its records, or set allow_private_mx."},
	{ReasonNotSMTPHTTP, "A web server answers: check the port."},
	{ReasonNotSMTPSSH, "An SSH server answers: check the port."},
	{ReasonNotSMTP, "Something else than SMTP answers: check host and port."},
	{ReasonBadCode, "The reply has no proper code: check what answers at this port; look at the transcript."},
	{ReasonCodeMismatch, "One reply has several codes: a proxy may mix two up; look at the transcript."},
	{ReasonUnexpectedCode, "The reply belongs to another command: the two are out of step; look at the transcript."},
	{ReasonLineTooLong, "A reply line exceeds 8192 octets: check what answers at this port."},
	{ReasonReplyTooLong, "A reply without end: check what answers at this port."},
	{ReasonUnsolicited, "The relay spoke out of turn: look at the transcript."},
	{ReasonStartTLSInjection, "Plaintext followed the reply to STARTTLS: an attack or a very broken relay (CVE-2011-0411)."},
	{ReasonBadChallenge, "The relay's AUTH challenge is no base64 or not of the mechanism: try another auth_mechanism."},
	{ReasonChallengeLoop, "AUTH does not come to an end: try another auth_mechanism."},
	{ReasonServerUnverified, "The relay did not prove that it knows the password (SCRAM): somebody may sit between."},
	{ReasonStartTLSNotOffered, "The relay offers no STARTTLS: mend its TLS, or look for a firewall that strips it."},
	{ReasonAuthNotOffered, "The relay offers no AUTH: many do only after TLS, or on port 587."},
	{ReasonAuthNoMechanism, "No mechanism in common: compare auth_mechanism with those offered."},
	{ReasonCleartextAuthForbidden, "No AUTH without verified TLS: use starttls = \"required\", or set auth_cleartext."},
	{ReasonSMTPUTF8NotOffered, "The relay does not take international addresses: use ASCII ones."},
	{ReasonESMTPUnavailable, "The relay knows no EHLO, thus neither TLS nor AUTH: a firewall may inspect SMTP."},
	{ReasonTooManyOpenFiles, "Raise this process's limit of open files, or lower max_concurrent."},
	{ReasonNoSourceAddress, "Check source_address, the address families of this machine, and its free ports."},
	{ReasonPermission, "This process may not: check the local firewall, SELinux, and the unix socket's mode."},
	{ReasonInvalidAddress, "Check how the address is written."},
	{ReasonInvalidPort, "Give a port between 1 and 65535."},
	{ReasonTokenRefused, "The token service refused: check client_id, client_secret, refresh_token and scopes."},
	{ReasonTokenUnreachable, "The token service does not answer: check token_url and the way there."},
	{ReasonProxyRefused, "The proxy does not connect to the relay: check proxy_url and the proxy's rules."},
	{ReasonOpenRelay, "The relay accepted a recipient that it must refuse: restrict relaying at once."},
	{ReasonExpectationMissed, "The failure that expect names did not happen: check the relay's policy, or expect."},
	{ReasonStartTLSWithdrawn, "The relay offered STARTTLS before and no longer does: somebody may strip it."},
}

// Reasons lists the reasons.
func Reasons() []Reason {
	all := make([]Reason, 0, len(reasons))
	for i := range reasons {
		all = append(all, reasons[i].reason)
	}
	return all
}

// ParseReason finds a reason by its name.
func ParseReason(name string) (Reason, error) {
	if row := Reason(name).row(); row != nil {
		return row.reason, nil
	}
	return "", fmt.Errorf("unknown reason %q", name)
}

// Advice is the likely cause and what to do, in one line; empty for no reason.
func (r Reason) Advice() string {
	if row := r.row(); row != nil {
		return row.advice
	}
	return ""
}

func (r Reason) row() *reasonRow {
	i := slices.IndexFunc(reasons[:], func(row reasonRow) bool { return row.reason == r })
	if i < 0 {
		return nil
	}
	return &reasons[i]
}
