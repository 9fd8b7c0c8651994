package policy

import (
	"crypto/x509"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

func TestObserved(t *testing.T) {
	t.Parallel()
	leaf := []*x509.Certificate{{}}
	ehlo := smtpprobe.PhaseResult{Phase: smtperr.PhaseEHLO, Complete: true, Code: 250}
	starttls := smtpprobe.PhaseResult{Phase: smtperr.PhaseSTARTTLS, Complete: true, Code: 220}
	handshake := smtpprobe.PhaseResult{Phase: smtperr.PhaseTLS}
	with := func(class smtperr.Class, phase smtperr.Phase) error { return smtperr.New(class, "", phase, nil) }
	phases := func(p ...smtpprobe.PhaseResult) []smtpprobe.PhaseResult { return p }
	for _, tt := range []struct {
		name   string
		result smtpprobe.Result
		want   Encryption
	}{
		{name: "unreachable", result: smtpprobe.Result{Err: with(smtperr.ClassConnectError, smtperr.PhaseConnect), Phases: phases(smtpprobe.PhaseResult{Phase: smtperr.PhaseConnect})}, want: Unknown},
		{name: "refused in the greeting", result: smtpprobe.Result{Err: with(smtperr.ClassServiceUnavailable, smtperr.PhaseGreeting),
			Phases: phases(smtpprobe.PhaseResult{Phase: smtperr.PhaseGreeting, Complete: true, Code: 554})}, want: Unknown},
		{name: "EHLO without a reply", result: smtpprobe.Result{Phases: phases(smtpprobe.PhaseResult{Phase: smtperr.PhaseEHLO})}, want: Unknown},
		{name: "not offered", result: smtpprobe.Result{Phases: phases(ehlo), Capabilities: &smtpprobe.Capabilities{}}, want: NotOffered},
		{name: "HELO only", result: smtpprobe.Result{Phases: phases(
			smtpprobe.PhaseResult{Phase: smtperr.PhaseEHLO, Complete: true, Code: 502}, smtpprobe.PhaseResult{Phase: smtperr.PhaseHELO, Complete: true, Code: 250})}, want: NotOffered},
		{name: "EHLO and HELO refused", result: smtpprobe.Result{Phases: phases(
			smtpprobe.PhaseResult{Phase: smtperr.PhaseEHLO, Complete: true, Code: 550}, smtpprobe.PhaseResult{Phase: smtperr.PhaseHELO, Complete: true, Code: 550})}, want: Unknown},
		{name: "STARTTLS refused", result: smtpprobe.Result{Phases: phases(ehlo, smtpprobe.PhaseResult{Phase: smtperr.PhaseSTARTTLS, Complete: true, Code: 454})}, want: NotOffered},
		{name: "STARTTLS withdrawn", result: smtpprobe.Result{Err: with(smtperr.ClassNotSupported, smtperr.PhaseSTARTTLS), Phases: phases(ehlo, smtpprobe.PhaseResult{Phase: smtperr.PhaseSTARTTLS})}, want: NotOffered},
		{name: "STARTTLS without a reply", result: smtpprobe.Result{Err: with(smtperr.ClassReadTimeout, smtperr.PhaseSTARTTLS), Phases: phases(ehlo, smtpprobe.PhaseResult{Phase: smtperr.PhaseSTARTTLS})}, want: Unknown},
		{name: "handshake failed", result: smtpprobe.Result{Err: with(smtperr.ClassTLSError, smtperr.PhaseTLS), Phases: phases(ehlo, starttls, handshake)}, want: Failed},
		{name: "handshake canceled", result: smtpprobe.Result{Err: with(smtperr.ClassCanceled, smtperr.PhaseTLS), Phases: phases(ehlo, starttls, handshake)}, want: Unknown},
		{name: "handshake failed by this machine", result: smtpprobe.Result{Err: with(smtperr.ClassLocalError, smtperr.PhaseTLS), Phases: phases(ehlo, starttls, handshake)}, want: Unknown},
		{name: "refused by the probe", result: smtpprobe.Result{Err: with(smtperr.ClassTLSVerifyError, smtperr.PhaseTLS), TLS: &smtpprobe.TLSState{Chain: leaf},
			Phases: phases(ehlo, starttls, handshake)}, want: Established},
		{name: "handshake failed after the certificate", result: smtpprobe.Result{Err: with(smtperr.ClassTLSError, smtperr.PhaseTLS), TLS: &smtpprobe.TLSState{Chain: leaf},
			Phases: phases(ehlo, starttls, handshake)}, want: Failed},
		{name: "established", result: smtpprobe.Result{TLS: &smtpprobe.TLSState{Chain: leaf, Complete: true}, Phases: phases(ehlo, starttls, handshake)}, want: Established},
		{name: "established, refused later", result: smtpprobe.Result{Err: with(smtperr.ClassSenderRefused, smtperr.PhaseMail), TLS: &smtpprobe.TLSState{Chain: leaf, Complete: true},
			Phases: phases(ehlo, starttls, handshake)}, want: Established},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := Observed(&smtpprobe.Target{Host: "mx.test", Domain: "test"}, &tt.result)
			require.Equal(t, tt.want, s.Encryption)
			require.Equal(t, tt.want == Established, len(s.Chain) > 0)
			require.Equal(t, "mx.test", s.Host)
			require.Equal(t, "test", s.Domain)
		})
	}
	for version, old := range map[string]bool{"TLS 1.0": true, "TLS 1.1": true, "TLS 1.2": false, "TLS 1.3": false} {
		s := Observed(&smtpprobe.Target{}, &smtpprobe.Result{TLS: &smtpprobe.TLSState{Chain: leaf, Complete: true, Version: version}})
		require.Equal(t, old, s.OldTLS)
	}
}
