package smtperr

import "strings"

// unresolved is what the resolver said.
func (f *findings) unresolved() meaning {
	switch {
	case f.dns.IsTimeout:
		return meaning{ClassDNSTimeout, ""}
	case f.dns.IsNotFound:
		return meaning{ClassDNSNotFound, ReasonNotFound}
	case f.late: // a deadline that the resolver wraps without saying so itself
		return meaning{ClassDNSTimeout, ""}
	}
	return meaning{ClassDNSError, ReasonServerFailure}
}

// unknownPort: a service name that is none comes as a DNS error, and as one
// of a name that was not found.
func (f *findings) unknownPort() bool {
	return f.dns != nil && strings.HasPrefix(f.dns.Err, "unknown port")
}

// addressReason reads net.AddrError's text, which has no other distinction.
func addressReason(text string) Reason {
	if strings.Contains(text, "port") {
		return ReasonInvalidPort
	}
	return ReasonInvalidAddress
}
