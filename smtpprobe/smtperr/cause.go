package smtperr

import (
	"context"
	"errors"
	"io"
	"net"
	"net/textproto"
	"os"
	"strings"
	"syscall"
)

// Classify is Wrap for callers that want the struct; nil for nil. An empty
// phase is derived from the error where it can be (foreign errors).
//
// Several things may be true of one cause: a DNS timeout is a deadline, too.
// They are asked in this order: our own cancellation, our own mistakes, DNS,
// TLS, timeouts, lost connections, malformed replies.
func Classify(phase Phase, err error) *Error {
	if err == nil {
		return nil
	}
	if e, ok := Of(err); ok {
		return e
	}
	for _, ask := range questions {
		if e := ask(phase, err); e != nil {
			return e
		}
	}
	return New(Unknown, "", phase, err)
}

// questions are in the order of precedence. Each answers nil if it does not
// apply.
var questions = [...]func(Phase, error) *Error{
	canceled,
	dnsFailure,
	addressFailure,
	localFailure,
	tlsFailure,
	timedOut,
	socketFailure,
	streamEnd,
	replyFailure,
}

func canceled(phase Phase, err error) *Error {
	if errors.Is(err, context.Canceled) || errors.Is(err, net.ErrClosed) || errors.Is(err, os.ErrClosed) {
		return New(Canceled, "", phase, err)
	}
	return nil
}

func dnsFailure(phase Phase, err error) *Error {
	var dns *net.DNSError
	if !errors.As(err, &dns) {
		return nil
	}
	// A resolver is reached over sockets, too: when those cannot be had, that is ours.
	if errno, ok := errnoOf(err); ok {
		if row, known := errnoMeaning(errno); known && row.class == LocalError {
			return New(LocalError, row.reason, phase, err)
		}
	}
	switch {
	case strings.HasPrefix(dns.Err, "unknown port"):
		return New(ConfigError, ReasonInvalidPort, phase, err)
	case dns.IsTimeout:
		return New(DNSTimeout, "", phase, err)
	case dns.IsNotFound:
		return New(DNSNotFound, ReasonNotFound, phase, err)
	}
	return New(DNSError, ReasonServerFailure, phase, err)
}

func addressFailure(phase Phase, err error) *Error {
	var (
		addr    *net.AddrError
		parse   *net.ParseError
		network net.UnknownNetworkError
		invalid net.InvalidAddrError
	)
	if !errors.As(err, &addr) && !errors.As(err, &parse) && !errors.As(err, &network) && !errors.As(err, &invalid) {
		return nil
	}
	reason := ReasonInvalidAddress
	if addr != nil && strings.Contains(addr.Err, "port") {
		reason = ReasonInvalidPort
	}
	return New(ConfigError, reason, phase, err)
}

func localFailure(phase Phase, err error) *Error {
	if errno, ok := errnoOf(err); ok {
		if row, known := errnoMeaning(errno); known && row.class == LocalError {
			return New(LocalError, row.reason, phase, err)
		}
		return nil
	}
	if errors.Is(err, os.ErrPermission) {
		return New(LocalError, ReasonPermission, phase, err)
	}
	return nil
}

// timedOut names the timeout by what was waited for. In the phases of a
// conversation that is a reply, unless the failed operation was a write.
func timedOut(phase Phase, err error) *Error {
	var t interface{ Timeout() bool }
	late := errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, context.DeadlineExceeded) ||
		errors.As(err, &t) && t.Timeout()
	if errno, ok := errnoOf(err); ok && !late {
		row, _ := errnoMeaning(errno)
		late = row.class == ConnectTimeout
	}
	if !late {
		return nil
	}
	op := operation(err)
	switch {
	case phase == PhaseDNS:
		return New(DNSTimeout, "", phase, err)
	case phase == PhaseConnect, phase == "" && op == "dial":
		return New(ConnectTimeout, "", phase, err)
	case phase == PhaseTLS:
		return New(TLSTimeout, "", phase, err)
	case phase == PhaseBody, op == "write":
		return New(WriteTimeout, "", phase, err)
	case phase == PhaseGreeting:
		return New(ReadTimeout, ReasonNoGreeting, phase, err)
	}
	return New(ReadTimeout, ReasonNoReply, phase, err)
}

// socketFailure is what the operating system said. The same number means
// something else while dialing, and in a handshake.
func socketFailure(phase Phase, err error) *Error {
	errno, ok := errnoOf(err)
	if !ok {
		return nil
	}
	row, known := errnoMeaning(errno)
	if !known {
		return nil
	}
	dialing := phase == PhaseConnect || phase == "" && operation(err) == "dial"
	switch {
	case dialing && row.class == Disconnected:
		row.class = ConnectError
	case phase == PhaseTLS && row.class == Disconnected:
		row.class = TLSError
	case !dialing && row.class == ConnectError:
		// Routing that breaks, or a refusal that is noticed late, ends a connection.
		row.class = Disconnected
	}
	return New(row.class, row.reason, phase, err)
}

// streamEnd is the end of the stream where more was due.
func streamEnd(phase Phase, err error) *Error {
	if !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.ErrClosedPipe) {
		return nil
	}
	switch phase {
	case PhaseTLS:
		return New(TLSError, ReasonClosed, phase, err)
	case PhaseConnect:
		return New(ConnectError, ReasonClosed, phase, err)
	}
	return New(Disconnected, ReasonClosed, phase, err)
}

// replyFailure is what Go's and others' clients say of a reply: one that
// refuses, or one that is none.
func replyFailure(phase Phase, err error) *Error {
	if e := foreign(phase, err); e != nil {
		return e
	}
	var malformed textproto.ProtocolError
	if errors.As(err, &malformed) {
		return New(ProtocolError, ReasonBadCode, phase, err)
	}
	return nil
}

func errnoOf(err error) (syscall.Errno, bool) {
	var errno syscall.Errno
	ok := errors.As(err, &errno)
	return errno, ok
}

// operation is net.OpError's: dial, read, write.
func operation(err error) string {
	var op *net.OpError
	if errors.As(err, &op) {
		return op.Op
	}
	return ""
}
