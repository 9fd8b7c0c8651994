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

// facts is what the errors of a chain report. Of two errors of one kind the
// outer one counts. What the facts mean together is decided in meaning.
type facts struct {
	classified *Error // the chain has been classified before

	operation string // of the outermost net.OpError: dial, read, write, ...
	canceled  bool
	config    Reason // of a mistake of the caller
	dns       *net.DNSError
	errno     syscall.Errno
	denied    bool // by a permission
	missing   bool // a file or unix socket
	timedOut  bool
	ended     bool // the stream
	tls       tlsFacts

	command   Phase // of the command that failed, if a client's error has it
	reply     *foreignReply
	malformed bool    // a reply
	known     meaning // of an error that is known by its text

	visited int
}

// maxErrors limits how many errors of a chain are visited.
const maxErrors = 100

func collect(err error) *facts {
	f := new(facts)
	f.visit(err)
	return f
}

// visit collects the facts of an error and of those it wraps, outer ones first.
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

// sentinel collects errors that are values.
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

// network collects the types of packages net, net/textproto, os and syscall.
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
		// The text alone distinguishes a wrong port from a wrong address.
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

// other collects what an error of an unknown type reports by its methods, its
// shape, the errors that it wraps, and its text if it wraps none.
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

// text collects errors that have nothing but a text.
func (f *facts) text(err error) {
	text := textOf(err)
	if f.tls.collectText(err, text) {
		return
	}
	if f.known.class == ClassNone {
		f.known = knownText(err, text)
	}
}

// isNil reports whether err is nil or a nil of a pointer or similar type, whose
// methods may panic.
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
