package smtpprobe

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"math/big"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/state"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

var began = time.Unix(1_800_000_000, 123)

func reply(code int, text string) *smtperr.Reply {
	r := smtperr.NewReply(code, []string{text})
	return &r
}

func done(phase smtperr.Phase, code int, duration time.Duration) smtpprobe.PhaseResult {
	return smtpprobe.PhaseResult{Phase: phase, Duration: duration, Complete: true, Code: code}
}

// healthyResult returns the result of a session over STARTTLS.
func healthyResult() *smtpprobe.Result {
	return &smtpprobe.Result{
		Depth: smtpprobe.DepthEHLO, Start: began, Total: 100 * time.Millisecond, RemoteAddr: "192.0.2.1:25", Expected: true,
		Phases: []smtpprobe.PhaseResult{
			done(smtperr.PhaseDNS, 0, 10*time.Millisecond),
			done(smtperr.PhaseConnect, 0, 20*time.Millisecond),
			done(smtperr.PhaseGreeting, 220, 30*time.Millisecond),
			done(smtperr.PhaseEHLO, 250, 5*time.Millisecond),
			done(smtperr.PhaseSTARTTLS, 220, 6*time.Millisecond),
			done(smtperr.PhaseTLS, 0, 7*time.Millisecond),
			done(smtperr.PhaseQuit, 221, 8*time.Millisecond),
		},
		Reply:     reply(250, "relay.example"),
		LocalAddr: netip.MustParseAddr("192.0.2.77"), GreetingHost: "mx1.relay.example", EHLOHost: "relay.example",
		TLS: &smtpprobe.TLSState{
			Version: "TLS 1.3", Cipher: "TLS_AES_128_GCM_SHA256", Group: "X25519MLKEM768", Complete: true, Verified: true,
			Leaf:        &x509.Certificate{Raw: []byte("leaf"), NotAfter: began.Add(48 * time.Hour), Issuer: pkix.Name{Organization: []string{"Example CA"}, CommonName: "R1"}, PublicKey: &ecdsa.PublicKey{Curve: elliptic.P256()}},
			ChainExpiry: began.Add(24 * time.Hour),
		},
		PlainCaps:    &smtpprobe.Capabilities{Extensions: map[string]string{"STARTTLS": ""}},
		Capabilities: &smtpprobe.Capabilities{Extensions: map[string]string{"SIZE": "1000", "AUTH": "PLAIN", "8BITMIME": ""}, Auth: []string{"LOGIN", "PLAIN"}, Size: 1000, HasSize: true, Limits: smtpprobe.Limits{Mail: 20, Rcpt: 100, RcptDomain: 3}},
	}
}

var stable = []tag{{"port", "25"}, {"relay", "r"}, {"source", "relay.example"}, {"tls", "opportunistic"}}

// after returns an observation of a target with earlier probes.
func after(failures int64, lastSuccess time.Time, r *smtpprobe.Result) *observation {
	o := observe(r)
	o.known = &state.Target{Failures: failures, LastSuccess: lastSuccess, ProbesTotal: 10, FailuresTotal: failures}
	return o
}

// reported returns the metrics of one result.
func reported(t *testing.T, o *observation, metrics ...string) *record {
	t.Helper()
	p := New()
	for _, m := range metrics {
		p.phases = p.phases || m == "phase"
		p.recipients = p.recipients || m == "recipient"
	}
	acc := newRecord(t)
	p.report(acc, stable, o)
	return acc
}

func TestMetric_Success(t *testing.T) {
	t.Parallel()
	m := reported(t, after(0, began.Add(100*time.Millisecond), healthyResult())).only(t, "smtpprobe")
	require.Equal(t, map[string]string{
		"relay": "r", "source": "relay.example", "port": "25", "tls": "opportunistic", "probe": "ehlo",
		"error_class": "none", "reason": "none", "reply_code": "250", "phase": "done", "fault": "none",
	}, m.Tags())
	require.Equal(t, map[string]any{
		"success": int64(1), "result": "none", "result_reason": "none", "result_phase": "done", "result_fault": "none",
		"result_code": int64(0), "smtp_code": int64(250), "remote_address": "192.0.2.1:25", "total_time": 0.1,
		"dns_time": 0.01, "connect_time": 0.02, "greeting_time": 0.03, "ehlo_time": 0.005, "starttls_time": 0.006, "tls_time": 0.007, "quit_time": 0.008,
		"greeting_code": int64(220), "ehlo_code": int64(250), "starttls_code": int64(220), "quit_code": int64(221),
		"consecutive_failures": int64(0), "seconds_since_success": int64(0), "probes_total": int64(10), "failures_total": int64(0),
		"tls_version": "TLS 1.3", "tls_cipher": "TLS_AES_128_GCM_SHA256", "tls_verified": int64(1), "tls_group": "X25519MLKEM768",
		"cert_expiry": int64(172800), "chain_expiry": int64(86400), "cert_fingerprint": "9f91161f43433e49", "cert_issuer": "Example CA", "cert_key": "ECDSA-256",
		"local_address": "192.0.2.77", "greeting_host": "mx1.relay.example", "ehlo_host": "relay.example",
		"limits_mail": int64(20), "limits_rcpt": int64(100), "limits_rcptdomain": int64(3),
		"extensions": "8BITMIME,AUTH,SIZE", "auth_mechanisms": "LOGIN,PLAIN", "size_limit": int64(1000), "capabilities_changed": int64(0),
	}, m.Fields())
	require.Equal(t, began.UnixNano(), m.Time().UnixNano())
}

func TestMetric_ConnectionRefused(t *testing.T) {
	t.Parallel()
	err := smtperr.New(smtperr.ClassConnectError, "refused", smtperr.PhaseConnect, errors.New("connection refused"))
	m := reported(t, after(3, time.Time{}, &smtpprobe.Result{
		Depth: smtpprobe.DepthEHLO, Start: began, Total: 2 * time.Millisecond, Err: err,
		Phases: []smtpprobe.PhaseResult{{Phase: smtperr.PhaseConnect, Duration: time.Millisecond, Err: err}},
	})).only(t, "smtpprobe")
	require.Equal(t, map[string]any{
		"success": int64(0), "result": "connect_error", "result_reason": "refused", "result_phase": "connect", "result_fault": "network",
		"result_code": int64(7), "smtp_code": int64(0), "total_time": 0.002, "failed_phase_time": 0.001, "consecutive_failures": int64(3),
		"probes_total": int64(10), "failures_total": int64(3),
		"temporary": int64(1), "error": "smtp: connect: connection refused",
	}, m.Fields())
	require.Equal(t, "none", m.Tags()["reply_code"])
}

func TestMetric_Refusal(t *testing.T) {
	t.Parallel()
	err := &smtperr.Error{Class: smtperr.ClassRecipientRefused, Reason: smtperr.ReasonRelayDenied, Phase: smtperr.PhaseRcpt, Reply: reply(550, "5.7.1 relaying denied")}
	rcpt := done(smtperr.PhaseRcpt, 550, 40*time.Millisecond)
	rcpt.Err = err
	r := &smtpprobe.Result{
		Depth: smtpprobe.DepthRcpt, Start: began, Total: time.Second, Err: err, Reply: err.Reply,
		Phases: []smtpprobe.PhaseResult{rcpt},
		Recipients: []smtpprobe.RecipientResult{
			{Address: "a@b.example", Reply: err.Reply, Err: err, Duration: 30 * time.Millisecond},
			{Address: "c@d.example", Reply: reply(250, "ok"), Accepted: true, Duration: 10 * time.Millisecond},
			{Address: "never@asked.example"},
		},
	}
	acc := reported(t, observe(r), "recipient")
	m := acc.only(t, "smtpprobe")
	for field, expected := range map[string]any{
		"rcpt_time": 0.04, "failed_phase_time": 0.04, "rcpt_code": int64(550), "smtp_code": int64(550), "enhanced_code": "5.7.1", "temporary": int64(0),
		"recipients_accepted": int64(1), "recipients_refused": int64(1),
	} {
		require.Equal(t, expected, m.Fields()[field], field)
	}
	require.Equal(t, "550", m.Tags()["reply_code"])
	require.Equal(t, "rcpt", m.Tags()["phase"])
	require.NotContains(t, m.Fields(), "message_accepted")

	recipients := acc.named("smtpprobe_recipient")
	require.Len(t, recipients, 2)
	require.Equal(t, map[string]any{"accepted": int64(0), "duration": 0.03, "smtp_code": int64(550), "enhanced_code": "5.7.1"}, recipients[0].Fields())
	require.Equal(t, map[string]string{
		"relay": "r", "source": "relay.example", "port": "25", "tls": "opportunistic", "probe": "rcpt",
		"recipient": "a@b.example", "error_class": "recipient_refused", "reason": string(err.Reason), "reply_code": "550",
	}, recipients[0].Tags())
	require.Equal(t, map[string]any{"accepted": int64(1), "duration": 0.01, "smtp_code": int64(250)}, recipients[1].Fields())
	require.Equal(t, "none", recipients[1].Tags()["error_class"])
}

func TestMetric_ExpectedFailure(t *testing.T) {
	t.Parallel()
	err := &smtperr.Error{Class: smtperr.ClassGreetingRefused, Reason: smtperr.ReasonAccessDenied, Phase: smtperr.PhaseGreeting, Reply: reply(554, "go away")}
	greeting := done(smtperr.PhaseGreeting, 554, time.Millisecond)
	m := reported(t, observe(&smtpprobe.Result{
		Depth: smtpprobe.DepthConnect, Start: began, Err: err, Expected: true, Reply: err.Reply, Phases: []smtpprobe.PhaseResult{greeting},
	})).only(t, "smtpprobe")
	require.Equal(t, int64(1), m.Fields()["success"])
	require.Equal(t, "greeting_refused", m.Tags()["error_class"])
	require.InEpsilon(t, 0.001, m.Fields()["failed_phase_time"], 1e-9)
	require.NotContains(t, m.Fields(), "error")
	require.NotContains(t, m.Fields(), "temporary")
}

func TestMetric_IncompletePhase(t *testing.T) {
	t.Parallel()
	err := smtperr.New(smtperr.ClassReadTimeout, smtperr.ReasonNoGreeting, smtperr.PhaseGreeting, nil)
	acc := reported(t, observe(&smtpprobe.Result{
		Depth: smtpprobe.DepthEHLO, Start: began, Err: err,
		Phases: []smtpprobe.PhaseResult{
			done(smtperr.PhaseConnect, 0, time.Millisecond),
			{Phase: smtperr.PhaseGreeting, Duration: 5 * time.Second, Err: err},
		},
	}), "phase")
	fields := acc.only(t, "smtpprobe").Fields()
	require.NotContains(t, fields, "greeting_time")
	require.NotContains(t, fields, "greeting_code")
	require.InEpsilon(t, 5.0, fields["failed_phase_time"], 1e-9)
	require.InEpsilon(t, 0.001, fields["connect_time"], 1e-9)

	phases := acc.named("smtpprobe_phase")
	require.Len(t, phases, 2)
	require.Equal(t, map[string]any{"duration": 5.0, "code": int64(0)}, phases[1].Fields())
	require.Equal(t, map[string]string{
		"relay": "r", "source": "relay.example", "port": "25", "tls": "opportunistic", "probe": "ehlo",
		"phase": "greeting", "error_class": "read_timeout", "reply_code": "none",
	}, phases[1].Tags())
	require.Equal(t, "none", phases[0].Tags()["error_class"])
}

func TestMetric_OutcomeUnknown(t *testing.T) {
	t.Parallel()
	err := smtperr.New(smtperr.ClassDisconnected, smtperr.ReasonClosed, smtperr.PhaseDot, nil)
	err.OutcomeUnknown = true
	m := reported(t, observe(&smtpprobe.Result{Depth: smtpprobe.DepthSend, Start: began, Err: err, DotSent: true})).only(t, "smtpprobe")
	require.Equal(t, int64(1), m.Fields()["outcome_unknown"])
	require.Equal(t, int64(0), m.Fields()["message_accepted"])
}

func TestMetric_BadCertificate(t *testing.T) {
	t.Parallel()
	err := smtperr.New(smtperr.ClassTLSVerifyError, smtperr.ReasonExpired, smtperr.PhaseTLS, nil)
	m := reported(t, observe(&smtpprobe.Result{
		Depth: smtpprobe.DepthEHLO, Start: began, Err: err, TLS: &smtpprobe.TLSState{Leaf: &x509.Certificate{NotAfter: began.Add(-time.Hour)}},
	})).only(t, "smtpprobe")
	require.Equal(t, int64(0), m.Fields()["tls_verified"])
	require.Equal(t, int64(-3600), m.Fields()["cert_expiry"])
	require.NotContains(t, m.Fields(), "tls_version")
	require.NotContains(t, m.Fields(), "tls_cipher")
}

func TestMetric_Warnings(t *testing.T) {
	t.Parallel()
	r := healthyResult()
	r.Warnings = []smtpprobe.Warning{smtpprobe.WarnBareLF, smtpprobe.WarnNUL}
	m := reported(t, observe(r)).only(t, "smtpprobe")
	require.Equal(t, "bare_lf,nul", m.Fields()["warnings"])
}

func TestMetric_NoExtensions(t *testing.T) {
	t.Parallel()
	r := healthyResult()
	r.Capabilities = &smtpprobe.Capabilities{}
	f := reported(t, observe(r)).only(t, "smtpprobe").Fields()
	require.Empty(t, f["extensions"])
	require.Contains(t, f, "extensions")
	require.NotContains(t, f, "size_limit")
}

// A field must have the same type in every metric.
func TestMetric_FieldTypes(t *testing.T) {
	t.Parallel()
	types := make(map[string]string)
	results := make([]*smtpprobe.Result, 0, 1+len(smtperr.Classes())*len(smtperr.Phases()))
	results = append(results, healthyResult())
	for _, class := range smtperr.Classes() {
		for _, phase := range smtperr.Phases() {
			results = append(results, &smtpprobe.Result{Start: began, Err: smtperr.New(class, "", phase, nil), Phases: []smtpprobe.PhaseResult{done(phase, 250, 1)}})
		}
	}
	for _, r := range results {
		m := reported(t, observe(r)).only(t, "smtpprobe")
		for _, f := range m.FieldList() {
			typ := typeName(f.Value)
			if types[f.Key] == "" {
				types[f.Key] = typ
			}
			require.Equal(t, types[f.Key], typ, f.Key)
			if name, timed := strings.CutSuffix(f.Key, "_time"); timed && name != "total" && name != "failed_phase" {
				_, err := smtperr.ParsePhase(name)
				require.NoError(t, err)
			}
		}
		require.NotContains(t, m.Fields(), "config_time")
		require.NotContains(t, m.Fields(), "done_time")
	}
}

func typeName(v any) string {
	switch v.(type) {
	case int64:
		return "int"
	case float64:
		return "float"
	case string:
		return "string"
	}
	return "other"
}

func TestMetric_LongLists(t *testing.T) {
	t.Parallel()
	r := healthyResult()
	extensions := make(map[string]string)
	for i := range 200 {
		extensions[fmt.Sprintf("EXTENSION-%04d", i)] = ""
	}
	mechanisms := make([]string, 100)
	for i := range mechanisms {
		mechanisms[i] = fmt.Sprintf("MECHANISM-%04d", i)
	}
	r.Capabilities = &smtpprobe.Capabilities{Extensions: extensions, Auth: mechanisms}
	r.PlainCaps = r.Capabilities
	f := reported(t, observe(r)).only(t, "smtpprobe").Fields()
	for _, field := range []string{"extensions", "auth_mechanisms", "auth_mechanisms_cleartext"} {
		text, ok := f[field].(string)
		require.True(t, ok, field)
		require.Len(t, text, 1024, field)
		require.True(t, strings.HasSuffix(text, "..."), field)
	}
	require.True(t, strings.HasPrefix(f["extensions"].(string), "EXTENSION-0000,EXTENSION-0001,"))
}

func TestIssuerOf(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		issuer pkix.Name
		want   string
	}{
		"organization":       {pkix.Name{Organization: []string{"Example CA", "Other"}, CommonName: "R1"}, "Example CA"},
		"common name only":   {pkix.Name{CommonName: "R1"}, "R1"},
		"empty organization": {pkix.Name{Organization: []string{""}, CommonName: "R1"}, "R1"},
		"empty":              {pkix.Name{}, ""},
		"control characters": {pkix.Name{CommonName: "a\x1b[31m\nb"}, `a\x1b[31m\nb`},
	} {
		require.Equal(t, tt.want, issuerOf(&x509.Certificate{Issuer: tt.issuer}), name)
	}
	require.Len(t, issuerOf(&x509.Certificate{Issuer: pkix.Name{CommonName: strings.Repeat("x", 5000)}}), maxIssuer+len("..."))
}

func TestKeyType(t *testing.T) {
	t.Parallel()
	for want, key := range map[string]any{
		"RSA-2048":  &rsa.PublicKey{N: new(big.Int).Lsh(big.NewInt(1), 2047), E: 65537},
		"ECDSA-384": &ecdsa.PublicKey{Curve: elliptic.P384()},
		"Ed25519":   ed25519.PublicKey(make([]byte, ed25519.PublicKeySize)),
		"":          nil,
	} {
		require.Equal(t, want, keyType(&x509.Certificate{PublicKey: key}))
	}
}
