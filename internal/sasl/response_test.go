package sasl_test

import (
	"crypto/tls"
	"testing"

	gosasl "github.com/emersion/go-sasl"
	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/sasl"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

func choose(t *testing.T, name string, c sasl.Credentials) sasl.Client {
	t.Helper()
	var state *tls.ConnectionState
	if name == "EXTERNAL" {
		state = handshake(t, tls.VersionTLS13).client
	}
	client, err := sasl.Choose([]string{name}, name, c, state)
	require.NoError(t, err)
	return client
}

func TestClient_InitialResponse(t *testing.T) {
	t.Parallel()
	withHost := sasl.Credentials{Username: "a=b,c", Token: "t0k3n", Host: "mx.example.com", Port: 587}
	tests := []struct {
		name string
		c    sasl.Credentials
		want string
	}{
		{name: "PLAIN", c: withPassword, want: "\x00probe\x00s3cr3t"},
		{name: "EXTERNAL", c: withCertificate},
		{name: "EXTERNAL", c: sasl.Credentials{Username: "probe", HasCertificate: true}, want: "probe"},
		{name: "XOAUTH2", c: withToken, want: "user=probe\x01auth=Bearer t0k3n\x01\x01"},
		{name: "OAUTHBEARER", c: withToken, want: "n,a=probe,\x01auth=Bearer t0k3n\x01\x01"},
		{name: "OAUTHBEARER", c: withHost, want: "n,a=a=3Db=2Cc,\x01host=mx.example.com\x01port=587\x01auth=Bearer t0k3n\x01\x01"},
	}
	for _, tt := range tests {
		ir, hasIR, err := choose(t, tt.name, tt.c).Start()
		require.NoError(t, err)
		require.True(t, hasIR, tt.name)
		require.Equal(t, tt.want, string(ir), tt.name)
	}
	for _, name := range []string{"LOGIN", "CRAM-MD5"} {
		_, hasIR, err := choose(t, name, withPassword).Start()
		require.NoError(t, err)
		require.False(t, hasIR, name)
	}
}

func TestClient_Exchange(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name       string
		mechanism  string
		c          sasl.Credentials
		challenges []string
		responses  []string
	}{
		{name: "PLAIN, ignored initial response", mechanism: "PLAIN", c: withPassword, challenges: []string{""}, responses: []string{"\x00probe\x00s3cr3t"}},
		{name: "EXTERNAL, ignored initial response", mechanism: "EXTERNAL", c: withCertificate, challenges: []string{""}, responses: []string{""}},
		{name: "LOGIN", mechanism: "LOGIN", c: withPassword, challenges: []string{"Username:", "Password:"}, responses: []string{"probe", "s3cr3t"}},
		{name: "LOGIN, unusual prompts", mechanism: "LOGIN", c: withPassword, challenges: []string{"Password:", "Benutzer?"}, responses: []string{"probe", "s3cr3t"}},
		{name: "LOGIN, empty prompts", mechanism: "LOGIN", c: withPassword, challenges: []string{"", ""}, responses: []string{"probe", "s3cr3t"}},
		// The example of RFC 2195 §2.
		{name: "CRAM-MD5", mechanism: "CRAM-MD5", c: sasl.Credentials{Username: "tim", Password: "tanstaaftanstaaf"},
			challenges: []string{"<1896.697170952@postoffice.reston.mci.net>"}, responses: []string{"tim b913a602c7eda7a495b4e6e7334d3890"}},
		{name: "XOAUTH2, refusal", mechanism: "XOAUTH2", c: withToken, challenges: []string{`{"status":"401"}`}, responses: []string{""}},
		{name: "OAUTHBEARER, refusal", mechanism: "OAUTHBEARER", c: withToken, challenges: []string{`{"status":"invalid_token"}`}, responses: []string{"\x01"}},
		{name: "OAUTHBEARER, refusal without JSON", mechanism: "OAUTHBEARER", c: withToken, challenges: []string{`no JSON`}, responses: []string{"\x01"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			client := choose(t, tt.mechanism, tt.c)
			_, _, err := client.Start()
			require.NoError(t, err)
			for i, challenge := range tt.challenges {
				response, err := client.Next(t.Context(), []byte(challenge))
				require.NoError(t, err)
				require.Equal(t, tt.responses[i], string(response))
			}
			require.NoError(t, client.Verified())
			_, err = client.Next(t.Context(), []byte("challenge"))
			requireError(t, err, smtperr.ClassAuthFailed, smtperr.ReasonChallengeLoop)
		})
	}
}

func TestClient_Next_Error(t *testing.T) {
	t.Parallel()
	_, err := choose(t, "PLAIN", withPassword).Next(t.Context(), []byte("challenge"))
	requireError(t, err, smtperr.ClassAuthFailed, smtperr.ReasonChallengeLoop)
	_, err = choose(t, "CRAM-MD5", withPassword).Next(t.Context(), nil)
	requireError(t, err, smtperr.ClassProtocolError, smtperr.ReasonBadChallenge)
}

func TestClient_Verified_NoCredentialsSent(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"LOGIN", "CRAM-MD5"} {
		client := choose(t, name, withPassword)
		requireError(t, client.Verified(), smtperr.ClassProtocolError, smtperr.ReasonUnexpectedCode)
	}
	login := choose(t, "LOGIN", withPassword)
	_, err := login.Next(t.Context(), []byte("Username:"))
	require.NoError(t, err)
	requireError(t, login.Verified(), smtperr.ClassProtocolError, smtperr.ReasonUnexpectedCode)
	require.NoError(t, choose(t, "PLAIN", withPassword).Verified())
}

// The server of the library parses the client's messages.
func TestClient_OAuthBearerServer(t *testing.T) {
	t.Parallel()
	c := sasl.Credentials{Username: "probe", Token: "t0k3n", Host: "mx.example.com", Port: 25}
	client := choose(t, "OAUTHBEARER", c)
	var received gosasl.OAuthBearerOptions
	server := gosasl.NewOAuthBearerServer(func(o gosasl.OAuthBearerOptions) *gosasl.OAuthBearerError {
		received = o
		return &gosasl.OAuthBearerError{Status: "invalid_token"}
	})
	ir, _, err := client.Start()
	require.NoError(t, err)
	challenge, done, err := server.Next(ir)
	require.NoError(t, err)
	require.False(t, done)
	require.Equal(t, gosasl.OAuthBearerOptions{Username: "probe", Token: "t0k3n", Host: "mx.example.com", Port: 25}, received)
	answer, err := client.Next(t.Context(), challenge)
	require.NoError(t, err)
	_, done, err = server.Next(answer)
	require.True(t, done)
	require.ErrorContains(t, err, "invalid_token")
}
