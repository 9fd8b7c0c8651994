package policy

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// restarted returns a new Source with the policy that was in effect before.
func restarted(t *testing.T, p *policyServer, clock *clock, saved []byte) *Source {
	t.Helper()
	s, _ := testSource(t, stsZone(nil), p.use, func(o *Options) { o.Interval, o.Now = time.Minute, clock.Now })
	require.NoError(t, s.Restore("Domain.test.", saved))
	return s
}

func TestSource_Restore(t *testing.T) {
	t.Parallel()
	clock := newClock()
	p := startPolicyServer(t, serve(goodPolicy))
	s, _ := testSource(t, stsZone(nil), p.use, func(o *Options) { o.Interval, o.Now = time.Minute, clock.Now })
	before := s.Domain(t.Context(), "domain.test").Get(t.Context()).STS
	data := before.Save()
	require.NotEmpty(t, data)

	p.handler = http.NotFound
	clock.advance(23 * time.Hour)
	s = restarted(t, p, clock, data)
	state := s.Domain(t.Context(), "domain.test").Get(t.Context()).STS
	require.Equal(t, int64(2), p.requests.Load())
	require.Equal(t, STSEnforce, state.State)
	require.Equal(t, STSPolicyFetchError, state.Failure)
	require.Equal(t, before.Policy, state.Policy)
	require.Equal(t, before.ID, state.ID)
	require.True(t, before.CertExpiry.Equal(state.CertExpiry))
	require.Equal(t, data, state.Save())

	clock.advance(2 * time.Hour)
	s = restarted(t, p, clock, data)
	state = s.Domain(t.Context(), "domain.test").Get(t.Context()).STS
	require.Equal(t, STSFetchError, state.State, "max_age has ended")
	require.Nil(t, state.Policy)
	require.Nil(t, state.Save())
}

func TestSource_RestoreSlowPolicyHost(t *testing.T) {
	t.Parallel()
	clock := newClock()
	reply := make(chan struct{})
	p := startPolicyServer(t, func(w http.ResponseWriter, r *http.Request) {
		<-reply
		serve(strings.Replace(goodPolicy, "enforce", "testing", 1))(w, r)
	})
	s := restarted(t, p, clock, []byte(`{"id":"1","mode":"enforce","max_age":60,"mx":["mx.domain.test"],"expires":"2999-01-01T00:00:00Z"}`))
	a := s.Domain(t.Context(), "domain.test")
	<-a.mx.done
	state := a.Get(ended(t)).STS
	require.Equal(t, STSEnforce, state.State)
	require.Equal(t, STSFetchError, state.at(clock.Now().Add(time.Minute)).State, "max_age counts from now at the latest")
	close(reply)
	require.Equal(t, STSTesting, a.Get(t.Context()).STS.State)
	require.NoError(t, s.Restore("domain.test", []byte(`{"mode":"none","max_age":60,"expires":"2999-01-01T00:00:00Z"}`)))
	require.Equal(t, STSTesting, s.Domain(t.Context(), "domain.test").Get(t.Context()).STS.State, "restored over a newer policy")
}

func TestSource_RestoreInvalid(t *testing.T) {
	t.Parallel()
	s := NewSource(Options{})
	for name, data := range map[string]string{
		"empty":            ``,
		"array":            `[]`,
		"no mode":          `{"max_age":60}`,
		"unknown mode":     `{"mode":"strict","max_age":60,"mx":["a.test"]}`,
		"no mx":            `{"mode":"enforce","max_age":60}`,
		"invalid mx":       `{"mode":"enforce","max_age":60,"mx":["a b"]}`,
		"negative max_age": `{"mode":"none","max_age":-1}`,
		"long max_age":     `{"mode":"none","max_age":31557601}`,
		"invalid id":       `{"mode":"none","max_age":60,"id":"a b"}`,
		"too long":         `{"mode":"none","max_age":60}` + strings.Repeat(" ", maxSaved),
	} {
		require.Error(t, s.Restore("domain.test", []byte(data)), name)
	}
	require.Empty(t, s.sts.answers)
	require.NoError(t, s.Restore("domain.test", []byte(`{"mode":"none","max_age":60,"expires":"2020-01-01T00:00:00Z"}`)))
	require.Empty(t, s.sts.answers, "an expired policy")
}

func TestSTSState_Save(t *testing.T) {
	t.Parallel()
	var missing *STSState
	require.Nil(t, missing.Save())
	require.Nil(t, (&STSState{State: STSNone}).Save())
	policy := &STSPolicy{Mode: STSEnforce, MaxAge: time.Hour}
	for i := range 1000 {
		policy.MX = append(policy.MX, fmt.Sprintf("mx%d.test", i))
	}
	require.Nil(t, (&STSState{State: STSEnforce, Policy: policy}).Save(), "a policy of more than 8 KiB")
	policy.MX = policy.MX[:1]
	require.True(t, json.Valid((&STSState{State: STSEnforce, Policy: policy}).Save()))
}
