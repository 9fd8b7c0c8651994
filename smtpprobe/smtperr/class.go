package smtperr

import "fmt"

// Class is the kind of a failure. Its number is the metric field result_code and
// its name the tag error_class; both are stable, and new classes come last.
type Class uint8

// The classes; Meaning describes each.
const (
	ClassNone Class = iota
	ClassConfigError
	ClassLocalError
	ClassCanceled
	ClassDNSNotFound
	ClassDNSTimeout
	ClassDNSError
	ClassConnectError
	ClassConnectTimeout
	ClassTLSVerifyError
	ClassTLSError
	ClassTLSTimeout
	ClassStartTLSRefused
	ClassNotSupported
	ClassGreetingRefused
	ClassHeloRefused
	ClassAuthFailed
	ClassSenderRefused
	ClassRecipientRefused
	ClassRecipientsRefused
	ClassDataRefused
	ClassServiceUnavailable
	ClassDisconnected
	ClassReadTimeout
	ClassWriteTimeout
	ClassProtocolError
	ClassResponseError
	ClassUnexpectedSuccess
	ClassUnknown
)

// Classes lists the classes in the order of their numbers, ClassNone first.
func Classes() []Class {
	all := make([]Class, len(classes))
	for i := range all {
		all[i] = Class(i)
	}
	return all
}

// ParseClass returns the class of that name.
func ParseClass(name string) (Class, error) {
	for c := range classes {
		if classes[c].name == name {
			return Class(c), nil
		}
	}
	return ClassNone, fmt.Errorf("unknown error class %q", name)
}

// String returns the name, such as "auth_failed"; "none" for ClassNone.
func (c Class) String() string { return c.row().name }

// Meaning describes in a few words what happened.
func (c Class) Meaning() string { return c.row().meaning }

// MarshalText returns the name.
func (c Class) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// UnmarshalText parses a name.
func (c *Class) UnmarshalText(text []byte) error {
	parsed, err := ParseClass(string(text))
	if err != nil {
		return err
	}
	*c = parsed
	return nil
}

// permanence is whether the same attempt may succeed later.
type permanence uint8

const (
	permanent permanence = iota
	temporary
	byReply // temporary if the reply is a 4xx, else permanent
)

// classRow is what the package knows about one class.
type classRow struct {
	name      string
	meaning   string
	lasts     permanence // unless the reason decides, see Temporary
	retry     Retry      // on the same server
	fault     Fault      // unless the reason decides, see Fault
	advice    string     // unless the reason has better, see Advice
	sentinels []error    // that errors.Is matches, besides those of the phase, see Is
}

func (c Class) row() *classRow {
	if int(c) < len(classes) {
		return &classes[c]
	}
	return &classes[ClassUnknown]
}

var classes = [...]classRow{
	ClassNone: {
		name: "none", meaning: "the probe succeeded",
	},
	ClassConfigError: {
		name: "config_error", meaning: "invalid configuration",
		lasts: permanent, retry: Never, fault: FaultConfig, advice: "Fix the setting named in the error.",
		sentinels: []error{ErrConfig},
	},
	ClassLocalError: {
		name: "local_error", meaning: "a local resource was not available",
		lasts: temporary, retry: Later, fault: FaultProber, advice: "Look at this machine: file descriptors, ports, source address, permissions.",
		sentinels: []error{ErrLocal},
	},
	ClassCanceled: {
		name: "canceled", meaning: "the probe was canceled",
		lasts: temporary, retry: Never, fault: FaultProber, advice: "Nothing, if it was stopped on purpose.",
		sentinels: []error{ErrCanceled},
	},
	ClassDNSNotFound: {
		name: "dns_not_found", meaning: "the name does not exist, has no address or accepts no mail",
		lasts: permanent, retry: Never, fault: FaultConfig, advice: "Check the host name in the configuration and its DNS records.",
		sentinels: []error{ErrDNS},
	},
	ClassDNSTimeout: {
		name: "dns_timeout", meaning: "the resolver did not answer in time",
		lasts: temporary, retry: Now, fault: FaultNetwork, advice: "Check this machine's resolver.",
		sentinels: []error{ErrDNS, ErrTimeout},
	},
	ClassDNSError: {
		name: "dns_error", meaning: "the resolver failed or returned a malformed answer",
		lasts: temporary, retry: Now, fault: FaultNetwork, advice: "Check the resolver and the domain's name servers.",
		sentinels: []error{ErrDNS},
	},
	ClassConnectError: {
		name: "connect_error", meaning: "could not connect",
		lasts: temporary, retry: Now, fault: FaultNetwork, advice: "Check that the relay runs, its port, and the firewalls between.",
		sentinels: []error{ErrConnect},
	},
	ClassConnectTimeout: {
		name: "connect_timeout", meaning: "the connection attempt timed out",
		lasts: temporary, retry: Now, fault: FaultNetwork, advice: "Look for a firewall that drops packets, or a host that is down.",
		sentinels: []error{ErrConnect, ErrTimeout},
	},
	ClassTLSVerifyError: {
		name: "tls_verify_error", meaning: "the relay's certificate could not be verified",
		lasts: permanent, retry: Never, fault: FaultRelay, advice: "Renew or replace the relay's certificate, or add its CA to tls_ca.",
		sentinels: []error{ErrTLS},
	},
	ClassTLSError: {
		name: "tls_error", meaning: "the TLS handshake failed",
		lasts: temporary, retry: Never, fault: FaultRelay, advice: "Check the relay's TLS settings, and whether the port expects TLS from the start.",
		sentinels: []error{ErrTLS},
	},
	ClassTLSTimeout: {
		name: "tls_timeout", meaning: "the TLS handshake timed out",
		lasts: temporary, retry: Now, fault: FaultNetwork, advice: "Check the relay's load, and whether the port expects TLS from the start; if a middlebox drops large handshakes, try GODEBUG=tlsmlkem=0.",
		sentinels: []error{ErrTLS, ErrTimeout},
	},
	ClassStartTLSRefused: {
		name: "starttls_refused", meaning: "STARTTLS was refused",
		lasts: byReply, retry: Later, fault: FaultRelay, advice: "Check the relay's certificate and key, and look in its log.",
		sentinels: []error{ErrStartTLS, ErrRefused},
	},
	ClassNotSupported: {
		name: "not_supported", meaning: "the relay does not offer what the probe needs",
		lasts: permanent, retry: Never, fault: FaultConfig, advice: "Compare the extensions the relay offers with the configuration.",
		sentinels: []error{ErrNotSupported},
	},
	ClassGreetingRefused: {
		name: "greeting_refused", meaning: "the relay refused the session in its greeting",
		lasts: byReply, retry: Later, fault: FaultRelay, advice: "Ask the relay's operator whether this address may connect.",
		sentinels: []error{ErrGreeting, ErrConnect, ErrRefused},
	},
	ClassHeloRefused: {
		name: "helo_refused", meaning: "EHLO or HELO was refused",
		lasts: byReply, retry: Later, fault: FaultConfig, advice: "Set helo to a name that resolves.",
		sentinels: []error{ErrHelo, ErrRefused},
	},
	ClassAuthFailed: {
		name: "auth_failed", meaning: "authentication failed",
		lasts: byReply, retry: Never, fault: FaultCredentials, advice: "Check user name, password or token, and whether the account is locked.",
		sentinels: []error{ErrAuth, ErrRefused},
	},
	ClassSenderRefused: {
		name: "sender_refused", meaning: "MAIL was refused",
		lasts: byReply, retry: Later, fault: FaultMessage, advice: "Check the sender address and what it needs: AUTH, TLS, a domain that resolves.",
		sentinels: []error{ErrSender, ErrRefused},
	},
	ClassRecipientRefused: {
		name: "recipient_refused", meaning: "some of the recipients were refused",
		lasts: byReply, retry: Later, fault: FaultMessage, advice: "Check the refused recipients.",
		sentinels: []error{ErrRecipient, ErrRefused},
	},
	ClassRecipientsRefused: {
		name: "recipients_refused", meaning: "all recipients were refused",
		lasts: byReply, retry: Later, fault: FaultMessage, advice: "Check the recipients, and whether the relay relays for this client.",
		sentinels: []error{ErrRecipients, ErrRecipient, ErrRefused},
	},
	ClassDataRefused: {
		name: "data_refused", meaning: "DATA or the message was refused",
		lasts: byReply, retry: Later, fault: FaultMessage, advice: "Check the relay's content filters and limits.",
		sentinels: []error{ErrData, ErrRefused},
	},
	ClassServiceUnavailable: {
		name: "service_unavailable", meaning: "the relay closed the session with 421",
		lasts: temporary, retry: Later, fault: FaultRelay, advice: "Check the relay's load, and its connection and rate limits.",
		sentinels: []error{ErrUnavailable, ErrRefused},
	},
	ClassDisconnected: {
		name: "disconnected", meaning: "the connection was lost",
		lasts: temporary, retry: Now, fault: FaultRelay, advice: "Look in the relay's log for the reason; a middlebox may close it, too.",
		sentinels: []error{ErrDisconnected},
	},
	ClassReadTimeout: {
		name: "read_timeout", meaning: "a reply did not arrive in time",
		lasts: temporary, retry: Now, fault: FaultRelay, advice: "Check the relay's load, its DNS lookups and filters; a TLS port sends no plaintext greeting.",
		sentinels: []error{ErrTimeout, ErrDisconnected},
	},
	ClassWriteTimeout: {
		name: "write_timeout", meaning: "sending timed out",
		lasts: temporary, retry: Now, fault: FaultNetwork, advice: "Check the path's MTU and the relay's load.",
		sentinels: []error{ErrTimeout, ErrDisconnected},
	},
	ClassProtocolError: {
		name: "protocol_error", meaning: "invalid or unexpected SMTP reply",
		lasts: temporary, retry: Never, fault: FaultRelay, advice: "Check that the port serves SMTP, and the relay's version; look at the transcript.",
		sentinels: []error{ErrProtocol},
	},
	ClassResponseError: {
		name: "response_error", meaning: "RSET, NOOP, VRFY or QUIT was refused",
		lasts: byReply, retry: Later, fault: FaultRelay, advice: "Look at the transcript.",
		sentinels: []error{ErrRefused},
	},
	ClassUnexpectedSuccess: {
		name: "unexpected_success", meaning: "the relay accepted what it is expected to refuse",
		lasts: permanent, retry: Never, fault: FaultRelay, advice: "An open relay: restrict relaying at once.",
		sentinels: []error{ErrUnexpectedSuccess},
	},
	ClassUnknown: {
		name: "unknown", meaning: "an error that the classifier does not know",
		lasts: temporary, retry: Never, fault: FaultProber, advice: "Please report the error text.",
		sentinels: []error{ErrUnknown},
	},
}
