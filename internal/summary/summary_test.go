package summary

import (
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

func refusal(t *testing.T, phase smtperr.Phase, code int, text string) *smtperr.Error {
	t.Helper()
	err := smtperr.ClassifyReply(phase, smtperr.NewReply(code, []string{text}), smtperr.Session{})
	e, ok := errors.AsType[*smtperr.Error](err)
	require.True(t, ok)
	return e
}

func TestOf_Success(t *testing.T) {
	t.Parallel()
	reply := smtperr.NewReply(250, []string{"2.0.0 ok"})
	s := Of(&smtpprobe.Result{Depth: smtpprobe.DepthEHLO, Expected: true, Reply: &reply})
	require.Equal(t, Verdict{Class: "none", Reason: "none", Phase: "done", Fault: "none", Code: 250, EnhancedCode: "2.0.0"}, s.Verdict)
	require.Equal(t, "250", s.CodeText())
	require.False(t, s.Failed())
	require.Nil(t, s.Temporary)
	require.Empty(t, s.Error+s.Advice+s.Retry)
}

func TestOf_NoReply(t *testing.T) {
	t.Parallel()
	s := Of(&smtpprobe.Result{Err: smtperr.New(smtperr.ClassConnectTimeout, "", smtperr.PhaseConnect, nil)})
	require.Equal(t, "none", s.CodeText())
	require.Equal(t, "none", s.Reason)
	require.Equal(t, "connect", s.Phase)
}

func TestOf_Failure(t *testing.T) {
	t.Parallel()
	e := refusal(t, smtperr.PhaseAuth, 535, "5.7.8 wrong")
	s := Of(&smtpprobe.Result{
		Depth: smtpprobe.DepthAuth, Err: e, Reply: e.Reply, Total: 1500 * time.Millisecond,
		Phases: []smtpprobe.PhaseResult{
			{Phase: smtperr.PhaseGreeting, Duration: time.Second, Complete: true, Code: 220},
			{Phase: smtperr.PhaseAuth, Duration: time.Millisecond, Complete: true, Code: 535, Err: e},
		},
	})
	require.Equal(t, Verdict{
		Class: "auth_failed", ClassCode: int(smtperr.ClassAuthFailed), Reason: "auth_credentials_invalid",
		Phase: "auth", Fault: "credentials", Code: 535, EnhancedCode: "5.7.8",
	}, s.Verdict)
	require.True(t, s.Failed())
	require.False(t, *s.Temporary)
	require.Equal(t, "never", s.Retry)
	require.Equal(t, e.Error(), s.Error)
	require.Equal(t, e.Advice(), s.Advice)
	require.Equal(t, "none", s.FindPhase("greeting").Class)
	require.Equal(t, "auth_failed", s.FindPhase("auth").Class)
	require.Nil(t, s.FindPhase("mail"))
}

func TestOf_STARTTLSRefusal(t *testing.T) {
	t.Parallel()
	refused := refusal(t, smtperr.PhaseSTARTTLS, 454, "4.7.0 TLS not\tavailable")
	phase := smtpprobe.PhaseResult{Phase: smtperr.PhaseSTARTTLS, Complete: true, Code: 454}
	withError := phase
	withError.Err = refused
	for _, tt := range []struct {
		name    string
		result  smtpprobe.Result
		refusal string
	}{
		{name: "no STARTTLS", result: smtpprobe.Result{}},
		{name: "accepted", result: smtpprobe.Result{Phases: []smtpprobe.PhaseResult{{Phase: smtperr.PhaseSTARTTLS, Code: 220}}}},
		{name: "refused", result: smtpprobe.Result{Phases: []smtpprobe.PhaseResult{withError}}, refusal: `454 4.7.0 TLS not\tavailable`},
		{name: "refused, without the text", result: smtpprobe.Result{Phases: []smtpprobe.PhaseResult{phase}}, refusal: "454"},
		{name: "refused, as the verdict", result: smtpprobe.Result{Err: refused, Phases: []smtpprobe.PhaseResult{withError}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tt.refusal, Of(&tt.result).STARTTLSRefusal)
		})
	}
}

func TestOf_Recipients(t *testing.T) {
	t.Parallel()
	e := refusal(t, smtperr.PhaseRcpt, 550, "5.1.1 no\x1b[31m such user")
	ok := smtperr.NewReply(250, []string{"2.1.5 ok"})
	s := Of(&smtpprobe.Result{Recipients: []smtpprobe.RecipientResult{
		{Address: "a@example.org", Accepted: true, Reply: &ok},
		{Address: "b@example.org", Reply: e.Reply, Err: e, Duration: time.Second},
		{Address: "c@example.org"},
	}})
	require.Equal(t, []Recipient{
		{Address: "a@example.org", Accepted: true, Code: 250, Reply: "250 2.1.5 ok", Class: "none", Reason: "none", EnhancedCode: "2.1.5"},
		{
			Address: "b@example.org", Time: Seconds(time.Second), Code: 550, Error: e.Error(),
			Reply: `550 5.1.1 no\x1b[31m such user`, Class: e.Class.String(), Reason: "mailbox_unknown", EnhancedCode: "5.1.1",
		},
		{Address: "c@example.org", Class: "none", Reason: "none"},
	}, s.Recipients)
}

func TestOf_Certificate(t *testing.T) {
	t.Parallel()
	leaf := &x509.Certificate{NotAfter: time.Date(2027, 2, 19, 12, 0, 0, 0, time.UTC)}
	for i := range 25 {
		leaf.DNSNames = append(leaf.DNSNames, fmt.Sprintf("mx%d.example.org\n", i))
	}
	s := Of(&smtpprobe.Result{TLS: &smtpprobe.TLSState{Leaf: leaf, Problems: []*smtperr.Error{{Details: []string{"bad\nthing"}}}}})
	require.Equal(t, leaf.NotAfter, s.TLS.Expiry)
	require.Len(t, s.TLS.Names, 21)
	require.Equal(t, `mx0.example.org\n`, s.TLS.Names[0])
	require.Equal(t, "and 5 more", s.TLS.Names[20])
	require.Equal(t, []string{`bad\nthing`}, s.TLS.Problems)
	require.Len(t, leaf.DNSNames, 25, "the certificate is unchanged")
}

func TestSeconds_JSON(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{0: "0", time.Microsecond: "0.000001", 1500 * time.Millisecond: "1.5"} {
		got, err := json.Marshal(Seconds(d))
		require.NoError(t, err)
		require.Equal(t, want, string(got))
	}
}
