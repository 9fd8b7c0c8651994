package dial

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"time"

	"github.com/miekg/dns"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// NameServer is the host:port of a name server. As a Resolver it uses no other
// source: no hosts file and no search list.
type NameServer string

// LookupNetIP implements Resolver.
func (s NameServer) LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error) {
	types := map[string][]uint16{"ip4": {dns.TypeA}, "ip6": {dns.TypeAAAA}}[network]
	if types == nil {
		types = []uint16{dns.TypeA, dns.TypeAAAA}
	}
	var ips []netip.Addr
	var failures error
	for _, t := range types {
		records, err := s.lookup(ctx, host, t)
		failures = errors.Join(failures, err)
		for _, record := range records {
			if ip, ok := RecordAddr(record); ok {
				ips = append(ips, ip)
			}
		}
	}
	if len(ips) > 0 {
		return ips, nil
	}
	return nil, failures
}

// RecordAddr returns the address in an A or AAAA record, and whether it is valid.
// An IPv4-mapped address in an AAAA record is not.
func RecordAddr(record dns.RR) (netip.Addr, bool) {
	var raw net.IP
	switch r := record.(type) {
	case *dns.A:
		raw = r.A.To4()
	case *dns.AAAA:
		raw = r.AAAA
	}
	ip, ok := netip.AddrFromSlice(raw)
	return ip, ok && !ip.Is4In6()
}

// LookupMX implements Resolver.
func (s NameServer) LookupMX(ctx context.Context, name string) ([]*net.MX, error) {
	records, err := s.lookup(ctx, name, dns.TypeMX)
	if err != nil {
		return nil, err
	}
	hosts := make([]*net.MX, 0, len(records))
	for _, record := range records {
		if r, ok := record.(*dns.MX); ok {
			hosts = append(hosts, &net.MX{Host: r.Mx, Pref: r.Preference})
		}
	}
	return hosts, nil
}

// udpSize is the maximum size of a UDP message (RFC 6891 §6.2.5), in bytes.
const udpSize = 1232

// lookup returns the records of a name and type, at least one. If the name is an
// alias, they are those at the end of the CNAME chain.
func (s NameServer) lookup(ctx context.Context, name string, qtype uint16) ([]dns.RR, error) {
	reply, err := s.Exchange(ctx, new(dns.Msg).SetQuestion(dns.Fqdn(name), qtype).SetEdns0(udpSize, false))
	if err != nil {
		return nil, s.lookupError(name, err)
	}
	failure := &net.DNSError{Name: name, Server: string(s)}
	switch {
	case reply.Rcode == dns.RcodeNameError:
		failure.Err, failure.IsNotFound = "no such name", true
		return nil, failure
	case reply.Rcode != dns.RcodeSuccess:
		failure.Err, failure.IsTemporary = "the server answered "+dns.RcodeToString[reply.Rcode], true
		return nil, failure
	}
	var records []dns.RR
	for _, record := range reply.Answer {
		if record.Header().Rrtype == qtype {
			records = append(records, record)
		}
	}
	switch {
	case len(records) > 0:
		return records, nil
	case len(reply.Answer) == 0 && !reply.Authoritative && !reply.RecursionAvailable:
		failure.Err = "the server is not authoritative for the name and does not recurse"
	default:
		failure.Err, failure.IsNotFound = "no "+dns.TypeToString[qtype]+" record", true
	}
	return nil, failure
}

// lookupError returns a failed exchange as an error of this machine or of the name
// server.
func (s NameServer) lookupError(name string, err error) error {
	classified := smtperr.Classify(smtperr.PhaseDNS, err)
	if e, ok := errors.AsType[*smtperr.Error](classified); ok && e.Class == smtperr.ClassLocalError {
		return classified
	}
	return &net.DNSError{Err: err.Error(), Name: name, Server: string(s), IsTimeout: isTimeout(err)}
}

func isTimeout(err error) bool {
	timeout, ok := errors.AsType[net.Error](err)
	return ok && timeout.Timeout()
}

// retries are the times to wait for a reply before the query is sent again over UDP
// (RFC 1035 §4.2.1). The socket stays the same, so that a late reply is received.
var retries = []time.Duration{time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second}

// maxDatagrams is the maximum number of datagrams read for one query. Those that
// are not the reply are skipped, and a flood of them must not keep a core busy.
const maxDatagrams = 1000

var errFlood = errors.New("too many datagrams that are not the reply")

// limitedUDPConn is a UDP socket that reads a limited number of datagrams.
type limitedUDPConn struct {
	*net.UDPConn
	left int
}

// limitDatagrams limits the number of datagrams of a UDP connection. A TCP
// connection needs no limit: only one message is read from it.
func limitDatagrams(conn net.Conn) net.Conn {
	if udp, ok := conn.(*net.UDPConn); ok {
		return &limitedUDPConn{UDPConn: udp, left: maxDatagrams}
	}
	return conn
}

// Read implements net.Conn.
func (c *limitedUDPConn) Read(b []byte) (int, error) {
	if c.left == 0 {
		return 0, errFlood
	}
	c.left--
	return c.UDPConn.Read(b)
}

// Exchange sends a query over UDP, and over TCP if the reply is truncated. It
// returns the reply whether or not it is successful. Only the context limits the
// time.
func (s NameServer) Exchange(ctx context.Context, query *dns.Msg) (*dns.Msg, error) {
	reply, err := s.exchangeOver(ctx, "udp", query)
	if err == nil && reply.Truncated {
		reply, err = s.exchangeOver(ctx, "tcp", query)
	}
	return reply, err
}

// exchangeOver sends a query over one transport.
func (s NameServer) exchangeOver(ctx context.Context, network string, query *dns.Msg) (*dns.Msg, error) {
	client := dns.Client{Net: network, UDPSize: udpSize}
	conn, err := client.DialContext(ctx, string(s))
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	conn.Conn = limitDatagrams(conn.Conn)
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	timeouts := retries
	if network == "tcp" {
		timeouts = retries[len(retries)-1:]
	}
	var reply *dns.Msg
	for _, client.Timeout = range timeouts {
		reply, _, err = client.ExchangeWithConnContext(ctx, query, conn)
		if !isTimeout(err) {
			break
		}
	}
	return reply, err
}
