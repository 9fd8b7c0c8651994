package route

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"time"

	"github.com/miekg/dns"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// nameServer is the host:port of the one name server to ask.
type nameServer string

func (s nameServer) addresses(ctx context.Context, name string, f family) ([]netip.Addr, error) {
	records, err := s.ask(ctx, name, f.record)
	if err != nil {
		return nil, err
	}
	ips := make([]netip.Addr, 0, len(records))
	for _, record := range records {
		var raw net.IP
		switch r := record.(type) {
		case *dns.A:
			raw = r.A.To4()
		case *dns.AAAA:
			raw = r.AAAA
		}
		if ip, ok := netip.AddrFromSlice(raw); ok && !ip.Is4In6() {
			ips = append(ips, ip)
		}
	}
	return ips, nil
}

func (s nameServer) exchangers(ctx context.Context, name string) ([]MXHost, error) {
	records, err := s.ask(ctx, name, dns.TypeMX)
	if err != nil {
		return nil, err
	}
	hosts := make([]MXHost, 0, len(records))
	for _, record := range records {
		if r, ok := record.(*dns.MX); ok {
			hosts = append(hosts, MXHost{Host: r.Mx, Preference: r.Preference})
		}
	}
	return hosts, nil
}

// udpSize is how large an answer in a datagram may be (RFC 6891 §6.2.5); larger
// ones come over TCP.
const udpSize = 1232

// ask returns the records of a type, of the name itself or at the end of its
// aliases, at least one.
func (s nameServer) ask(ctx context.Context, name string, kind uint16) ([]dns.RR, error) {
	question := new(dns.Msg).SetQuestion(dns.Fqdn(name), kind).SetEdns0(udpSize, false)
	answer, err := s.exchange(ctx, "udp", question)
	if err == nil && answer.Truncated {
		answer, err = s.exchange(ctx, "tcp", question)
	}
	if err != nil {
		return nil, s.failure(name, err)
	}
	failure := net.DNSError{Name: name, Server: string(s)}
	switch {
	case answer.Rcode == dns.RcodeNameError:
		failure.Err, failure.IsNotFound = "no such name", true
		return nil, &failure
	case answer.Rcode != dns.RcodeSuccess:
		failure.Err, failure.IsTemporary = "the server answered "+dns.RcodeToString[answer.Rcode], true
		return nil, &failure
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
	return nil, &failure
}

// failure says who failed to ask: this machine or the server.
func (s nameServer) failure(name string, err error) error {
	if e := classify(smtperr.PhaseDNS, err); e.Class == smtperr.ClassLocalError {
		return e
	}
	var timeout interface{ Timeout() bool }
	return &net.DNSError{
		Err:       err.Error(),
		Name:      name,
		Server:    string(s),
		IsTimeout: errors.As(err, &timeout) && timeout.Timeout(),
	}
}

// resends are how long to wait for an answer before the question is sent again
// (RFC 1035 §4.2.1). All go by one socket, so that a late answer counts.
var resends = []time.Duration{time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second}

// exchange gets the answer to a question, whatever it says.
func (s nameServer) exchange(ctx context.Context, network string, question *dns.Msg) (*dns.Msg, error) {
	var d net.Dialer
	socket, err := d.DialContext(ctx, network, string(s))
	if err != nil {
		return nil, err
	}
	defer socket.Close()
	stop := context.AfterFunc(ctx, func() { socket.Close() })
	defer stop()
	conn := &dns.Conn{Conn: socket, UDPSize: udpSize}
	waits := resends
	if network == "tcp" {
		waits = resends[len(resends)-1:]
	}
	for _, wait := range waits {
		if err := conn.SetDeadline(time.Now().Add(wait)); err != nil {
			return nil, err
		}
		if err := conn.WriteMsg(question); err != nil {
			return nil, err
		}
		answer, err := read(conn, question)
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			return answer, err
		}
	}
	return nil, os.ErrDeadlineExceeded
}

var errMalformed = errors.New("malformed answer")

// read waits for the answer to the question; what is none, someone else may
// have forged.
func read(conn *dns.Conn, question *dns.Msg) (*dns.Msg, error) {
	for {
		answer, err := conn.ReadMsg()
		switch {
		case answer == nil && !errors.Is(err, dns.ErrShortRead):
			return nil, err
		case answer == nil || answer.Id != question.Id || !answer.Response:
			continue
		case err != nil:
			return nil, errMalformed
		case len(answer.Question) == 1 && dns.CanonicalName(answer.Question[0].Name) == dns.CanonicalName(question.Question[0].Name) &&
			answer.Question[0].Qtype == question.Question[0].Qtype:
			return answer, nil
		}
	}
}
