package smtperr

import (
	"context"
	"io"
	"net"
	"net/textproto"
	"os"
	"reflect"
	"strings"
	"syscall"
)

// facts is the information in a chain of errors. If several errors of the chain
// have the same kind of information, that of the outer one counts.
type facts struct {
	classified *Error // an error of the chain that is an *Error already

	operation string // of the outermost net.OpError: dial, read, write, ...
	canceled  bool
	config    Reason // the reason of an invalid configuration
	dns       *net.DNSError
	errno     syscall.Errno
	denied    bool // os.ErrPermission
	missing   bool // os.ErrNotExist
	timedOut  bool
	ended     bool // io.EOF or the like
	tls       tlsFacts

	command   Phase // the phase of the failed command, if a client's error names it
	reply     *foreignReply
	malformed bool    // a reply is malformed
	known     meaning // of an error that is recognized by its text

	visited int
}

// maxErrors limits how many errors of a chain are visited.
const maxErrors = 100

func collect(err error) *facts {
	f := new(facts)
	f.visit(err)
	return f
}

// visit collects the facts of err and of the errors that it wraps.
func (f *facts) visit(err error) {
	if isNil(err) || f.classified != nil || f.visited >= maxErrors {
		return
	}
	f.visited++
	if e, ok := err.(*Error); ok { //nolint:errorlint // the chain is walked here
		f.classified = e
		return
	}
	if f.sentinel(err) || f.network(err) {
		return
	}
	if ok, inner := f.tls.collect(err); ok {
		f.visit(inner)
		return
	}
	f.other(err)
}

// sentinel collects err if it is a sentinel error.
func (f *facts) sentinel(err error) bool {
	switch err { //nolint:errorlint // the chain is walked here
	case io.EOF, io.ErrUnexpectedEOF, io.ErrClosedPipe:
		f.ended = true
	case os.ErrDeadlineExceeded, context.DeadlineExceeded:
		f.timedOut = true
	case context.Canceled, net.ErrClosed, os.ErrClosed:
		f.canceled = true
	case os.ErrPermission:
		f.denied = true
	case os.ErrNotExist:
		f.missing = true
	default:
		return false
	}
	return true
}

// network collects err if it has a type of package net, net/textproto, os or
// syscall.
func (f *facts) network(err error) bool {
	switch e := err.(type) { //nolint:errorlint // the chain is walked here
	case *net.OpError:
		if f.operation == "" {
			f.operation = e.Op
		}
		f.tls.collectAlert(e)
		f.visit(e.Err)
	case *os.SyscallError:
		f.visit(e.Err)
	case syscall.Errno:
		if f.errno == 0 {
			f.errno = e
		}
	case *net.DNSError:
		if f.dns == nil {
			f.dns = e
		}
		f.visit(e.UnwrapErr)
	case *net.AddrError:
		// Only the text distinguishes an invalid port from an invalid address.
		if strings.Contains(e.Err, "port") {
			f.misconfigured(ReasonInvalidPort)
		} else {
			f.misconfigured(ReasonInvalidAddress)
		}
	case *net.ParseError, net.UnknownNetworkError, net.InvalidAddrError:
		f.misconfigured(ReasonInvalidAddress)
	case *textproto.Error:
		if f.reply == nil {
			f.reply = &foreignReply{code: e.Code, lines: strings.Split(e.Msg, "\n")}
		}
	case textproto.ProtocolError:
		f.malformed = true
	default:
		return false
	}
	return true
}

func (f *facts) misconfigured(reason Reason) {
	if f.config == "" {
		f.config = reason
	}
}

// other collects err if its type is unknown: by its methods, its fields, the errors
// that it wraps, and otherwise by its text.
func (f *facts) other(err error) {
	if x, ok := err.(interface{ Is(target error) bool }); ok {
		f.canceled = f.canceled || x.Is(context.Canceled)
		f.timedOut = f.timedOut || x.Is(context.DeadlineExceeded)
	}
	if x, ok := err.(interface{ Timeout() bool }); ok {
		f.timedOut = f.timedOut || x.Timeout()
	}
	f.client(err)
	switch x := err.(type) { //nolint:errorlint // the chain is walked here
	case interface{ Unwrap() error }:
		f.visit(x.Unwrap())
	case interface{ Unwrap() []error }:
		for _, inner := range x.Unwrap() {
			f.visit(inner)
		}
	default:
		f.text(err)
	}
}

// text collects an error by its text.
func (f *facts) text(err error) {
	text := textOf(err)
	if f.tls.collectText(err, text) {
		return
	}
	if f.known.class == ClassNone {
		f.known = knownText(err, text)
	}
}

// isNil reports whether err is nil or holds a nil pointer, map, slice, function or
// channel, whose methods may panic.
func isNil(err error) bool {
	if err == nil {
		return true
	}
	switch v := reflect.ValueOf(err); v.Kind() {
	case reflect.Pointer, reflect.Map, reflect.Slice, reflect.Func, reflect.Chan:
		return v.IsNil()
	}
	return false
}
