// Package dnstest provides a DNS server for tests. It listens on 127.0.0.1, on UDP
// and TCP:
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
// The server replies NXDOMAIN for a name that is not in the zone.
package dnstest

import (
	"context"
	"fmt"
	"net"
	"sync"
	"testing"

	"github.com/miekg/dns"
)

// Zone maps names to their answers. The final dot of a name is optional.
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

// Start starts a server that is closed when the test ends.
func Start(t testing.TB, zone Zone) *Server {
	t.Helper()
	s, err := Listen(zone)
	if err != nil {
		t.Fatalf("starting a DNS server: %v", err)
	}
	t.Cleanup(s.Close)
	return s
}

// Listen starts a server on a free port of 127.0.0.1. The caller closes it.
func Listen(zone Zone) (*Server, error) {
	tcp, udp, err := openPort()
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

// openPort opens a port that is free for both UDP and TCP.
func openPort() (net.Listener, net.PacketConn, error) {
	const attempts = 20
	var failure error
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
		failure = err
	}
	return nil, nil, fmt.Errorf("no port is free for both UDP and TCP: %w", failure)
}

// run starts a server and waits until it has started: Shutdown has no effect
// before.
func (s *Server) run(server *dns.Server) {
	started := make(chan struct{})
	server.NotifyStartedFunc = func() { close(started) }
	s.running.Go(func() {
		_ = server.ActivateAndServe() //nolint:errcheck // it ends with Shutdown
	})
	<-started
}

// Addr returns the host:port of the server, the same for UDP and TCP.
func (s *Server) Addr() string { return s.addr }

// Resolver returns a resolver that uses this server only.
func (s *Server) Resolver() *net.Resolver {
	return &net.Resolver{
		PreferGo: true,
		Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, network, s.addr)
		},
	}
}

// Set replaces the answer for a name. A nil answer removes the name.
func (s *Server) Set(name string, answer Answer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answers[dns.CanonicalName(name)] = answer
}

// Queries returns the questions so far in order, each as name and type, such as
// "relay.test. A".
func (s *Server) Queries() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]string, len(s.queries))
	for i, q := range s.queries {
		list[i] = q.Name + " " + dns.TypeToString[q.Qtype]
	}
	return list
}

// Close stops the server and waits for its goroutines. It may be called twice.
func (s *Server) Close() {
	_ = s.tcp.Shutdown() //nolint:errcheck // not started: closed before
	_ = s.udp.Shutdown() //nolint:errcheck // not started: closed before
	s.running.Wait()
}

func (s *Server) serve(w dns.ResponseWriter, request *dns.Msg) {
	reply := new(dns.Msg).SetReply(request)
	// Resolvers take an empty reply without these bits for a lame delegation.
	reply.Authoritative, reply.RecursionAvailable = true, true
	q := &Query{Reply: reply, CheckingDisabled: request.CheckingDisabled, writer: w}
	if len(request.Question) != 1 {
		rcode(dns.RcodeFormatError)(q)
		return
	}
	q.Question = request.Question[0]
	q.Question.Name = dns.CanonicalName(q.Question.Name)
	answer, attempt := s.lookup(q.Question)
	q.Attempt = attempt
	answer.or(NXDomain())(q)
}

// maxQueries is the maximum number of questions that Queries returns.
const maxQueries = 10_000

// lookup returns the answer to a question, and counts the question.
func (s *Server) lookup(q dns.Question) (answer Answer, attempt int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.queries) < maxQueries {
		s.queries = append(s.queries, q)
	}
	s.asked[q]++
	return s.answers[q.Name], s.asked[q]
}
