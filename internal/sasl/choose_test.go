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
	everything := sasl.Mechanisms()
	slices.Reverse(everything) // the relay's order is not ours
	tests := []struct {
		name    string
		offered []string
		want    string
		c       sasl.Credentials
		tls     *tls.ConnectionState
		chosen  string
	}{
		{"bound to TLS where there is TLS", everything, "", withPassword, session, "SCRAM-SHA-256-PLUS"},
		{"not bound without TLS", everything, "", withPassword, nil, "SCRAM-SHA-256"},
		{"not bound in a handshake that is not over", everything, "", withPassword, &tls.ConnectionState{}, "SCRAM-SHA-256"},
		{"SHA-256 before a bound SHA-1", []string{"SCRAM-SHA-1-PLUS", "SCRAM-SHA-256"}, "", withPassword, session, "SCRAM-SHA-256"},
		{"a bound SHA-1 before an unbound one", []string{"SCRAM-SHA-1", "SCRAM-SHA-1-PLUS"}, "", withPassword, session, "SCRAM-SHA-1-PLUS"},
		{"SCRAM before CRAM-MD5", []string{"CRAM-MD5", "SCRAM-SHA-1"}, "", withPassword, nil, "SCRAM-SHA-1"},
		{"CRAM-MD5 before PLAIN", []string{"PLAIN", "CRAM-MD5"}, "", withPassword, session, "CRAM-MD5"},
		{"PLAIN before LOGIN", []string{"LOGIN", "PLAIN"}, "", withPassword, session, "PLAIN"},
		{"LOGIN where there is nothing else", []string{"NTLM", "LOGIN"}, "", withPassword, session, "LOGIN"},
		{"names in any case", []string{"login", "Plain"}, "", withPassword, session, "PLAIN"},
		{"a token and no password", everything, "", withToken, session, "OAUTHBEARER"},
		{"a token rather than a password", everything, "", withAll, session, "OAUTHBEARER"},
		{"XOAUTH2 where it is all there is", []string{"LOGIN", "XOAUTH2"}, "", withToken, session, "XOAUTH2"},
		{"OAUTHBEARER needs no username", []string{"XOAUTH2", "OAUTHBEARER"}, "", sasl.Credentials{Token: "t"}, session, "OAUTHBEARER"},
		{"a certificate where there is nothing else", everything, "", withCertificate, session, "EXTERNAL"},
		{"a password rather than the certificate", []string{"EXTERNAL", "PLAIN"}, "", sasl.Credentials{Username: "u", Password: "p", HasCertificate: true},
			session, "PLAIN"},
		{"the wish before the strongest", everything, "login", withPassword, session, "LOGIN"},
		{"the wish for a password in spite of a token", everything, "PLAIN", withAll, session, "PLAIN"},
		{"the wish for the certificate in spite of a password", everything, "EXTERNAL", withAll, session, "EXTERNAL"},
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

func TestChoose_Refuses(t *testing.T) {
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
		{"a relay without AUTH", nil, "", withPassword, session, smtperr.ClassNotSupported, smtperr.ReasonAuthNotOffered, ""},
		{"a relay without AUTH, whatever is wished for", nil, "PLAIN", withPassword, session, smtperr.ClassNotSupported, smtperr.ReasonAuthNotOffered, ""},
		{"a relay of other mechanisms", []string{"GSSAPI", "NTLM"}, "", withPassword,
			session, smtperr.ClassNotSupported, smtperr.ReasonAuthNoMechanism, "GSSAPI NTLM"},
		{"a relay without the wish", []string{"PLAIN"}, "CRAM-MD5", withPassword, session, smtperr.ClassNotSupported, smtperr.ReasonAuthNoMechanism, "server PLAIN"},
		{"a relay that offers a line end", []string{"A\r\nB"}, "", withPassword, session, smtperr.ClassNotSupported, smtperr.ReasonAuthNoMechanism, `\r\\nB`},
		{"passwords for a token", []string{"PLAIN", "LOGIN"}, "", withToken, session, smtperr.ClassNotSupported, smtperr.ReasonAuthNoMechanism, ""},
		{"XOAUTH2 for a token without username", []string{"XOAUTH2"}, "", sasl.Credentials{Token: "t"},
			session, smtperr.ClassNotSupported, smtperr.ReasonAuthNoMechanism, ""},
		{"PLUS only, without TLS", []string{"SCRAM-SHA-256-PLUS"}, "", withPassword, nil, smtperr.ClassNotSupported, smtperr.ReasonAuthNoMechanism, "need TLS"},
		{"EXTERNAL without TLS", []string{"EXTERNAL"}, "EXTERNAL", withCertificate, nil, smtperr.ClassNotSupported, smtperr.ReasonAuthNoMechanism, "need TLS"},
		{"an unknown wish", []string{"PLAIN"}, "NTLM", withPassword, session, smtperr.ClassConfigError, "", "must be one of SCRAM-SHA-256-PLUS"},
		{"a wish without a password", []string{"PLAIN"}, "PLAIN", sasl.Credentials{Username: "u"}, session, smtperr.ClassConfigError, "", "needs a password"},
		{"a wish without a username", []string{"PLAIN"}, "PLAIN", sasl.Credentials{Password: "p"}, session, smtperr.ClassConfigError, "", "needs a username"},
		{"a wish without a token", []string{"XOAUTH2"}, "XOAUTH2", withPassword, session, smtperr.ClassConfigError, "", "needs a token"},
		{"a wish without a certificate", []string{"EXTERNAL"}, "EXTERNAL", withPassword, session, smtperr.ClassConfigError, "", "needs a client certificate"},
		{"XOAUTH2 without a username", []string{"XOAUTH2"}, "XOAUTH2", sasl.Credentials{Token: "t"}, session, smtperr.ClassConfigError, "", "needs a username"},
		{"no credentials at all", nil, "", sasl.Credentials{}, session, smtperr.ClassConfigError, "", "needs a username with a password"},
		{"NUL in the username", []string{"PLAIN"}, "", sasl.Credentials{Username: "a\x00s3cr3t", Password: "p"},
			session, smtperr.ClassConfigError, "", "username contains"},
		{"a field separator in the username", []string{"XOAUTH2"}, "", sasl.Credentials{Username: "a\x01s3cr3t", Token: "t"},
			session, smtperr.ClassConfigError, "", "username contains"},
		{"CR in the password", []string{"PLAIN"}, "", sasl.Credentials{Username: "u", Password: "s3cr3t\r"}, session,
			smtperr.ClassConfigError, "", "password contains"},
		{"LF in the password", []string{"PLAIN"}, "", sasl.Credentials{Username: "u", Password: "s3cr3t\n"}, session,
			smtperr.ClassConfigError, "", "password contains"},
		{"NUL in the password", []string{"PLAIN"}, "", sasl.Credentials{Username: "u", Password: "s3cr3t\x00"},
			session, smtperr.ClassConfigError, "", "password contains"},
		{"a line end in the token", []string{"XOAUTH2"}, "", sasl.Credentials{Username: "u", Token: "s3cr3t\n"},
			session, smtperr.ClassConfigError, "", "token contains"},
		{"a password that SASLprep forbids", []string{"SCRAM-SHA-1"}, "", sasl.Credentials{Username: "u", Password: "s3cr3t\u0007"},
			session, smtperr.ClassConfigError, "", "the password contains"},
		{"a username that SASLprep forbids", []string{"SCRAM-SHA-1"}, "", sasl.Credentials{Username: "s3cr3t\ue000", Password: "p"},
			session, smtperr.ClassConfigError, "", "the username contains"},
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

// requireError wants a class and a reason, and no secret in the text.
func requireError(t *testing.T, err error, class smtperr.Class, reason smtperr.Reason) {
	t.Helper()
	e, ok := errors.AsType[*smtperr.Error](err)
	require.True(t, ok, "%v", err)
	require.Equal(t, class, e.Class, "%v", err)
	require.Equal(t, reason, e.Reason, "%v", err)
	require.NotContains(t, err.Error(), "s3cr3t")
	require.NotContains(t, err.Error(), "t0k3n")
}
