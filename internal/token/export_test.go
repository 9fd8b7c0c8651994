package token

import "time"

// Later lets a source's clock run ahead.
func (s *Source) Later(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now
	s.now = func() time.Time { return now().Add(d) }
}
