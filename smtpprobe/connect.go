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

// maxAddresses is how many addresses of one host count.
const maxAddresses = 64

// connect finds the relay's addresses and connects to the first that answers.
func (s *session) connect() error {
	addrs, err := s.resolve()
	if err != nil {
		return err
	}
	return s.during(smtperr.PhaseConnect, func() error {
		conn, err := s.dial(addrs)
		if err != nil {
			return smtperr.Classify(smtperr.PhaseConnect, err)
		}
		s.connected(conn)
		if err := s.announce(conn); err != nil {
			return err
		}
		s.clock.running().Complete = true
		return nil
	})
}

// resolve is the phase dns. An address that is known needs none, nor does a
// proxy, which resolves by itself.
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
	err := s.during(smtperr.PhaseDNS, func() (err error) {
		addrs, err = s.prober.lookup(&s.target).Addrs(ctx, s.target.lookupName())
		s.clock.running().Complete = err == nil
		return err
	})
	if err != nil {
		return nil, err
	}
	s.log.Event("resolved to " + joined(addrs))
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

func (s *session) connected(conn net.Conn) {
	s.res.RemoteAddr = addrText(conn.RemoteAddr())
	if local, ok := conn.LocalAddr().(*net.TCPAddr); ok {
		s.res.LocalAddr = local.AddrPort().Addr().Unmap()
	}
	s.log.Event("connected to " + s.res.RemoteAddr)
	s.trace.Connected(conn.LocalAddr(), conn.RemoteAddr())
	s.conn = wire.New(s.ctx, conn, s.log)
}

// announce sends the PROXY protocol header to the load balancer in front of the
// relay.
func (s *session) announce(conn net.Conn) error {
	version := s.prober.ProxyHeader
	if version == NoProxyHeader {
		return nil
	}
	header, err := dial.ProxyHeader(byte(version), conn)
	if err != nil {
		return smtperr.New(smtperr.ClassConfigError, "", smtperr.PhaseConnect, err)
	}
	if _, err := s.conn.Writer(s.deadline).Write(header); err != nil {
		return s.writeFailure(smtperr.PhaseConnect, err)
	}
	return nil
}

// addrText is an address as net writes it, with an IPv4 address as such.
func addrText(a net.Addr) string {
	tcp, ok := a.(*net.TCPAddr)
	if !ok {
		return a.String()
	}
	at := tcp.AddrPort()
	return netip.AddrPortFrom(at.Addr().Unmap(), at.Port()).String()
}

func joined(addrs []netip.Addr) string {
	names := make([]string, len(addrs))
	for i, a := range addrs {
		names[i] = a.String()
	}
	return strings.Join(names, ", ")
}

// private reports whether nobody can listen on the way to the relay.
func (s *session) private() bool {
	return s.target.Socket != "" || s.res.TLS != nil && s.res.TLS.Verified
}
