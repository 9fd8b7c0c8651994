package smtperr

// Advice is the likely cause and what to do, in one line: the reason's where
// it knows more than the class.
func (e *Error) Advice() string {
	if advice, ok := byClassAndReason[meaning{e.Class, e.Reason}]; ok {
		return advice
	}
	advice := e.Reason.Advice()
	switch {
	case e.Reply != nil && e.Reason == ReasonExpired:
		return "The message was under way for too long: look at the queue that it lay in."
	case e.Reply != nil && e.Reason == ReasonProtocolVersion:
		return "The relay speaks another version of the protocol: look at the transcript."
	case advice == "", e.Reason == ReasonRefused:
		return e.Class.row().advice
	}
	return advice
}

// byClassAndReason is the advice for reasons that mean something else in one
// class than in the others.
var byClassAndReason = map[meaning]string{
	{ClassConnectError, ReasonRefused}:         "Nothing listens there, or a firewall says so: check that the relay runs, and the port.",
	{ClassConnectError, ReasonNotFound}:        "There is no such unix socket: check its path, and that the relay runs.",
	{ClassConnectError, ReasonReset}:           "The connection was reset at once: look for a firewall, or a proxy whose relay is down.",
	{ClassConnectError, ReasonClosed}:          "The connection was closed at once: look for a proxy whose relay is down.",
	{ClassTLSError, ReasonClosed}:              "The relay closed the connection in the handshake: check its certificate, key and log.",
	{ClassTLSError, ReasonReset}:               "The connection was reset in the handshake: check the relay's TLS and firewalls between; try GODEBUG=tlsmlkem=0.",
	{ClassNotSupported, ReasonMessageTooLarge}: "The relay's SIZE is smaller than the message: lower message_size or raise the limit.",
	{ClassDNSNotFound, ReasonNullMX}:           "The domain says that it takes no mail (RFC 7505): check the domain in the configuration.",
}
