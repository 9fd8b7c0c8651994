package smtpprobe

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest"
)

// tokenEndpoint grants token-1, token-2 and so on, each for an hour.
func tokenEndpoint(t *testing.T) (tokenURL string, granted *atomic.Int64) {
	t.Helper()
	granted = new(atomic.Int64)
	endpoint := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"access_token": "token-%d", "token_type": "Bearer", "expires_in": 3600}`, granted.Add(1))
	}))
	t.Cleanup(endpoint.Close)
	return endpoint.URL, granted
}

// bearer starts a relay that accepts one token, and returns a plugin that fetches its
// tokens.
func bearer(t *testing.T, mechanism, token string) (p *SMTPProbe, granted *atomic.Int64) {
	t.Helper()
	srv := smtptest.Start(t, smtptest.Script{Accounts: &smtptest.Accounts{Tokens: map[string]string{"probe@example.org": token}}})
	tokenURL, granted := tokenEndpoint(t)
	return initialized(t, fmt.Sprintf(`
		[[inputs.smtpprobe]]
		servers = ["smtp://%s"]
		helo = "probe.example"
		probe = "auth"
		username = "probe@example.org"
		token_url = %q
		client_id = "client"
		refresh_token = "r3fr3sh"
		auth_mechanism = %q
		auth_cleartext = true # for the test only`, srv.Addr(), tokenURL, mechanism)), granted
}

func TestToken_Refused(t *testing.T) {
	for _, mechanism := range []string{"XOAUTH2", "OAUTHBEARER"} {
		t.Run(mechanism, func(t *testing.T) {
			p, granted := bearer(t, mechanism, "token-2")
			require.Equal(t, "FAILED auth_failed/auth_credentials_invalid 535 auth", gatherOutcome(t, p))
			require.Equal(t, "ok none/none 235 done", gatherOutcome(t, p))
			require.Equal(t, "ok none/none 235 done", gatherOutcome(t, p))
			require.EqualValues(t, 2, granted.Load(), "the accepted token is used again")
		})
	}
}

func TestToken_RefusedAgain(t *testing.T) {
	p, granted := bearer(t, "XOAUTH2", "another")
	for range 5 {
		require.Equal(t, "FAILED auth_failed/auth_credentials_invalid 535 auth", gatherOutcome(t, p))
	}
	require.EqualValues(t, 2, granted.Load())
}

func TestToken_Unavailable(t *testing.T) {
	refusing := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprint(w, `{"error": "invalid_grant", "error_description": "r3fr3sh has expired"}`)
	}))
	t.Cleanup(refusing.Close)
	for name, tt := range map[string]struct{ url, want, fault string }{
		"refused":     {refusing.URL, "FAILED auth_failed/token_refused none auth", "credentials"},
		"unreachable": {"http://" + closedPort.String(), "FAILED auth_failed/token_unreachable none auth", "network"},
	} {
		t.Run(name, func(t *testing.T) {
			srv := smtptest.Start(t, smtptest.Script{Accounts: &smtptest.Accounts{Tokens: map[string]string{"u": "t"}}})
			p := initialized(t, fmt.Sprintf(`
				[[inputs.smtpprobe]]
				servers = ["smtp://%s"]
				helo = "probe.example"
				probe = "auth"
				username = "u"
				token_url = %q
				client_id = "client"
				refresh_token = "r3fr3sh"
				auth_cleartext = true`, srv.Addr(), tt.url))
			acc := newRecord(t)
			require.NoError(t, p.Gather(acc))
			m := acc.only(t, "smtpprobe")
			require.Equal(t, tt.fault, m.Tags()["fault"])
			require.NotContains(t, m.Fields()["error"], "r3fr3sh")
			require.NotContains(t, p.Log.(*debugLog).text(), "r3fr3sh")
			require.Equal(t, tt.want, gatherOutcome(t, p))
			require.Equal(t, []string{"EHLO probe.example", "QUIT"}, srv.Session(t).Commands())
		})
	}
}
