//go:build e2e

package e2e

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const clientID = "smtpprobe"

// tokenEndpoint issues access tokens for Dovecot to one client (RFC 6749 §4.4, §6).
type tokenEndpoint struct {
	URL    string
	issued atomic.Int64
}

func startTokenEndpoint(t *testing.T) *tokenEndpoint {
	t.Helper()
	e := &tokenEndpoint{}
	server := httptest.NewServer(e)
	t.Cleanup(server.Close)
	e.URL = server.URL
	return e
}

// ServeHTTP issues a token.
func (e *tokenEndpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	grant := r.PostFormValue("grant_type")
	byRefresh := grant == "refresh_token" && r.PostFormValue("refresh_token") == refreshToken
	byClient := grant == "client_credentials" && r.PostFormValue("client_secret") == clientSecret
	if r.PostFormValue("client_id") != clientID || !byRefresh && !byClient {
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprint(w, `{"error":"invalid_grant"}`)
		return
	}
	e.issued.Add(1)
	const lifetime = time.Hour
	fmt.Fprintf(w, `{"access_token":%q,"token_type":"Bearer","expires_in":%d}`,
		accessToken(Username, tokenKey, time.Now().Add(lifetime)), int(lifetime.Seconds()))
}

func TestDovecot_OAuth2(t *testing.T) {
	tls := NewTLSFiles(t)
	d := StartDovecot(t)
	p := StartPostfix(t, PostfixOptions{TLS: tls, SASL: d.SASL()})
	tokens := startTokenEndpoint(t)
	smtps := "smtps://" + p.At(postfixSMTPS)

	login := func(mechanism, url, grant string) string {
		return fmt.Sprintf("username = %q\nauth_mechanism = %q\ntoken_url = %q\nclient_id = %q\n%s\n", Username, mechanism, url, clientID, grant)
	}
	byRefresh, byClient := fmt.Sprintf("refresh_token = %q", refreshToken), fmt.Sprintf("client_secret = %q", clientSecret)
	const accepted = Outcome("none/none:235:done")
	relays := []Relay{
		{Name: "refresh token", URL: smtps, Want: accepted},
		{Name: "same refresh token for another relay", URL: "submission://" + p.At(postfixSubmission), Want: accepted},
		{Name: "client credentials", URL: smtps, Settings: login("OAUTHBEARER", tokens.URL, byClient), Want: accepted},
		{
			Name: "refused refresh token", URL: smtps, Settings: login("XOAUTH2", tokens.URL, `refresh_token = "revoked"`),
			Want: "auth_failed/token_refused:none:auth", Fields: map[string]any{"temporary": int64(0)},
		},
		{
			Name: "token endpoint down", URL: smtps, Settings: login("XOAUTH2", "http://"+p.At(1), byRefresh),
			Want: "auth_failed/token_unreachable:none:auth", Fields: map[string]any{"temporary": int64(1)},
		},
	}
	ProbeOnce(t, fmt.Sprintf("helo = \"probe.test\"\ntls_ca = %q\nprobe = \"auth\"\n", tls.CA)+login("XOAUTH2", tokens.URL, byRefresh), relays)
	require.Equal(t, int64(2), tokens.issued.Load(), "relays with the same settings share a token")
	for _, r := range relays {
		t.Run("clean session/"+r.Name, func(t *testing.T) { p.RequireCleanSession(t, r.Source) })
	}
}
