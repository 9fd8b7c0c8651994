package token

import "time"

// AdvanceClock moves the clock of a source forward.
func (s *Source) AdvanceClock(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now
	s.now = func() time.Time { return now().Add(d) }
}
