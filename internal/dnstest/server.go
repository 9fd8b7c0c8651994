// Package dnstest is a DNS server on 127.0.0.1, UDP and TCP, that answers as a
// test wants:
//
//	dns := dnstest.Start(t, dnstest.Zone{
//		"relay.test":  dnstest.Records("A 127.0.0.1", "AAAA ::1"),
//		"domain.test": dnstest.Records("MX 10 relay.test.", "MX 20 gone.test."),
//		"null.test":   dnstest.Records("MX 0 ."),
//		"broken.test": dnstest.ServFail(),
//		"flaky.test":  dnstest.Seq(dnstest.Silence(), dnstest.Records("A 127.0.0.1")),
//	})
//	resolver := dns.Resolver()
//
// A name that is not in the zone does not exist (NXDOMAIN); a name without
// records of the type that was asked for has no data.
package dnstest

import (
	"context"
	"fmt"
	"net"
	"sync"
	"testing"

	"github.com/miekg/dns"
)

// Zone is what the server answers, by name; the final dot may be left out.
type Zone map[string]Answer

// Server is a running DNS server.
type Server struct {
	udp, tcp dns.Server
	addr     string
	running  sync.WaitGroup

	mu      sync.Mutex
	answers Zone
	asked   map[dns.Question]int
	queries []dns.Question
}

// attempts is how often sockets tries.
const attempts = 20

// Start starts a server that ends with the test.
func Start(t testing.TB, zone Zone) *Server {
	t.Helper()
	s, err := Listen(zone)
	if err != nil {
		t.Fatalf("starting a DNS server: %v", err)
	}
	t.Cleanup(s.Close)
	return s
}

// Listen starts a server on a free port of 127.0.0.1.
func Listen(zone Zone) (*Server, error) {
	tcp, udp, err := sockets()
	if err != nil {
		return nil, err
	}
	s := &Server{addr: tcp.Addr().String(), answers: make(Zone), asked: make(map[dns.Question]int)}
	for name, answer := range zone {
		s.answers[dns.CanonicalName(name)] = answer
	}
	s.tcp = dns.Server{Listener: tcp, Handler: dns.HandlerFunc(s.serve)}
	s.udp = dns.Server{PacketConn: udp, Handler: dns.HandlerFunc(s.serve)}
	s.run(&s.tcp)
	s.run(&s.udp)
	return s, nil
}

// sockets finds a port that is free for UDP and TCP.
func sockets() (net.Listener, net.PacketConn, error) {
	var last error
	for range attempts {
		tcp, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, nil, err
		}
		udp, err := net.ListenPacket("udp", tcp.Addr().String())
		if err == nil {
			return tcp, udp, nil
		}
		tcp.Close()
		last = err
	}
	return nil, nil, fmt.Errorf("no port is free for both UDP and TCP: %w", last)
}

// run returns when the server serves: what is closed before would not close.
func (s *Server) run(server *dns.Server) {
	started := make(chan struct{})
	server.NotifyStartedFunc = func() { close(started) }
	s.running.Go(func() {
		_ = server.ActivateAndServe() //nolint:errcheck // it ends when its socket is closed, and that is no failure
	})
	<-started
}

// Addr is host:port, the same for UDP and TCP.
func (s *Server) Addr() string { return s.addr }

// Resolver asks this server and no other.
func (s *Server) Resolver() *net.Resolver {
	return &net.Resolver{
		PreferGo: true,
		Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, network, s.addr)
		},
	}
}

// Set changes what is answered for a name; a nil answer removes it.
func (s *Server) Set(name string, answer Answer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answers[dns.CanonicalName(name)] = answer
}

// Queries lists what was asked, such as "relay.test. A", in order.
func (s *Server) Queries() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]string, len(s.queries))
	for i, q := range s.queries {
		list[i] = q.Name + " " + dns.TypeToString[q.Qtype]
	}
	return list
}

// Close ends the server and returns when its goroutines are gone.
func (s *Server) Close() {
	_ = s.tcp.Shutdown() //nolint:errcheck // it was closed before
	_ = s.udp.Shutdown() //nolint:errcheck // it was closed before
	s.running.Wait()
}

func (s *Server) serve(w dns.ResponseWriter, request *dns.Msg) {
	reply := new(dns.Msg).SetReply(request)
	// Without either, resolvers take an empty answer for a broken delegation.
	reply.Authoritative, reply.RecursionAvailable = true, true
	q := &Query{Reply: reply, CheckingDisabled: request.CheckingDisabled, writer: w}
	if len(request.Question) != 1 {
		code(dns.RcodeFormatError)(q)
		return
	}
	q.Question = request.Question[0]
	q.Question.Name = dns.CanonicalName(q.Question.Name)
	answer, attempt := s.lookup(q.Question)
	q.Attempt = attempt
	answer.or(NXDomain())(q)
}

// maxQueries bounds what is remembered.
const maxQueries = 10_000

func (s *Server) lookup(q dns.Question) (answer Answer, attempt int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.queries) < maxQueries {
		s.queries = append(s.queries, q)
	}
	s.asked[q]++
	return s.answers[q.Name], s.asked[q]
}
