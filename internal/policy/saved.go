package policy

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// maxSaved is the maximum length of a saved policy, in bytes. A longer one, which
// has hundreds of mx lines, is not saved: the state of 100,000 domains has to fit
// in a file.
const maxSaved = 8 << 10

// saved is the JSON form of a policy in effect.
type saved struct {
	ID         string    `json:"id"`
	Mode       STS       `json:"mode"`
	MaxAge     int64     `json:"max_age"` // seconds
	MX         []string  `json:"mx,omitempty"`
	Expires    time.Time `json:"expires"`
	CertExpiry time.Time `json:"cert_expiry,omitzero"`
}

// Save returns the policy in effect as JSON, for Source.Restore. It returns nil if
// there is none, or if it is longer than 8 KiB.
func (s *STSState) Save() []byte {
	if s == nil || s.Policy == nil {
		return nil
	}
	data, err := json.Marshal(saved{
		ID: s.ID, Mode: s.Policy.Mode, MaxAge: int64(s.Policy.MaxAge / time.Second), MX: s.Policy.MX,
		Expires: s.Expires.UTC().Truncate(time.Second), CertExpiry: s.CertExpiry,
	})
	if err != nil || len(data) > maxSaved {
		return nil
	}
	return data
}

// parseSaved returns the state of MTA-STS before the first lookup. It does not
// trust the data further than a policy that was fetched: if the clock was set back
// since, the policy expires max_age from now.
func parseSaved(data []byte, now time.Time) (*STSState, error) {
	if len(data) > maxSaved {
		return nil, errors.New("saved policy is longer than 8 KiB")
	}
	var p saved
	if err := json.Unmarshal(data, &p); err != nil {
		return nil, fmt.Errorf("saved policy is not valid JSON: %w", err)
	}
	policy := &STSPolicy{Mode: p.Mode, MaxAge: time.Duration(p.MaxAge) * time.Second}
	for _, mx := range p.MX {
		pattern, err := parseMX(mx)
		if err != nil {
			return nil, err
		}
		policy.MX = append(policy.MX, pattern)
	}
	if p.MaxAge < 0 || p.MaxAge > int64(maxSTSAge/time.Second) {
		return nil, errInvalidMaxAge
	}
	if err := policy.check(); err != nil {
		return nil, err
	}
	if p.ID != "" && !recordID.MatchString(p.ID) {
		return nil, errInvalidID
	}
	expires := p.Expires
	if latest := now.Add(policy.MaxAge); expires.After(latest) {
		expires = latest
	}
	return &STSState{
		State: policy.Mode, Policy: policy, ID: p.ID, Expires: expires, CertExpiry: p.CertExpiry,
		fallback: STSFetchError,
	}, nil
}
