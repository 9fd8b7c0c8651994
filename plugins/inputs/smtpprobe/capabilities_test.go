package smtpprobe

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest/certs"
)

// offering returns a relay that offers extensions.
func offering(lines ...string) smtptest.Script {
	return smtptest.Script{Extensions: append(make([]string, 0, len(lines)), lines...)}
}

func TestCapabilities_Changed(t *testing.T) {
	type offer struct {
		session    smtptest.Script
		extensions any // nil: no such field
		mechanisms any
		size       any
		changed    any
		errorClass string
	}
	offers := []offer{
		{offering("SIZE 1000", "PIPELINING"), "PIPELINING,SIZE", "", int64(1000), int64(0), "none"},
		{offering("PIPELINING", "SIZE 1000"), "PIPELINING,SIZE", "", int64(1000), int64(0), "none"},
		{offering("PIPELINING", "SIZE 2000"), "PIPELINING,SIZE", "", int64(2000), int64(1), "none"},
		{offering("PIPELINING", "SIZE 0"), "PIPELINING,SIZE", "", int64(0), int64(1), "none"},
		{offering("PIPELINING", "SIZE"), "PIPELINING,SIZE", "", nil, int64(1), "none"},
		{offering("PIPELINING", "SIZE", "AUTH PLAIN LOGIN"), "AUTH,PIPELINING,SIZE", "LOGIN,PLAIN", nil, int64(1), "none"},
		{offering("PIPELINING", "SIZE", "AUTH=LOGIN PLAIN"), "AUTH,PIPELINING,SIZE", "LOGIN,PLAIN", nil, int64(0), "none"},
		{offering("PIPELINING", "SIZE", "AUTH PLAIN"), "AUTH,PIPELINING,SIZE", "PLAIN", nil, int64(1), "none"},
		{smtptest.Script{Greeting: smtptest.Say("421 4.3.2 busy")}, nil, nil, nil, nil, "service_unavailable"},
		{smtptest.Script{EHLO: smtptest.Say("550 5.7.1 no")}, nil, nil, nil, nil, "helo_refused"},
		{offering("PIPELINING", "SIZE", "AUTH PLAIN"), "AUTH,PIPELINING,SIZE", "PLAIN", nil, int64(0), "none"},
		{smtptest.Script{EHLO: smtptest.Say("502 5.5.1 what")}, nil, nil, nil, nil, "none"},
		{offering(), "", "", nil, int64(1), "none"},
	}
	sessions := make([]smtptest.Script, len(offers))
	for i, o := range offers {
		sessions[i] = o.session
	}
	srv := smtptest.Start(t, smtptest.Sessions(sessions...))
	p := initialized(t, fmt.Sprintf(`
		[[inputs.smtpprobe]]
		servers = ["smtp://%s"]
		helo = "probe.example"`, srv.Addr()))
	for i, o := range offers {
		acc := newRecord(t)
		require.NoError(t, p.Gather(acc))
		m := acc.only(t, "smtpprobe")
		require.Equal(t, o.errorClass, m.Tags()["error_class"], "session %d", i)
		for field, expected := range map[string]any{
			"extensions": o.extensions, "auth_mechanisms": o.mechanisms, "size_limit": o.size, "capabilities_changed": o.changed,
		} {
			require.Equal(t, expected, m.Fields()[field], "%s of session %d", field, i)
		}
	}
}

func TestCapabilities_WithinTLS(t *testing.T) {
	ca := certs.NewAuthority("test")
	pem := filepath.Join(t.TempDir(), "ca.pem")
	require.NoError(t, ca.WriteFile(pem))
	protected := func(before, within []string) smtptest.Script {
		return smtptest.Script{TLS: certs.Server(ca.Issue(certs.For("127.0.0.1"))), Extensions: before, ExtensionsTLS: within}
	}
	noAuth, withAuth := []string{"SIZE 5"}, []string{"SIZE 5", "AUTH LOGIN"}
	full, less := []string{"SIZE 9", "AUTH PLAIN LOGIN"}, []string{"SIZE 9", "AUTH PLAIN"}
	srv := smtptest.Start(t, smtptest.Sessions(
		protected(noAuth, full), protected(noAuth, full), protected(withAuth, full), protected(withAuth, less),
	))
	p := initialized(t, fmt.Sprintf(`
		[[inputs.smtpprobe]]
		servers = ["smtp://%s"]
		helo = "probe.example"
		tls_ca = %q`, srv.Addr(), pem))
	for i, expected := range []map[string]any{
		{"auth_mechanisms": "LOGIN,PLAIN", "auth_mechanisms_cleartext": nil, "capabilities_changed": int64(0)},
		{"auth_mechanisms": "LOGIN,PLAIN", "auth_mechanisms_cleartext": nil, "capabilities_changed": int64(0)},
		{"auth_mechanisms": "LOGIN,PLAIN", "auth_mechanisms_cleartext": "LOGIN", "capabilities_changed": int64(1)},
		{"auth_mechanisms": "PLAIN", "auth_mechanisms_cleartext": "LOGIN", "capabilities_changed": int64(1)},
	} {
		acc := newRecord(t)
		require.NoError(t, p.Gather(acc))
		f := acc.only(t, "smtpprobe").Fields()
		require.Equal(t, "AUTH,SIZE", f["extensions"])
		require.Equal(t, int64(9), f["size_limit"])
		for field, value := range expected {
			require.Equal(t, value, f[field], "%s of session %d", field, i)
		}
	}
}

func TestSTARTTLS_Withdrawn_OfferedAgain(t *testing.T) {
	withTLS := smtptest.Script{TLS: certs.Server(certs.SelfSigned(certs.For("127.0.0.1")))}
	busy := smtptest.Script{Greeting: smtptest.Say("421 4.3.2 busy")}
	srv := smtptest.Start(t, smtptest.Sessions(smtptest.Script{}, withTLS, busy, smtptest.Script{}, smtptest.Script{}, withTLS))
	p := initialized(t, fmt.Sprintf(`
		[[inputs.smtpprobe]]
		servers = ["smtp://%s"]
		helo = "probe.example"`, srv.Addr()))
	for i, expected := range []string{
		"ok none/none 250 done", "ok none/none 250 done", "FAILED service_unavailable/congested 421 greeting",
		"FAILED not_supported/starttls_withdrawn none starttls", "FAILED not_supported/starttls_withdrawn none starttls", "ok none/none 250 done",
	} {
		require.Equal(t, expected, gatherOutcome(t, p), "session %d", i)
	}
}
