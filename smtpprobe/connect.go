package smtpprobe

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strings"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/dial"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/wire"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// maxAddresses is the most addresses of a host that are used.
const maxAddresses = 64

// connect resolves the host and connects to the first address that accepts.
func (s *session) connect() error {
	addrs, err := s.resolve()
	if err != nil {
		return err
	}
	return s.timed(smtperr.PhaseConnect, func() error {
		conn, err := s.dial(addrs)
		if err != nil {
			return smtperr.Classify(smtperr.PhaseConnect, err)
		}
		s.connected(conn)
		if err := s.sendProxyHeader(conn); err != nil {
			return err
		}
		s.clock.running().Complete = true
		return nil
	})
}

// resolve returns the addresses of the host. There is no phase dns if the address
// is known, or if a proxy resolves the host.
func (s *session) resolve() ([]netip.Addr, error) {
	if s.target.Socket != "" || s.prober.Proxy != nil {
		return nil, nil
	}
	known := s.target.IP
	if ip, err := netip.ParseAddr(s.target.Host); err == nil && !known.IsValid() {
		known = ip
	}
	if known = known.Unmap(); known.IsValid() {
		if !dial.Uses(s.target.IPVersion.network(), known) {
			return nil, smtperr.New(smtperr.ClassConfigError, smtperr.ReasonInvalidAddress, smtperr.PhaseConnect,
				fmt.Errorf("%s is not an %s address", known, s.target.IPVersion))
		}
		return []netip.Addr{known}, nil
	}
	ctx, cancel := context.WithDeadline(s.ctx, s.deadline)
	defer cancel()
	var addrs []netip.Addr
	err := s.timed(smtperr.PhaseDNS, func() (err error) {
		addrs, err = s.prober.lookup(&s.target).Addrs(ctx, s.target.lookupName())
		s.clock.running().Complete = err == nil
		return err
	})
	if err != nil {
		return nil, err
	}
	s.log.Event("resolved to " + joinAddrs(addrs))
	if len(addrs) > maxAddresses {
		s.res.AddressesOmitted = len(addrs) - maxAddresses
		addrs = addrs[:maxAddresses]
	}
	s.trace.Resolved(addrs)
	return addrs, nil
}

func (s *session) dial(addrs []netip.Addr) (net.Conn, error) {
	if s.target.Socket != "" || s.prober.Proxy != nil {
		ctx, cancel := context.WithDeadline(s.ctx, s.deadline)
		defer cancel()
		if s.target.Socket != "" {
			return dial.Unix(ctx, s.prober.dialer(), s.target.Socket, s.prober.ConnectTimeout)
		}
		return s.prober.Proxy.DialContext(ctx, "tcp", s.target.proxyAddress())
	}
	attempts := dial.Attempts{Dialer: s.prober.dialer(), Timeout: s.prober.ConnectTimeout, Deadline: s.deadline}
	if s.target.Domain != "" && !s.prober.AllowPrivateMX {
		attempts.Allow = dial.Public
	}
	return attempts.Dial(s.ctx, addrs, s.target.Port)
}

// connected takes over an established connection.
func (s *session) connected(conn net.Conn) {
	s.res.RemoteAddr = addrText(conn.RemoteAddr())
	if local, ok := conn.LocalAddr().(*net.TCPAddr); ok {
		s.res.LocalAddr = local.AddrPort().Addr().Unmap()
	}
	s.log.Event("connected to " + s.res.RemoteAddr)
	s.trace.Connected(conn.LocalAddr(), conn.RemoteAddr())
	s.conn = wire.New(s.ctx, conn, s.log)
}

// sendProxyHeader sends the PROXY protocol header, if the load balancer in front
// of the relay requires one.
func (s *session) sendProxyHeader(conn net.Conn) error {
	version := s.prober.ProxyHeader
	if version == NoProxyHeader {
		return nil
	}
	header, err := dial.ProxyHeader(byte(version), conn)
	if err != nil {
		return smtperr.New(smtperr.ClassConfigError, "", smtperr.PhaseConnect, err)
	}
	if _, err := s.conn.Writer(s.deadline).Write(header); err != nil {
		return s.writeError(smtperr.PhaseConnect, err)
	}
	return nil
}

// addrText formats an address like net.Addr, but without the IPv6 form of IPv4
// addresses.
func addrText(a net.Addr) string {
	tcp, ok := a.(*net.TCPAddr)
	if !ok {
		return a.String()
	}
	addr := tcp.AddrPort()
	return netip.AddrPortFrom(addr.Addr().Unmap(), addr.Port()).String()
}

func joinAddrs(addrs []netip.Addr) string {
	names := make([]string, len(addrs))
	for i, a := range addrs {
		names[i] = a.String()
	}
	return strings.Join(names, ", ")
}
