package dial

import (
	"context"
	"errors"
	"io"
	"net"

	"golang.org/x/net/proxy"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// socksDialer is a method of the library's dialer that its interface lacks;
// DialContext would wrap the connection.
type socksDialer interface {
	DialWithConn(ctx context.Context, conn net.Conn, network, address string) (net.Addr, error)
}

// socksReplies are the library's texts for the replies of RFC 1928 §6 that are
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

// socks asks a SOCKS5 proxy to connect.
func socks(ctx context.Context, p *Proxy, conn net.Conn, address string) error {
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
	return socksFailure(err)
}

// socksFailure separates a broken connection from what the proxy answered.
func socksFailure(err error) error {
	op, ok := errors.AsType[*net.OpError](err)
	if !ok {
		return err
	}
	if _, broken := errors.AsType[net.Error](op.Err); broken || errors.Is(op.Err, io.EOF) || errors.Is(op.Err, io.ErrUnexpectedEOF) ||
		errors.Is(op.Err, context.Canceled) || errors.Is(op.Err, context.DeadlineExceeded) {
		return op.Err
	}
	if m, ok := socksReplies[op.Err.Error()]; ok {
		return unreached(m.class, m.reason, "to the relay: "+op.Err.Error()[len("unknown error "):])
	}
	return refused(op.Err.Error())
}
