package smtptest

import "time"

// waitLimit is how long a test waits for what never comes.
const waitLimit = 30 * time.Second

// TB is what this package needs of testing.TB. The demonstration uses this
// package, too, and must not link package testing.
type TB interface {
	// Helper is as in testing.TB.
	Helper()
	// Cleanup is as in testing.TB.
	Cleanup(func())
	// Fatalf is as in testing.TB.
	Fatalf(format string, args ...any)
}

// Start is Listen for tests: the relay ends with the test.
func Start(t TB, script Script, opts ...Option) *Server {
	t.Helper()
	s, err := Listen(script, opts...)
	if err != nil {
		t.Fatalf("%v", err)
	}
	t.Cleanup(s.Close)
	return s
}

// Wait waits until n sessions have ended and returns all there were. The test
// fails when that takes unreasonably long.
func (s *Server) Wait(t TB, n int) []Session {
	t.Helper()
	late := false
	timer := time.AfterFunc(waitLimit, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		late = true
		s.changed.Broadcast()
	})
	defer timer.Stop()

	s.mu.Lock()
	for s.ended < n && !late && !s.closed {
		s.changed.Wait()
	}
	ended, all := s.ended, s.snapshot()
	s.mu.Unlock()
	if ended < n {
		t.Fatalf("waited for %d sessions with the relay to end; %d did", n, ended)
	}
	return all
}
