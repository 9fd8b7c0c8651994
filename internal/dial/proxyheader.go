package dial

import (
	"fmt"
	"net"

	"github.com/pires/go-proxyproto"
)

// ProxyHeader is HAProxy's PROXY protocol header of version 1 or 2, with a
// connection's own two addresses. It goes ahead of everything else, TLS
// included. A unix socket has no addresses that the other side could use: there
// the header says that the connection is unknown (v1) or local (v2).
func ProxyHeader(version byte, conn net.Conn) ([]byte, error) {
	if version != 1 && version != 2 {
		return nil, fmt.Errorf("invalid PROXY protocol version %d: must be 1 or 2", version)
	}
	return proxyproto.HeaderProxyFromAddrs(version, tcpAddr(conn.LocalAddr()), tcpAddr(conn.RemoteAddr())).Format()
}

// tcpAddr leaves out what is not a TCP address.
func tcpAddr(a net.Addr) net.Addr {
	if tcp, ok := a.(*net.TCPAddr); ok {
		return tcp
	}
	return nil
}
