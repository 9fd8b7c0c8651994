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
	tls := smtpprobe.PhaseResult{Phase: smtperr.PhaseTLS}
	failed := func(class smtperr.Class, phase smtperr.Phase) error { return smtperr.New(class, "", phase, nil) }
	phases := func(p ...smtpprobe.PhaseResult) []smtpprobe.PhaseResult { return p }
	for _, tt := range []struct {
		name   string
		result smtpprobe.Result
		want   Encryption
	}{
		{name: "failed connection", result: smtpprobe.Result{Err: failed(smtperr.ClassConnectError, smtperr.PhaseConnect), Phases: phases(smtpprobe.PhaseResult{Phase: smtperr.PhaseConnect})}, want: Unknown},
		{name: "554 greeting", result: smtpprobe.Result{Err: failed(smtperr.ClassServiceUnavailable, smtperr.PhaseGreeting),
			Phases: phases(smtpprobe.PhaseResult{Phase: smtperr.PhaseGreeting, Complete: true, Code: 554})}, want: Unknown},
		{name: "no reply to EHLO", result: smtpprobe.Result{Phases: phases(smtpprobe.PhaseResult{Phase: smtperr.PhaseEHLO})}, want: Unknown},
		{name: "STARTTLS not offered", result: smtpprobe.Result{Phases: phases(ehlo), Capabilities: &smtpprobe.Capabilities{}}, want: NotOffered},
		{name: "EHLO refused, HELO accepted", result: smtpprobe.Result{Phases: phases(
			smtpprobe.PhaseResult{Phase: smtperr.PhaseEHLO, Complete: true, Code: 502}, smtpprobe.PhaseResult{Phase: smtperr.PhaseHELO, Complete: true, Code: 250})}, want: NotOffered},
		{name: "EHLO and HELO refused", result: smtpprobe.Result{Phases: phases(
			smtpprobe.PhaseResult{Phase: smtperr.PhaseEHLO, Complete: true, Code: 550}, smtpprobe.PhaseResult{Phase: smtperr.PhaseHELO, Complete: true, Code: 550})}, want: Unknown},
		{name: "454 for STARTTLS", result: smtpprobe.Result{Phases: phases(ehlo, smtpprobe.PhaseResult{Phase: smtperr.PhaseSTARTTLS, Complete: true, Code: 454})}, want: NotOffered},
		{name: "STARTTLS withdrawn", result: smtpprobe.Result{Err: failed(smtperr.ClassNotSupported, smtperr.PhaseSTARTTLS), Phases: phases(ehlo, smtpprobe.PhaseResult{Phase: smtperr.PhaseSTARTTLS})}, want: NotOffered},
		{name: "no reply to STARTTLS", result: smtpprobe.Result{Err: failed(smtperr.ClassReadTimeout, smtperr.PhaseSTARTTLS), Phases: phases(ehlo, smtpprobe.PhaseResult{Phase: smtperr.PhaseSTARTTLS})}, want: Unknown},
		{name: "failed handshake", result: smtpprobe.Result{Err: failed(smtperr.ClassTLSError, smtperr.PhaseTLS), Phases: phases(ehlo, starttls, tls)}, want: Failed},
		{name: "canceled handshake", result: smtpprobe.Result{Err: failed(smtperr.ClassCanceled, smtperr.PhaseTLS), Phases: phases(ehlo, starttls, tls)}, want: Unknown},
		{name: "local error in the handshake", result: smtpprobe.Result{Err: failed(smtperr.ClassLocalError, smtperr.PhaseTLS), Phases: phases(ehlo, starttls, tls)}, want: Unknown},
		{name: "certificate not accepted by the probe", result: smtpprobe.Result{Err: failed(smtperr.ClassTLSVerifyError, smtperr.PhaseTLS), TLS: &smtpprobe.TLSState{Chain: leaf},
			Phases: phases(ehlo, starttls, tls)}, want: Established},
		{name: "failed handshake after the certificate", result: smtpprobe.Result{Err: failed(smtperr.ClassTLSError, smtperr.PhaseTLS), TLS: &smtpprobe.TLSState{Chain: leaf},
			Phases: phases(ehlo, starttls, tls)}, want: Failed},
		{name: "established", result: smtpprobe.Result{TLS: &smtpprobe.TLSState{Chain: leaf, Complete: true}, Phases: phases(ehlo, starttls, tls)}, want: Established},
		{name: "established, MAIL refused", result: smtpprobe.Result{Err: failed(smtperr.ClassSenderRefused, smtperr.PhaseMail), TLS: &smtpprobe.TLSState{Chain: leaf, Complete: true},
			Phases: phases(ehlo, starttls, tls)}, want: Established},
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
