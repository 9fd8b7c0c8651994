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

// acceptPause is the pause after an error of Accept.
const acceptPause = 50 * time.Millisecond

// defaultKeep is the default of Keep.
const defaultKeep = 1000

// Option changes how a server listens or what it records. By default it listens on
// a free port of 127.0.0.1.
type Option func(*options)

type options struct {
	network, address string
	listener         net.Listener
	keep             int
}

// On makes the server listen on an address, such as ("tcp", "[::1]:0") or
// ("unix", path).
func On(network, address string) Option {
	return func(o *options) { o.network, o.address = network, address }
}

// From makes the server accept connections from a listener, which it closes in the
// end. The listener may read PROXY protocol headers, for example.
func From(l net.Listener) Option {
	return func(o *options) { o.listener = l }
}

// Keep sets how many sessions are recorded; older ones are dropped. The default is
// 1000.
func Keep(sessions int) Option {
	return func(o *options) { o.keep = sessions }
}

// Listen starts a relay, which runs until Close. Tests call Start instead.
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

// Addr returns the address of the listener.
func (s *Server) Addr() net.Addr { return s.listener.Addr() }

// Host returns the IP address of the listener, or the path of its unix socket.
func (s *Server) Host() string {
	if tcp, ok := s.Addr().(*net.TCPAddr); ok {
		return tcp.IP.String()
	}
	return s.Addr().String()
}

// Port returns the TCP port of the listener, or 0 for a unix socket.
func (s *Server) Port() uint16 {
	if tcp, ok := s.Addr().(*net.TCPAddr); ok {
		return tcp.AddrPort().Port()
	}
	return 0
}

// Close stops the relay and ends all sessions immediately. It returns after all
// goroutines have ended.
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

// Sessions returns the recorded sessions, including running ones, in the order of
// their connections.
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
		// The error may be temporary, such as too many open files.
		select {
		case <-s.done:
			return
		case <-time.After(acceptPause):
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
