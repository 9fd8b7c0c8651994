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

// NameServer is the host:port of a name server that answers all questions
// alone: there is no hosts file and no search list.
type NameServer string

// LookupNetIP implements Resolver.
func (s NameServer) LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error) {
	types := map[string][]uint16{"ip4": {dns.TypeA}, "ip6": {dns.TypeAAAA}}[network]
	if types == nil {
		types = []uint16{dns.TypeA, dns.TypeAAAA}
	}
	var ips []netip.Addr
	var failure error
	for _, t := range types {
		records, err := s.ask(ctx, host, t)
		failure = errors.Join(failure, err)
		for _, record := range records {
			if ip, ok := address(record); ok {
				ips = append(ips, ip)
			}
		}
	}
	if len(ips) > 0 {
		return ips, nil
	}
	return nil, failure
}

// address takes the address out of an A or AAAA record. An IPv4 address in an
// AAAA record is an error of the zone.
func address(record dns.RR) (netip.Addr, bool) {
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
	records, err := s.ask(ctx, name, dns.TypeMX)
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

// udpSize is the largest answer in a datagram (RFC 6891 §6.2.5), in bytes;
// larger ones come over TCP.
const udpSize = 1232

// ask returns the records of a type, of the name itself or at the end of its
// aliases, at least one.
func (s NameServer) ask(ctx context.Context, name string, kind uint16) ([]dns.RR, error) {
	answer, err := s.Exchange(ctx, new(dns.Msg).SetQuestion(dns.Fqdn(name), kind).SetEdns0(udpSize, false))
	if err != nil {
		return nil, s.failure(name, err)
	}
	failure := &net.DNSError{Name: name, Server: string(s)}
	switch {
	case answer.Rcode == dns.RcodeNameError:
		failure.Err, failure.IsNotFound = "no such name", true
		return nil, failure
	case answer.Rcode != dns.RcodeSuccess:
		failure.Err, failure.IsTemporary = "the server answered "+dns.RcodeToString[answer.Rcode], true
		return nil, failure
	}
	var records []dns.RR
	for _, record := range answer.Answer {
		if record.Header().Rrtype == kind {
			records = append(records, record)
		}
	}
	switch {
	case len(records) > 0:
		return records, nil
	case len(answer.Answer) == 0 && !answer.Authoritative && !answer.RecursionAvailable:
		failure.Err = "the server neither knows the name nor asks others"
	default:
		failure.Err, failure.IsNotFound = "no "+dns.TypeToString[kind]+" record", true
	}
	return nil, failure
}

// failure distinguishes who failed to ask: this machine or the server.
func (s NameServer) failure(name string, err error) error {
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

// resends are how long to wait for an answer before the question is sent again
// (RFC 1035 §4.2.1). All go by one socket, so that a late answer counts.
var resends = []time.Duration{time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second}

// maxDatagrams is how many datagrams may arrive for one question: whatever is no
// answer to it is skipped, and a flood of them must not keep a core busy.
const maxDatagrams = 1000

var errFlood = errors.New("too many datagrams that are not the answer")

// answers is a socket that yields a limited number of datagrams.
type answers struct {
	*net.UDPConn
	left int
}

// boundedAnswers limits the datagrams of a socket. A stream has a limit of its
// own: the length of one answer.
func boundedAnswers(conn net.Conn) net.Conn {
	if udp, ok := conn.(*net.UDPConn); ok {
		return &answers{UDPConn: udp, left: maxDatagrams}
	}
	return conn
}

// Read implements net.Conn.
func (a *answers) Read(b []byte) (int, error) {
	if a.left == 0 {
		return 0, errFlood
	}
	a.left--
	return a.UDPConn.Read(b)
}

// Exchange returns the answer to a question, whatever it is: over UDP, and again
// over TCP if it was truncated. The caller's context limits the time.
func (s NameServer) Exchange(ctx context.Context, question *dns.Msg) (*dns.Msg, error) {
	answer, err := s.exchangeOver(ctx, "udp", question)
	if err == nil && answer.Truncated {
		answer, err = s.exchangeOver(ctx, "tcp", question)
	}
	return answer, err
}

// exchangeOver gets the answer over one transport.
func (s NameServer) exchangeOver(ctx context.Context, network string, question *dns.Msg) (*dns.Msg, error) {
	client := dns.Client{Net: network, UDPSize: udpSize}
	conn, err := client.DialContext(ctx, string(s))
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	conn.Conn = boundedAnswers(conn.Conn)
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	waits := resends
	if network == "tcp" {
		waits = resends[len(resends)-1:]
	}
	var answer *dns.Msg
	for _, client.Timeout = range waits {
		answer, _, err = client.ExchangeWithConnContext(ctx, question, conn)
		if !isTimeout(err) {
			break
		}
	}
	return answer, err
}
