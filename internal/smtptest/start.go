package smtptest

import "time"

// waitLimit is the time limit of Wait.
const waitLimit = 30 * time.Second

// TB is the part of testing.TB that this package uses. The binary uses this package
// for its demonstration and should not link package testing.
type TB interface {
	// Helper is as in testing.TB.
	Helper()
	// Cleanup is as in testing.TB.
	Cleanup(func())
	// Fatalf is as in testing.TB.
	Fatalf(format string, args ...any)
}

// Start starts a relay that is closed when the test ends.
func Start(t TB, script Script, opts ...Option) *Server {
	t.Helper()
	s, err := Listen(script, opts...)
	if err != nil {
		t.Fatalf("%v", err)
	}
	t.Cleanup(s.Close)
	return s
}

// Session waits until a session has ended and returns the first session, for tests
// that have only one.
func (s *Server) Session(t TB) Session {
	t.Helper()
	return s.Wait(t, 1)[0]
}

// Wait waits until n sessions have ended and returns all recorded sessions. The test
// fails if that takes more than 30 seconds.
func (s *Server) Wait(t TB, n int) []Session {
	t.Helper()
	expired := false
	timer := time.AfterFunc(waitLimit, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		expired = true
		s.changed.Broadcast()
	})
	defer timer.Stop()

	s.mu.Lock()
	for s.ended < n && !expired && !s.closed {
		s.changed.Wait()
	}
	ended, all := s.ended, s.snapshot()
	s.mu.Unlock()
	if ended < n {
		t.Fatalf("waited for %d sessions with the relay to end; %d did", n, ended)
	}
	return all
}
