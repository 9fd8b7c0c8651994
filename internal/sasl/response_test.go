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
	relay := sasl.Credentials{Username: "a=b,c", Token: "t0k3n", Host: "mx.example.com", Port: 587}
	tests := []struct {
		name string
		c    sasl.Credentials
		want string
	}{
		{"PLAIN", withPassword, "\x00probe\x00s3cr3t"},
		{"EXTERNAL", withCertificate, ""},
		{"EXTERNAL", sasl.Credentials{Username: "probe", HasCertificate: true}, "probe"},
		{"XOAUTH2", withToken, "user=probe\x01auth=Bearer t0k3n\x01\x01"},
		{"OAUTHBEARER", withToken, "n,a=probe,\x01auth=Bearer t0k3n\x01\x01"},
		{"OAUTHBEARER", relay, "n,a=a=3Db=2Cc,\x01host=mx.example.com\x01port=587\x01auth=Bearer t0k3n\x01\x01"},
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
		name      string
		mechanism string
		c         sasl.Credentials
		asked     []string
		answers   []string
	}{
		{"PLAIN says it again to a relay that did not look", "PLAIN", withPassword, []string{""}, []string{"\x00probe\x00s3cr3t"}},
		{"EXTERNAL says it again, too", "EXTERNAL", withCertificate, []string{""}, []string{""}},
		{"LOGIN answers by order", "LOGIN", withPassword, []string{"Username:", "Password:"}, []string{"probe", "s3cr3t"}},
		{"LOGIN does not read the prompts", "LOGIN", withPassword, []string{"Password:", "Benutzer?"}, []string{"probe", "s3cr3t"}},
		{"LOGIN answers empty prompts", "LOGIN", withPassword, []string{"", ""}, []string{"probe", "s3cr3t"}},
		// RFC 2195 §2 has this exchange as its example.
		{"CRAM-MD5 hashes the challenge", "CRAM-MD5", sasl.Credentials{Username: "tim", Password: "tanstaaftanstaaf"},
			[]string{"<1896.697170952@postoffice.reston.mci.net>"}, []string{"tim b913a602c7eda7a495b4e6e7334d3890"}},
		{"XOAUTH2 answers the reason of a refusal empty", "XOAUTH2", withToken, []string{`{"status":"401"}`}, []string{""}},
		{"OAUTHBEARER answers it with ^A", "OAUTHBEARER", withToken, []string{`{"status":"invalid_token"}`}, []string{"\x01"}},
		{"OAUTHBEARER does not read the reason", "OAUTHBEARER", withToken, []string{`no JSON`}, []string{"\x01"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			client := choose(t, tt.mechanism, tt.c)
			_, _, err := client.Start()
			require.NoError(t, err)
			for i, challenge := range tt.asked {
				answer, err := client.Next(t.Context(), []byte(challenge))
				require.NoError(t, err)
				require.Equal(t, tt.answers[i], string(answer))
			}
			require.NoError(t, client.Verified())
			_, err = client.Next(t.Context(), []byte("once more"))
			requireError(t, err, smtperr.ClassAuthFailed, smtperr.ReasonChallengeLoop)
		})
	}
}

func TestClient_NoAnswer(t *testing.T) {
	t.Parallel()
	_, err := choose(t, "PLAIN", withPassword).Next(t.Context(), []byte("who?"))
	requireError(t, err, smtperr.ClassAuthFailed, smtperr.ReasonChallengeLoop)
	_, err = choose(t, "CRAM-MD5", withPassword).Next(t.Context(), nil)
	requireError(t, err, smtperr.ClassProtocolError, smtperr.ReasonBadChallenge)
}

func TestClient_VerifiedTooEarly(t *testing.T) {
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

// The same library's server understands what the client says.
func TestOAuthBearer_Server(t *testing.T) {
	t.Parallel()
	c := sasl.Credentials{Username: "probe", Token: "t0k3n", Host: "mx.example.com", Port: 25}
	client := choose(t, "OAUTHBEARER", c)
	var seen gosasl.OAuthBearerOptions
	server := gosasl.NewOAuthBearerServer(func(o gosasl.OAuthBearerOptions) *gosasl.OAuthBearerError {
		seen = o
		return &gosasl.OAuthBearerError{Status: "invalid_token"}
	})
	ir, _, err := client.Start()
	require.NoError(t, err)
	challenge, done, err := server.Next(ir)
	require.NoError(t, err)
	require.False(t, done)
	require.Equal(t, gosasl.OAuthBearerOptions{Username: "probe", Token: "t0k3n", Host: "mx.example.com", Port: 25}, seen)
	answer, err := client.Next(t.Context(), challenge)
	require.NoError(t, err)
	_, done, err = server.Next(answer)
	require.True(t, done)
	require.ErrorContains(t, err, "invalid_token")
}
