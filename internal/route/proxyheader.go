package route

import (
	"bytes"
	"fmt"
	"net"

	"github.com/pires/go-proxyproto"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// WriteProxyHeader sends HAProxy's PROXY protocol header, v1 or v2, with the
// connection's own two addresses, in one write. It goes ahead of everything
// else, TLS included. A unix socket has no addresses that would mean anything to
// the other side: there the header says that the connection is unknown (v1) or
// local (v2). What fails to be written is returned as it is; the caller's write
// deadline bounds it.
func WriteProxyHeader(conn net.Conn, version string) error {
	number := map[string]byte{"v1": 1, "v2": 2}[version]
	if number == 0 {
		return smtperr.New(smtperr.ClassConfigError, "", smtperr.PhaseConnect, fmt.Errorf("proxy_protocol %q is neither v1 nor v2", version))
	}
	header := proxyproto.HeaderProxyFromAddrs(number, tcpAddr(conn.LocalAddr()), tcpAddr(conn.RemoteAddr()))
	var b bytes.Buffer
	if _, err := header.WriteTo(&b); err != nil {
		return smtperr.New(smtperr.ClassLocalError, "", smtperr.PhaseConnect, err)
	}
	_, err := conn.Write(b.Bytes())
	return err
}

// tcpAddr leaves out what is no TCP address.
func tcpAddr(a net.Addr) net.Addr {
	if tcp, ok := a.(*net.TCPAddr); ok {
		return tcp
	}
	return nil
}
