package dial

import (
	"context"
	"errors"
	"io"
	"net"

	"golang.org/x/net/proxy"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// socksDialer has the method of the library's dialer that uses an existing
// connection. Its DialContext returns a wrapped one, which has no SyscallConn.
type socksDialer interface {
	DialWithConn(ctx context.Context, conn net.Conn, network, address string) (net.Addr, error)
}

// socksReplies maps the library's texts for the replies of RFC 1928 §6 that are
// about the relay, not the proxy.
var socksReplies = map[string]struct {
	class  smtperr.Class
	reason smtperr.Reason
}{
	"unknown error network unreachable": {smtperr.ClassConnectError, smtperr.ReasonNetworkUnreachable},
	"unknown error host unreachable":    {smtperr.ClassConnectError, smtperr.ReasonHostUnreachable},
	"unknown error connection refused":  {smtperr.ClassConnectError, smtperr.ReasonRefused},
	"unknown error TTL expired":         {smtperr.ClassConnectError, smtperr.ReasonHostUnreachable},
}

// socksConnect connects through a SOCKS5 proxy (RFC 1928).
func socksConnect(ctx context.Context, p *Proxy, conn net.Conn, address string) error {
	var login *proxy.Auth
	if p.user != "" {
		login = &proxy.Auth{User: p.user, Password: p.password}
	}
	dialer, err := proxy.SOCKS5("tcp", p.address(), login, nil)
	if err != nil {
		return err
	}
	client, ok := dialer.(socksDialer)
	if !ok {
		return errors.ErrUnsupported
	}
	_, err = client.DialWithConn(ctx, conn, "tcp", address)
	return socksError(err)
}

// socksError tells a failed connection to the proxy from a reply of the proxy.
func socksError(err error) error {
	op, ok := errors.AsType[*net.OpError](err)
	if !ok {
		return err
	}
	if _, ioError := errors.AsType[net.Error](op.Err); ioError || errors.Is(op.Err, io.EOF) || errors.Is(op.Err, io.ErrUnexpectedEOF) ||
		errors.Is(op.Err, context.Canceled) || errors.Is(op.Err, context.DeadlineExceeded) {
		return op.Err
	}
	if r, ok := socksReplies[op.Err.Error()]; ok {
		return unreachable(r.class, r.reason, "to the relay: "+op.Err.Error()[len("unknown error "):])
	}
	return refused(op.Err.Error())
}
