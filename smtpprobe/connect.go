package smtpprobe

import (
	"context"
	"net"
	"net/netip"
	"strings"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/route"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/socket"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// connect finds the relay's addresses and connects to the first that answers.
func (s *session) connect() *smtperr.Error {
	ctx, cancel := context.WithDeadline(s.ctx, s.deadline)
	defer cancel()
	way := s.target.way(s.plan)
	conn, err := s.dial(ctx, way)
	if err != nil {
		return err
	}
	s.kernel = socket.New(conn)
	s.conn = s.kernel
	s.res.RemoteAddr = written(conn.RemoteAddr())
	s.res.LocalAddr = written(conn.LocalAddr())
	s.log.event("connected to " + s.res.RemoteAddr)
	s.in = newReplyReader(s.conn)
	s.watching.begin(s.ctx, conn)
	if err := s.announce(); err != nil {
		s.stop()
		return err
	}
	s.end()
	return nil
}

// dial runs the phases dns and connect; the clock of connect is left running.
func (s *session) dial(ctx context.Context, way route.Config) (net.Conn, *smtperr.Error) {
	if s.target.Socket != "" {
		s.local = true
		s.begin(smtperr.PhaseConnect)
		return s.dialed(way.DialUnix(ctx, s.target.Socket))
	}
	if s.target.Route.ProxyURL != "" {
		s.begin(smtperr.PhaseConnect)
		return s.dialed(way.DialHost(ctx, s.target.proxied(), s.target.Port))
	}
	addrs, err := s.resolve(ctx, way)
	if err != nil {
		return nil, err
	}
	s.begin(smtperr.PhaseConnect)
	return s.dialed(way.Dial(ctx, addrs, s.target.Port))
}

func (s *session) dialed(conn net.Conn, err error) (net.Conn, *smtperr.Error) {
	if err != nil {
		s.stop()
		return nil, classify(smtperr.PhaseConnect, err)
	}
	return conn, nil
}

// resolve is the phase dns. An address that is known needs none.
func (s *session) resolve(ctx context.Context, way route.Config) ([]netip.Addr, *smtperr.Error) {
	if s.target.IP.IsValid() {
		return []netip.Addr{s.target.IP}, nil
	}
	if ip, err := netip.ParseAddr(s.target.Host); err == nil {
		return []netip.Addr{ip}, nil
	}
	s.begin(smtperr.PhaseDNS)
	addrs, err := way.Resolve(ctx, s.target.name())
	if err != nil {
		s.stop()
		return nil, classify(smtperr.PhaseDNS, err)
	}
	s.end()
	s.log.event("resolved to " + join(addrs))
	return addrs, nil
}

// written is an address as net writes it, for TCP without its detours.
func written(a net.Addr) string {
	tcp, ok := a.(*net.TCPAddr)
	if !ok {
		return a.String()
	}
	at := tcp.AddrPort()
	return netip.AddrPortFrom(at.Addr().Unmap(), at.Port()).String()
}

// announce tells the relay's proxy in front who is talking.
func (s *session) announce() *smtperr.Error {
	version := s.target.Route.ProxyProtocol
	if version == NoProxyProtocol {
		return nil
	}
	if err := s.armWrite(s.deadline); err != nil {
		return classify(smtperr.PhaseConnect, err)
	}
	if err := route.WriteProxyHeader(s.conn, string(version)); err != nil {
		return s.writeFailure(smtperr.PhaseConnect, err)
	}
	return nil
}

// way is the route's configuration for one probe.
func (t *Target) way(p *Plan) route.Config {
	return route.Config{
		IPVersion:     string(t.Route.IPVersion),
		SourceAddress: t.Route.SourceAddress,
		ProxyURL:      t.Route.ProxyURL,
		ProxyProtocol: string(t.Route.ProxyProtocol),
		DNSServer:     t.Route.DNSServer,
		StepTimeout:   p.ConnectTimeout,
	}
}

// name is the host's for the resolver. An MX record names a host completely:
// the final dot keeps this machine's search list out.
func (t *Target) name() string {
	if _, err := netip.ParseAddr(t.Host); err == nil || t.Domain == "" {
		return t.Host
	}
	return strings.TrimSuffix(t.Host, ".") + "."
}

// proxied is the name that a proxy is asked for.
func (t *Target) proxied() string {
	if t.IP.IsValid() {
		return t.IP.String()
	}
	return t.Host
}

func join(addrs []netip.Addr) string {
	names := make([]string, len(addrs))
	for i, a := range addrs {
		names[i] = a.String()
	}
	return strings.Join(names, ", ")
}
