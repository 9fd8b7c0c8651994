package dial

import (
	"fmt"
	"net"

	"github.com/pires/go-proxyproto"
)

// ProxyHeader returns HAProxy's PROXY protocol header, version 1 or 2, with the
// addresses of a connection. It is sent before anything else, TLS included. For a
// Unix socket, which has no such addresses, the header is UNKNOWN (v1) or LOCAL
// (v2).
func ProxyHeader(version byte, conn net.Conn) ([]byte, error) {
	if version != 1 && version != 2 {
		return nil, fmt.Errorf("invalid PROXY protocol version %d: must be 1 or 2", version)
	}
	return proxyproto.HeaderProxyFromAddrs(version, tcpAddr(conn.LocalAddr()), tcpAddr(conn.RemoteAddr())).Format()
}

// tcpAddr returns an address if it is a TCP address, else nil.
func tcpAddr(a net.Addr) net.Addr {
	if tcp, ok := a.(*net.TCPAddr); ok {
		return tcp
	}
	return nil
}
