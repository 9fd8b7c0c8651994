package token_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/token"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// startEndpoint starts a token endpoint that calls respond for the n-th request, from
// 1, and counts the requests.
func startEndpoint(t *testing.T, respond func(n int, form url.Values, w http.ResponseWriter, r *http.Request)) (tokenURL string, requests *atomic.Int32) {
	t.Helper()
	requests = new(atomic.Int32)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n := int(requests.Add(1))
		if err := r.ParseForm(); err != nil {
			w.WriteHeader(http.StatusTeapot)
			return
		}
		respond(n, r.PostForm, w, r)
	}))
	t.Cleanup(server.Close)
	return server.URL + "/token?tenant=s3cr3t", requests
}

func grant(w http.ResponseWriter, members string) {
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprintf(w, `{"token_type":"Bearer",%s}`, members)
}

func refuse(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	fmt.Fprint(w, body)
}

func newSource(t *testing.T, c token.Config) *token.Source {
	t.Helper()
	s, err := token.New(c)
	require.NoError(t, err)
	return s
}

func clientConfig(tokenURL string) token.Config {
	return token.Config{TokenURL: tokenURL, ClientID: secret("client"), ClientSecret: secret("s3cr3t"), Scopes: []string{"smtp", "mail"}}
}

func requireError(t *testing.T, err error, class smtperr.Class, reason smtperr.Reason, temporary bool) {
	t.Helper()
	e, ok := errors.AsType[*smtperr.Error](err)
	require.True(t, ok, "%v", err)
	require.Equal(t, class, e.Class, "%v", err)
	require.Equal(t, reason, e.Reason, "%v", err)
	require.Equal(t, temporary, e.Temporary(), "%v", err)
	for _, secret := range []string{"s3cr3t", "r3fr3sh", "\n", "\r"} {
		require.NotContains(t, err.Error(), secret)
	}
}

func TestSource_Token_Static(t *testing.T) {
	t.Parallel()
	value := "first"
	s := newSource(t, token.Config{Token: func() (string, error) { return value, nil }})
	got, err := s.Token(t.Context())
	require.NoError(t, err)
	require.Equal(t, "first", got)
	s.Invalidate(got)
	value = "second"
	got, err = s.Token(t.Context())
	require.NoError(t, err)
	require.Equal(t, "second", got)
}

func TestSource_Token_UnreadableSecret(t *testing.T) {
	t.Parallel()
	locked := func() (string, error) { return "", errors.New("store is locked") }
	_, err := newSource(t, token.Config{Token: locked}).Token(t.Context())
	requireError(t, err, smtperr.ClassLocalError, "", true)
	require.ErrorContains(t, err, "reading token: store is locked")

	c := fullConfig("http://127.0.0.1:1/")
	c.ClientSecret = locked
	_, err = newSource(t, c).Token(t.Context())
	requireError(t, err, smtperr.ClassLocalError, "", true)
	require.ErrorContains(t, err, "reading client_secret")

	c.ClientSecret = secret("")
	_, err = newSource(t, c).Token(t.Context())
	requireError(t, err, smtperr.ClassConfigError, "", false)
	require.ErrorContains(t, err, "client_secret is empty")
}

func TestSource_Token_ClientCredentials(t *testing.T) {
	t.Parallel()
	tokenURL, requests := startEndpoint(t, func(_ int, form url.Values, w http.ResponseWriter, r *http.Request) {
		if form.Get("grant_type") != "client_credentials" || form.Get("scope") != "smtp mail" ||
			form.Get("client_id") != "client" || form.Get("client_secret") != "s3cr3t" || r.FormValue("tenant") != "s3cr3t" {
			refuse(w, 400, `{"error":"invalid_request"}`)
			return
		}
		grant(w, `"access_token":"A","expires_in":3600`)
	})
	s := newSource(t, clientConfig(tokenURL))
	for range 3 {
		got, err := s.Token(t.Context())
		require.NoError(t, err)
		require.Equal(t, "A", got)
	}
	require.EqualValues(t, 1, requests.Load(), "the token is cached")
}

func TestSource_Token_Expiry(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		expires string
		kept    time.Duration
		renewed time.Duration
	}{
		{name: "lifetime of an hour", expires: `,"expires_in":3600`, kept: 59 * time.Minute, renewed: 3600*time.Second - 29*time.Second},
		{name: "lifetime of a minute", expires: `,"expires_in":60`, kept: 40 * time.Second, renewed: 46 * time.Second},
		{name: "lifetime as a string", expires: `,"expires_in":"3600"`, kept: 59 * time.Minute, renewed: time.Hour},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tokenURL, _ := startEndpoint(t, func(n int, _ url.Values, w http.ResponseWriter, _ *http.Request) {
				grant(w, fmt.Sprintf(`"access_token":"T%d"%s`, n, tt.expires))
			})
			s := newSource(t, clientConfig(tokenURL))
			requireToken(t, s, "T1")
			s.AdvanceClock(tt.kept)
			requireToken(t, s, "T1")
			s.AdvanceClock(tt.renewed - tt.kept)
			requireToken(t, s, "T2")
		})
	}
}

func requireToken(t *testing.T, s *token.Source, want string) {
	t.Helper()
	got, err := s.Token(t.Context())
	require.NoError(t, err)
	require.Equal(t, want, got)
}

func TestSource_Invalidate(t *testing.T) {
	t.Parallel()
	tokenURL, _ := startEndpoint(t, func(n int, _ url.Values, w http.ResponseWriter, _ *http.Request) {
		grant(w, fmt.Sprintf(`"access_token":"T%d"`, n)) // does not expire
	})
	s := newSource(t, clientConfig(tokenURL))
	s.Invalidate("T1")
	requireToken(t, s, "T1")
	s.Invalidate("T1")
	requireToken(t, s, "T2")
	s.Invalidate("T1")
	requireToken(t, s, "T2") // an older token was refused
	s.Invalidate("T2")
	requireToken(t, s, "T2") // less than minPause later
	s.AdvanceClock(2 * time.Minute)
	s.Invalidate("T2")
	requireToken(t, s, "T3")
}

func TestSource_Token_Rotation(t *testing.T) {
	t.Parallel()
	var sent []string
	tokenURL, _ := startEndpoint(t, func(n int, form url.Values, w http.ResponseWriter, _ *http.Request) {
		sent = append(sent, form.Get("refresh_token"))
		switch {
		case form.Get("grant_type") != "refresh_token":
			refuse(w, 400, `{"error":"unsupported_grant_type"}`)
		case n == 3:
			refuse(w, 400, `{"error":"invalid_grant"}`)
		default:
			grant(w, fmt.Sprintf(`"access_token":"T%d","expires_in":60,"refresh_token":"R%d"`, n, n))
		}
	})
	c := fullConfig(tokenURL)
	configured := "r3fr3sh"
	c.RefreshToken = func() (string, error) { return configured, nil }
	s := newSource(t, c)
	requireToken(t, s, "T1")
	s.AdvanceClock(time.Minute)
	requireToken(t, s, "T2")
	s.AdvanceClock(time.Minute)
	_, err := s.Token(t.Context())
	requireError(t, err, smtperr.ClassAuthFailed, smtperr.ReasonTokenRefused, false)
	requireToken(t, s, "T4")
	configured = "r3fr3sh2"
	s.AdvanceClock(time.Minute)
	requireToken(t, s, "T5")
	require.Equal(t, []string{"r3fr3sh", "R1", "R2", "r3fr3sh", "r3fr3sh2"}, sent)
}

func TestSource_Token_PublicClient(t *testing.T) {
	t.Parallel()
	tokenURL, requests := startEndpoint(t, func(_ int, form url.Values, w http.ResponseWriter, r *http.Request) {
		if _, _, basic := r.BasicAuth(); basic || form.Has("client_secret") || form.Get("client_id") != "client" {
			refuse(w, 400, `{"error":"invalid_request"}`)
			return
		}
		refuse(w, 401, `{"error":"invalid_client"}`)
	})
	c := fullConfig(tokenURL)
	c.ClientSecret = nil
	_, err := newSource(t, c).Token(t.Context())
	requireError(t, err, smtperr.ClassAuthFailed, smtperr.ReasonTokenRefused, false)
	require.ErrorContains(t, err, "answered 401: invalid_client")
	require.EqualValues(t, 1, requests.Load(), "HTTP Basic authentication needs a secret")
}

func TestSource_Token_BasicAuthentication(t *testing.T) {
	t.Parallel()
	tokenURL, requests := startEndpoint(t, func(n int, form url.Values, w http.ResponseWriter, r *http.Request) {
		if id, secret, basic := r.BasicAuth(); !basic || id != "client" || secret != "s3cr3t" || form.Has("client_secret") {
			refuse(w, 401, `{"error":"invalid_client"}`)
			return
		}
		grant(w, fmt.Sprintf(`"access_token":"T%d","expires_in":60`, n))
	})
	s := newSource(t, clientConfig(tokenURL))
	requireToken(t, s, "T2")
	s.AdvanceClock(time.Minute)
	requireToken(t, s, "T3")
	require.EqualValues(t, 3, requests.Load(), "the authentication style is remembered")
}

func TestSource_Token_Responses(t *testing.T) {
	t.Parallel()
	const refused, unreachable = smtperr.ReasonTokenRefused, smtperr.ReasonTokenUnreachable
	tests := []struct {
		name     string
		status   int
		body     string
		reason   smtperr.Reason
		text     string
		requests int32
	}{
		{name: "refused grant", status: 400, body: `{"error":"invalid_grant","error_description":"expired"}`, reason: refused, text: "answered 400: invalid_grant expired", requests: 1},
		{name: "refused client", status: 401, body: `{"error":"invalid_client"}`, reason: refused, text: "invalid_client", requests: 2},
		{name: "refused client, empty body", status: 401, body: ``, reason: refused, text: "answered 401", requests: 2},
		{name: "refusal with status 200", status: 200, body: `{"error":"invalid_grant"}`, reason: refused, text: "invalid_grant", requests: 1},
		{name: "refusal with status 500", status: 500, body: `{"error":"invalid_grant"}`, reason: refused, text: "invalid_grant", requests: 1},
		{name: "not found", status: 404, body: `<html>`, reason: refused, text: "answered 404", requests: 1},
		{name: "too many requests", status: 429, body: `{"error":"slow_down"}`, reason: unreachable, text: "answered 429", requests: 1},
		{name: "request timeout", status: 408, body: ``, reason: unreachable, text: "answered 408", requests: 1},
		{name: "server error", status: 500, body: `{"error":"server_error"}`, reason: unreachable, text: "server_error", requests: 1},
		{name: "service unavailable", status: 503, body: ``, reason: unreachable, text: "answered 503", requests: 1},
		{name: "redirect", status: 307, body: ``, reason: unreachable, text: "answered 307", requests: 1},
		{name: "no JSON", status: 200, body: `<html>s3cr3t`, reason: unreachable, text: "cannot parse json", requests: 1},
		{name: "no token", status: 200, body: `{"token_type":"Bearer"}`, reason: unreachable, text: "missing access_token", requests: 1},
		{name: "token with CR LF", status: 200, body: `{"access_token":"a\r\nb"}`, reason: unreachable, text: "invalid bearer token", requests: 1},
		{name: "repeated secrets", status: 400, body: `{"error":"invalid_grant","error_description":"r3fr3sh of s3cr3t"}`, reason: refused, text: "invalid_grant *** of ***", requests: 1},
		{name: "repeated Basic authentication", status: 400, body: `{"error":"invalid_grant","error_description":"you sent ` + base64.StdEncoding.EncodeToString([]byte("client:s3cr3t")) + `"}`, reason: refused, text: "invalid_grant you sent ***", requests: 1},
		{name: "control characters", status: 400, body: `{"error":"invalid_grant","error_description":"a\r\nb\u001b[31m"}`, reason: refused, text: "invalid_grant a", requests: 1},
		{name: "secret as lifetime", status: 200, body: `{"access_token":"a","expires_in":"s3cr3t"}`, reason: unreachable, text: "***", requests: 1},
		{name: "repeated secret in hex", status: 400, body: `{"error":"invalid_grant","error_description":"733363723374"}`, reason: refused, text: "invalid_grant ***", requests: 1},
		{name: "long description", status: 400, body: `{"error":"invalid_grant","error_description":"` + strings.Repeat("x", 1<<16) + `"}`, reason: refused, text: "...", requests: 1},
		{name: "endless response", status: 200, body: strings.Repeat(" ", 2<<20), reason: unreachable, text: "cannot parse json", requests: 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tokenURL, requests := startEndpoint(t, func(_ int, _ url.Values, w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Location", "/elsewhere")
				refuse(w, tt.status, tt.body)
			})
			_, err := newSource(t, fullConfig(tokenURL)).Token(t.Context())
			requireError(t, err, smtperr.ClassAuthFailed, tt.reason, tt.reason == unreachable)
			require.ErrorContains(t, err, tt.text)
			require.Less(t, len(err.Error()), 400)
			require.NotContains(t, err.Error(), "s3cr3t")
			require.Equal(t, tt.requests, requests.Load())
		})
	}
}

// The error of net/http contains the malformed response.
func TestSource_Token_MalformedResponse(t *testing.T) {
	t.Parallel()
	for _, response := range []string{"HTTP/1.1 s3cr3t\r\n\r\n", "HTTP/1.1 200 OK\r\nr3fr3sh\r\n\r\n", "s3cr3t r3fr3sh\r\n\r\n"} {
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			conn, _, err := w.(http.Hijacker).Hijack() //nolint:forcetypeassert // of HTTP/1.1
			if err == nil {
				_, _ = io.WriteString(conn, response) //nolint:errcheck // the test sees it
				conn.Close()
			}
		}))
		t.Cleanup(srv.Close)
		_, err := newSource(t, fullConfig(srv.URL)).Token(t.Context())
		requireError(t, err, smtperr.ClassAuthFailed, smtperr.ReasonTokenUnreachable, true)
		require.NotContains(t, err.Error(), "s3cr3t", response)
		require.NotContains(t, err.Error(), "r3fr3sh", response)
	}
}

func TestSource_Token_Unreachable(t *testing.T) {
	t.Parallel()
	gone := httptest.NewServer(nil)
	gone.Close()
	untrusted := httptest.NewTLSServer(nil)
	t.Cleanup(untrusted.Close)
	untrusted.Config.ErrorLog = nil
	for name, tokenURL := range map[string]string{"refused": gone.URL, "certificate": untrusted.URL} {
		_, err := newSource(t, fullConfig(tokenURL+"/?s3cr3t")).Token(t.Context())
		requireError(t, err, smtperr.ClassAuthFailed, smtperr.ReasonTokenUnreachable, true)
		require.ErrorContains(t, err, name)
	}
}

func TestSource_Token_CustomCA(t *testing.T) {
	t.Parallel()
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { grant(w, `"access_token":"A"`) }))
	t.Cleanup(server.Close)
	c := clientConfig(server.URL)
	c.TLS = &tls.Config{RootCAs: x509.NewCertPool()}
	c.TLS.RootCAs.AddCert(server.Certificate())
	requireToken(t, newSource(t, c), "A")
}

// startBlocking starts an endpoint that announces each request in received and
// responds when respond is closed or has an element.
func startBlocking(t *testing.T) (c token.Config, received, respond chan struct{}, requests *atomic.Int32) {
	t.Helper()
	received, respond = make(chan struct{}, 10), make(chan struct{})
	tokenURL, requests := startEndpoint(t, func(n int, _ url.Values, w http.ResponseWriter, _ *http.Request) {
		received <- struct{}{}
		<-respond
		grant(w, fmt.Sprintf(`"access_token":"T%d"`, n))
	})
	return clientConfig(tokenURL), received, respond, requests
}

func TestSource_Token_SharedRequest(t *testing.T) {
	t.Parallel()
	c, received, respond, requests := startBlocking(t)
	s := newSource(t, c)
	var callers sync.WaitGroup
	got := make([]string, 20)
	errs := make([]error, len(got))
	for i := range got {
		callers.Go(func() { got[i], errs[i] = s.Token(t.Context()) })
	}
	<-received
	close(respond)
	callers.Wait()
	for i := range got {
		require.NoError(t, errs[i])
		require.Equal(t, "T1", got[i])
	}
	require.EqualValues(t, 1, requests.Load())
}

func TestSource_Token_CanceledCaller(t *testing.T) {
	t.Parallel()
	c, received, respond, requests := startBlocking(t)
	s := newSource(t, c)
	ctx, cancel := context.WithCancel(t.Context())
	first := make(chan error, 1)
	go func() { _, err := s.Token(ctx); first <- err }()
	<-received
	cancel()
	requireError(t, <-first, smtperr.ClassCanceled, "", true)

	// The request continues for the next caller.
	close(respond)
	requireToken(t, s, "T1")
	require.EqualValues(t, 1, requests.Load())
}

func TestSource_Token_Timeout(t *testing.T) {
	t.Parallel()
	c, _, respond, _ := startBlocking(t)
	t.Cleanup(func() { close(respond) })

	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	_, err := newSource(t, c).Token(ctx)
	requireError(t, err, smtperr.ClassAuthFailed, smtperr.ReasonTokenUnreachable, true)
	require.ErrorIs(t, err, context.DeadlineExceeded)

	over, stop := context.WithCancel(t.Context())
	stop()
	_, err = newSource(t, c).Token(over)
	requireError(t, err, smtperr.ClassCanceled, "", true)

	c.Timeout = time.Millisecond
	_, err = newSource(t, c).Token(t.Context())
	requireError(t, err, smtperr.ClassAuthFailed, smtperr.ReasonTokenUnreachable, true)
	require.ErrorIs(t, err, context.DeadlineExceeded, "the timeout of the request")
}

func TestSource_Token_SeparateErrors(t *testing.T) {
	t.Parallel()
	received, respond := make(chan struct{}, 1), make(chan struct{})
	tokenURL, _ := startEndpoint(t, func(_ int, _ url.Values, w http.ResponseWriter, _ *http.Request) {
		received <- struct{}{}
		<-respond
		refuse(w, 400, `{"error":"invalid_grant"}`)
	})
	s := newSource(t, fullConfig(tokenURL))
	errs := make(chan error, 2)
	request := func() { _, err := s.Token(t.Context()); errs <- err }
	go request()
	<-received
	go request()
	respond <- struct{}{}
	first := <-errs
	// The second caller may have started a request of its own.
	select {
	case <-received:
		respond <- struct{}{}
	case second := <-errs:
		errs <- second
	}
	a, _ := errors.AsType[*smtperr.Error](first)
	b, _ := errors.AsType[*smtperr.Error](<-errs)
	require.NotSame(t, a, b)
	require.Equal(t, a, b)
}
