package smtperr

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/textproto"
	"os"
	"reflect"
	"strings"
	"syscall"
)

// maxCauses bounds the walk through chains that others have made.
const maxCauses = 100

// findings are the facts that one walk through a chain of causes collects; of
// two of a kind the outer, first one counts. What they mean together is
// Classify's to say.
type findings struct {
	verdict *Error // the chain was classified before

	operation string // net.OpError's: dial, read, write, ...
	canceled  bool
	config    Reason // our own mistake
	dns       *net.DNSError
	errno     syscall.Errno
	denied    bool // a permission
	missing   bool // a file, a unix socket
	late      bool
	ended     bool // the end of the stream

	unverified *tls.CertificateVerificationError
	checks     []error // of a certificate, that fail
	record     *tls.RecordHeaderError
	alert      tls.AlertError
	alerted    bool
	tls        string // the text of an error of crypto/tls that has no type

	reply     *foreignReply
	malformed bool    // no reply at all
	said      meaning // by a text that is known

	nodes int
}

// walk visits an error and its causes, the outer ones first.
func (f *findings) walk(err error) {
	if err == nil || f.nodes >= maxCauses || f.verdict != nil {
		return
	}
	f.nodes++
	if f.sentinel(err) {
		return
	}
	switch e := err.(type) { //nolint:errorlint // this is the walk through the chain
	case *Error:
		f.verdict = e
	case *net.OpError:
		if e != nil {
			f.operated(e)
		}
	case *os.SyscallError:
		if e != nil {
			f.walk(e.Err)
		}
	case syscall.Errno:
		if f.errno == 0 {
			f.errno = e
		}
	case *net.DNSError:
		if e != nil {
			if f.dns == nil {
				f.dns = e
			}
			f.walk(e.UnwrapErr)
		}
	case *net.AddrError, *net.ParseError, net.UnknownNetworkError, net.InvalidAddrError:
		f.misaddressed(err)
	case *textproto.Error:
		if e != nil && f.reply == nil {
			f.reply = &foreignReply{code: e.Code, text: e.Msg}
		}
	case textproto.ProtocolError:
		f.malformed = true
	default:
		f.visit(err)
	}
}

// sentinel knows the errors that are values.
func (f *findings) sentinel(err error) bool {
	switch err { //nolint:errorlint // this is the walk through the chain
	case io.EOF, io.ErrUnexpectedEOF, io.ErrClosedPipe:
		f.ended = true
	case os.ErrDeadlineExceeded, context.DeadlineExceeded:
		f.late = true
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

func (f *findings) operated(e *net.OpError) {
	if f.operation == "" {
		f.operation = e.Op
	}
	if e.Op == "remote error" && e.Err != nil && !f.alerted {
		f.alert, f.alerted = alertOf(e.Err)
	}
	f.walk(e.Err)
}

// visit is for errors of all other types: what they say of themselves, their
// shape, and what they wrap.
func (f *findings) visit(err error) {
	if isNil(err) {
		return
	}
	if f.aboutTLS(err) {
		return
	}
	if x, ok := err.(interface{ Is(target error) bool }); ok {
		f.canceled = f.canceled || x.Is(context.Canceled)
		f.late = f.late || x.Is(context.DeadlineExceeded)
	}
	if x, ok := err.(interface{ Timeout() bool }); ok {
		f.late = f.late || x.Timeout()
	}
	if f.reply == nil {
		f.reply = shapeOf(err)
	}
	switch x := err.(type) { //nolint:errorlint // as above
	case interface{ Unwrap() error }:
		f.walk(x.Unwrap())
	case interface{ Unwrap() []error }:
		for _, inner := range x.Unwrap() {
			f.walk(inner)
		}
	default:
		f.wording(err)
	}
}

func isNil(err error) bool {
	switch v := reflect.ValueOf(err); v.Kind() {
	case reflect.Pointer, reflect.Map, reflect.Slice, reflect.Func, reflect.Chan:
		return v.IsNil()
	}
	return false
}

// wording knows errors that have no type of their own by their text.
func (f *findings) wording(err error) {
	text := textOf(err)
	if _, ok := err.(sender); ok {
		text = sendReason(err)
	}
	switch {
	case strings.HasPrefix(text, "x509: "), strings.HasPrefix(text, "tls: failed to verify certificate"):
		f.checks = append(f.checks, err)
	case strings.HasPrefix(text, "tls: "):
		if f.tls == "" {
			f.tls = text
		}
	case f.said.class == ClassNone:
		f.said = sayings[text]
	}
}

func (f *findings) misaddressed(err error) {
	reason := ReasonInvalidAddress
	switch e := err.(type) { //nolint:errorlint // as above
	case *net.AddrError:
		if e == nil {
			return
		}
		reason = addressReason(e.Err)
	case *net.ParseError:
		if e == nil {
			return
		}
	}
	if f.config == "" {
		f.config = reason
	}
}
