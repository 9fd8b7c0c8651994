package smtptest

import (
	"fmt"
	"net"
	"slices"
	"sync"
	"time"
)

// Server is a running relay.
type Server struct {
	script   Script
	listener net.Listener
	keep     int
	done     chan struct{}
	running  sync.WaitGroup

	mu       sync.Mutex
	changed  *sync.Cond
	closed   bool
	accepted int
	ended    int
	sessions []*record
	conns    map[net.Conn]struct{}
}

// acceptAgain is the pause after a failure to accept a connection.
const acceptAgain = 50 * time.Millisecond

// defaultKeep is how many sessions a server remembers.
const defaultKeep = 1000

// Option is a way to listen other than on a free port of 127.0.0.1.
type Option func(*options)

type options struct {
	network, address string
	listener         net.Listener
	keep             int
}

// On listens on an address, such as ("tcp", "[::1]:0") or ("unix", path).
func On(network, address string) Option {
	return func(o *options) { o.network, o.address = network, address }
}

// From takes connections from a listener, which the server then owns: one that
// reads PROXY protocol headers, for example.
func From(l net.Listener) Option {
	return func(o *options) { o.listener = l }
}

// Keep bounds how many of the latest sessions are remembered.
func Keep(sessions int) Option {
	return func(o *options) { o.keep = sessions }
}

// Listen starts a relay. Close ends it.
func Listen(script Script, opts ...Option) (*Server, error) {
	o := options{network: "tcp", address: "127.0.0.1:0", keep: defaultKeep}
	for _, opt := range opts {
		opt(&o)
	}
	if o.listener == nil {
		l, err := net.Listen(o.network, o.address)
		if err != nil {
			return nil, fmt.Errorf("starting a scripted relay: %w", err)
		}
		o.listener = l
	}
	s := &Server{
		script:   script,
		listener: o.listener,
		keep:     o.keep,
		done:     make(chan struct{}),
		conns:    make(map[net.Conn]struct{}),
	}
	s.changed = sync.NewCond(&s.mu)
	s.running.Go(s.accept)
	return s, nil
}

// Addr is where the relay listens.
func (s *Server) Addr() net.Addr { return s.listener.Addr() }

// Host is the IP address it listens on, or the path of its unix socket.
func (s *Server) Host() string {
	if tcp, ok := s.Addr().(*net.TCPAddr); ok {
		return tcp.IP.String()
	}
	return s.Addr().String()
}

// Port is the TCP port it listens on, 0 for a unix socket.
func (s *Server) Port() uint16 {
	if tcp, ok := s.Addr().(*net.TCPAddr); ok {
		return tcp.AddrPort().Port()
	}
	return 0
}

// Close ends the relay and every session at once, and returns when all its
// goroutines are gone.
func (s *Server) Close() {
	s.mu.Lock()
	if !s.closed {
		s.closed = true
		close(s.done)
		_ = s.listener.Close()
		for conn := range s.conns {
			_ = conn.Close()
		}
		s.changed.Broadcast()
	}
	s.mu.Unlock()
	s.running.Wait()
}

// Sessions is what was recorded so far, the running sessions included, in the
// order in which the clients came.
func (s *Server) Sessions() []Session {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.snapshot()
}

func (s *Server) snapshot() []Session {
	all := make([]Session, len(s.sessions))
	for i, r := range s.sessions {
		all[i] = r.snapshot()
	}
	return all
}

func (s *Server) accept() {
	for {
		conn, err := s.listener.Accept()
		if err == nil {
			s.begin(conn)
			continue
		}
		// Out of file descriptors, for example: nothing that stays.
		select {
		case <-s.done:
			return
		case <-time.After(acceptAgain):
		}
	}
}

func (s *Server) begin(conn net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		_ = conn.Close()
		return
	}
	s.accepted++
	r := newRecord(s.accepted)
	s.sessions = append(s.sessions, r)
	if excess := len(s.sessions) - s.keep; excess > 0 {
		s.sessions = slices.Delete(s.sessions, 0, excess)
	}
	s.conns[conn] = struct{}{}
	c := newConn(s, conn, r)
	s.running.Go(func() {
		c.run()
		s.end(conn)
	})
}

func (s *Server) end(conn net.Conn) {
	_ = conn.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, conn)
	s.ended++
	s.changed.Broadcast()
}
