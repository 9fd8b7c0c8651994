package sasl_test

import (
	"crypto/tls"
	"errors"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/sasl"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

var (
	withPassword    = sasl.Credentials{Username: "probe", Password: "s3cr3t"}
	withToken       = sasl.Credentials{Username: "probe", Token: "t0k3n"}
	withCertificate = sasl.Credentials{HasCertificate: true}
	withAll         = sasl.Credentials{Username: "probe", Password: "s3cr3t", Token: "t0k3n", HasCertificate: true}
)

func TestChoose(t *testing.T) {
	t.Parallel()
	session := handshake(t, tls.VersionTLS13).client
	all := sasl.Mechanisms()
	slices.Reverse(all) // the order of the offer does not matter
	tests := []struct {
		name    string
		offered []string
		want    string
		c       sasl.Credentials
		tls     *tls.ConnectionState
		chosen  string
	}{
		{name: "channel binding with TLS", offered: all, c: withPassword, tls: session, chosen: "SCRAM-SHA-256-PLUS"},
		{name: "no channel binding without TLS", offered: all, c: withPassword, chosen: "SCRAM-SHA-256"},
		{name: "no channel binding during the handshake", offered: all, c: withPassword, tls: &tls.ConnectionState{}, chosen: "SCRAM-SHA-256"},
		{name: "SHA-256 over SHA-1 with channel binding", offered: []string{"SCRAM-SHA-1-PLUS", "SCRAM-SHA-256"}, c: withPassword, tls: session, chosen: "SCRAM-SHA-256"},
		{name: "SHA-1 with channel binding over SHA-1", offered: []string{"SCRAM-SHA-1", "SCRAM-SHA-1-PLUS"}, c: withPassword, tls: session, chosen: "SCRAM-SHA-1-PLUS"},
		{name: "SCRAM over CRAM-MD5", offered: []string{"CRAM-MD5", "SCRAM-SHA-1"}, c: withPassword, chosen: "SCRAM-SHA-1"},
		{name: "CRAM-MD5 over PLAIN", offered: []string{"PLAIN", "CRAM-MD5"}, c: withPassword, tls: session, chosen: "CRAM-MD5"},
		{name: "PLAIN over LOGIN", offered: []string{"LOGIN", "PLAIN"}, c: withPassword, tls: session, chosen: "PLAIN"},
		{name: "LOGIN only", offered: []string{"NTLM", "LOGIN"}, c: withPassword, tls: session, chosen: "LOGIN"},
		{name: "names in another case", offered: []string{"login", "Plain"}, c: withPassword, tls: session, chosen: "PLAIN"},
		{name: "token", offered: all, c: withToken, tls: session, chosen: "OAUTHBEARER"},
		{name: "token over password", offered: all, c: withAll, tls: session, chosen: "OAUTHBEARER"},
		{name: "XOAUTH2 only", offered: []string{"LOGIN", "XOAUTH2"}, c: withToken, tls: session, chosen: "XOAUTH2"},
		{name: "OAUTHBEARER without username", offered: []string{"XOAUTH2", "OAUTHBEARER"}, c: sasl.Credentials{Token: "t"}, tls: session, chosen: "OAUTHBEARER"},
		{name: "certificate", offered: all, c: withCertificate, tls: session, chosen: "EXTERNAL"},
		{name: "password over certificate", offered: []string{"EXTERNAL", "PLAIN"}, c: sasl.Credentials{Username: "u", Password: "p", HasCertificate: true},
			tls: session, chosen: "PLAIN"},
		{name: "configured mechanism", offered: all, want: "login", c: withPassword, tls: session, chosen: "LOGIN"},
		{name: "configured PLAIN over token", offered: all, want: "PLAIN", c: withAll, tls: session, chosen: "PLAIN"},
		{name: "configured EXTERNAL over password", offered: all, want: "EXTERNAL", c: withAll, tls: session, chosen: "EXTERNAL"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			client, err := sasl.Choose(tt.offered, tt.want, tt.c, tt.tls)
			require.NoError(t, err)
			require.Equal(t, tt.chosen, client.Name())
		})
	}
}

func TestChoose_Error(t *testing.T) {
	t.Parallel()
	session := handshake(t, tls.VersionTLS13).client
	tests := []struct {
		name    string
		offered []string
		want    string
		c       sasl.Credentials
		tls     *tls.ConnectionState
		class   smtperr.Class
		reason  smtperr.Reason
		text    string
	}{
		{name: "no AUTH", c: withPassword, tls: session, class: smtperr.ClassNotSupported, reason: smtperr.ReasonAuthNotOffered},
		{name: "no AUTH, configured mechanism", want: "PLAIN", c: withPassword, tls: session, class: smtperr.ClassNotSupported, reason: smtperr.ReasonAuthNotOffered},
		{name: "unsupported mechanisms only", offered: []string{"GSSAPI", "NTLM"}, c: withPassword,
			tls: session, class: smtperr.ClassNotSupported, reason: smtperr.ReasonAuthNoMechanism, text: "GSSAPI NTLM"},
		{name: "configured mechanism not offered", offered: []string{"PLAIN"}, want: "CRAM-MD5", c: withPassword, tls: session, class: smtperr.ClassNotSupported, reason: smtperr.ReasonAuthNoMechanism, text: "server PLAIN"},
		{name: "mechanism with CR LF", offered: []string{"A\r\nB"}, c: withPassword, tls: session, class: smtperr.ClassNotSupported, reason: smtperr.ReasonAuthNoMechanism, text: `\r\\nB`},
		{name: "token, password mechanisms only", offered: []string{"PLAIN", "LOGIN"}, c: withToken, tls: session, class: smtperr.ClassNotSupported, reason: smtperr.ReasonAuthNoMechanism},
		{name: "XOAUTH2 only, no username", offered: []string{"XOAUTH2"}, c: sasl.Credentials{Token: "t"},
			tls: session, class: smtperr.ClassNotSupported, reason: smtperr.ReasonAuthNoMechanism},
		{name: "channel binding only, no TLS", offered: []string{"SCRAM-SHA-256-PLUS"}, c: withPassword, class: smtperr.ClassNotSupported, reason: smtperr.ReasonAuthNoMechanism, text: "need TLS"},
		{name: "EXTERNAL, no TLS", offered: []string{"EXTERNAL"}, want: "EXTERNAL", c: withCertificate, class: smtperr.ClassNotSupported, reason: smtperr.ReasonAuthNoMechanism, text: "need TLS"},
		{name: "unknown configured mechanism", offered: []string{"PLAIN"}, want: "NTLM", c: withPassword, tls: session, class: smtperr.ClassConfigError, text: "must be one of SCRAM-SHA-256-PLUS"},
		{name: "configured PLAIN without password", offered: []string{"PLAIN"}, want: "PLAIN", c: sasl.Credentials{Username: "u"}, tls: session, class: smtperr.ClassConfigError, text: "needs a password"},
		{name: "configured PLAIN without username", offered: []string{"PLAIN"}, want: "PLAIN", c: sasl.Credentials{Password: "p"}, tls: session, class: smtperr.ClassConfigError, text: "needs a username"},
		{name: "configured XOAUTH2 without token", offered: []string{"XOAUTH2"}, want: "XOAUTH2", c: withPassword, tls: session, class: smtperr.ClassConfigError, text: "needs a token"},
		{name: "configured EXTERNAL without certificate", offered: []string{"EXTERNAL"}, want: "EXTERNAL", c: withPassword, tls: session, class: smtperr.ClassConfigError, text: "needs a client certificate"},
		{name: "configured XOAUTH2 without username", offered: []string{"XOAUTH2"}, want: "XOAUTH2", c: sasl.Credentials{Token: "t"}, tls: session, class: smtperr.ClassConfigError, text: "needs a username"},
		{name: "no credentials", c: sasl.Credentials{}, tls: session, class: smtperr.ClassConfigError, text: "needs a username with a password"},
		{name: "NUL in the username", offered: []string{"PLAIN"}, c: sasl.Credentials{Username: "a\x00s3cr3t", Password: "p"},
			tls: session, class: smtperr.ClassConfigError, text: "username contains"},
		{name: "field separator in the username", offered: []string{"XOAUTH2"}, c: sasl.Credentials{Username: "a\x01s3cr3t", Token: "t"},
			tls: session, class: smtperr.ClassConfigError, text: "username contains"},
		{name: "CR in the password", offered: []string{"PLAIN"}, c: sasl.Credentials{Username: "u", Password: "s3cr3t\r"}, tls: session,
			class: smtperr.ClassConfigError, text: "password contains"},
		{name: "LF in the password", offered: []string{"PLAIN"}, c: sasl.Credentials{Username: "u", Password: "s3cr3t\n"}, tls: session,
			class: smtperr.ClassConfigError, text: "password contains"},
		{name: "NUL in the password", offered: []string{"PLAIN"}, c: sasl.Credentials{Username: "u", Password: "s3cr3t\x00"},
			tls: session, class: smtperr.ClassConfigError, text: "password contains"},
		{name: "LF in the token", offered: []string{"XOAUTH2"}, c: sasl.Credentials{Username: "u", Token: "s3cr3t\n"},
			tls: session, class: smtperr.ClassConfigError, text: "token contains"},
		{name: "password rejected by SASLprep", offered: []string{"SCRAM-SHA-1"}, c: sasl.Credentials{Username: "u", Password: "s3cr3t\u0007"},
			tls: session, class: smtperr.ClassConfigError, text: "the password contains"},
		{name: "username rejected by SASLprep", offered: []string{"SCRAM-SHA-1"}, c: sasl.Credentials{Username: "s3cr3t\ue000", Password: "p"},
			tls: session, class: smtperr.ClassConfigError, text: "the username contains"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			client, err := sasl.Choose(tt.offered, tt.want, tt.c, tt.tls)
			require.Nil(t, client)
			requireError(t, err, tt.class, tt.reason)
			require.ErrorContains(t, err, tt.text)
			require.NotContains(t, err.Error(), "\n")
		})
	}
}

func TestMechanisms(t *testing.T) {
	t.Parallel()
	require.ElementsMatch(t, []string{
		"PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-1", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-256", "SCRAM-SHA-256-PLUS", "XOAUTH2", "OAUTHBEARER", "EXTERNAL",
	}, sasl.Mechanisms())
}

// requireError requires an error with a class and a reason and without secrets.
func requireError(t *testing.T, err error, class smtperr.Class, reason smtperr.Reason) {
	t.Helper()
	e, ok := errors.AsType[*smtperr.Error](err)
	require.True(t, ok, "%v", err)
	require.Equal(t, class, e.Class, "%v", err)
	require.Equal(t, reason, e.Reason, "%v", err)
	require.NotContains(t, err.Error(), "s3cr3t")
	require.NotContains(t, err.Error(), "t0k3n")
}
