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

// endpoint answers the n-th request, counted from 1.
func endpoint(t *testing.T, answer func(n int, form url.Values, w http.ResponseWriter, r *http.Request)) (tokenURL string, requests *atomic.Int32) {
	t.Helper()
	requests = new(atomic.Int32)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n := int(requests.Add(1))
		if err := r.ParseForm(); err != nil {
			w.WriteHeader(http.StatusTeapot)
			return
		}
		answer(n, r.PostForm, w, r)
	}))
	t.Cleanup(server.Close)
	return server.URL + "/token?tenant=s3cr3t", requests
}

func grant(w http.ResponseWriter, more string) {
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprintf(w, `{"token_type":"Bearer",%s}`, more)
}

func refuse(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	fmt.Fprint(w, body)
}

func source(t *testing.T, c token.Config) *token.Source {
	t.Helper()
	s, err := token.New(c)
	require.NoError(t, err)
	return s
}

func clientOnly(tokenURL string) token.Config {
	return token.Config{TokenURL: tokenURL, ClientID: given("client"), ClientSecret: given("s3cr3t"), Scopes: []string{"smtp", "mail"}}
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

func TestToken_Static(t *testing.T) {
	t.Parallel()
	value := "first"
	s := source(t, token.Config{Token: func() (string, error) { return value, nil }})
	got, err := s.Token(t.Context())
	require.NoError(t, err)
	require.Equal(t, "first", got)
	s.Invalidate(got)
	value = "second"
	got, err = s.Token(t.Context())
	require.NoError(t, err)
	require.Equal(t, "second", got)
}

func TestToken_UnreadableSecret(t *testing.T) {
	t.Parallel()
	locked := func() (string, error) { return "", errors.New("store is locked") }
	_, err := source(t, token.Config{Token: locked}).Token(t.Context())
	requireError(t, err, smtperr.ClassLocalError, "", true)
	require.ErrorContains(t, err, "reading token: store is locked")

	c := full("http://127.0.0.1:1/")
	c.ClientSecret = locked
	_, err = source(t, c).Token(t.Context())
	requireError(t, err, smtperr.ClassLocalError, "", true)
	require.ErrorContains(t, err, "reading client_secret")

	c.ClientSecret = given("")
	_, err = source(t, c).Token(t.Context())
	requireError(t, err, smtperr.ClassConfigError, "", false)
	require.ErrorContains(t, err, "client_secret is empty")
}

func TestToken_ClientCredentials(t *testing.T) {
	t.Parallel()
	tokenURL, requests := endpoint(t, func(_ int, form url.Values, w http.ResponseWriter, r *http.Request) {
		if form.Get("grant_type") != "client_credentials" || form.Get("scope") != "smtp mail" ||
			form.Get("client_id") != "client" || form.Get("client_secret") != "s3cr3t" || r.FormValue("tenant") != "s3cr3t" {
			refuse(w, 400, `{"error":"invalid_request"}`)
			return
		}
		grant(w, `"access_token":"A","expires_in":3600`)
	})
	s := source(t, clientOnly(tokenURL))
	for range 3 {
		got, err := s.Token(t.Context())
		require.NoError(t, err)
		require.Equal(t, "A", got)
	}
	require.EqualValues(t, 1, requests.Load(), "the token is kept")
}

func TestToken_Renewed(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		expires string
		kept    time.Duration
		renewed time.Duration
	}{
		{"an hour, less half a minute", `,"expires_in":3600`, 59 * time.Minute, 3600*time.Second - 29*time.Second},
		{"a minute, less a quarter", `,"expires_in":60`, 40 * time.Second, 46 * time.Second},
		{"a number as text", `,"expires_in":"3600"`, 59 * time.Minute, time.Hour},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tokenURL, _ := endpoint(t, func(n int, _ url.Values, w http.ResponseWriter, _ *http.Request) {
				grant(w, fmt.Sprintf(`"access_token":"T%d"%s`, n, tt.expires))
			})
			s := source(t, clientOnly(tokenURL))
			requireToken(t, s, "T1")
			s.Later(tt.kept)
			requireToken(t, s, "T1")
			s.Later(tt.renewed - tt.kept)
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

func TestInvalidate(t *testing.T) {
	t.Parallel()
	tokenURL, _ := endpoint(t, func(n int, _ url.Values, w http.ResponseWriter, _ *http.Request) {
		grant(w, fmt.Sprintf(`"access_token":"T%d"`, n)) // without an end
	})
	s := source(t, clientOnly(tokenURL))
	s.Invalidate("T1")
	requireToken(t, s, "T1")
	s.Invalidate("T1")
	requireToken(t, s, "T2")
	s.Invalidate("T1")
	requireToken(t, s, "T2") // another was refused
	s.Invalidate("T2")
	requireToken(t, s, "T2") // a third would fare no better
	s.Later(2 * time.Minute)
	s.Invalidate("T2")
	requireToken(t, s, "T3")
}

func TestToken_Rotation(t *testing.T) {
	t.Parallel()
	var seen []string
	tokenURL, _ := endpoint(t, func(n int, form url.Values, w http.ResponseWriter, _ *http.Request) {
		seen = append(seen, form.Get("refresh_token"))
		switch {
		case form.Get("grant_type") != "refresh_token":
			refuse(w, 400, `{"error":"unsupported_grant_type"}`)
		case n == 3:
			refuse(w, 400, `{"error":"invalid_grant"}`)
		default:
			grant(w, fmt.Sprintf(`"access_token":"T%d","expires_in":60,"refresh_token":"R%d"`, n, n))
		}
	})
	c := full(tokenURL)
	configured := "r3fr3sh"
	c.RefreshToken = func() (string, error) { return configured, nil }
	s := source(t, c)
	requireToken(t, s, "T1")
	s.Later(time.Minute)
	requireToken(t, s, "T2")
	s.Later(time.Minute)
	_, err := s.Token(t.Context())
	requireError(t, err, smtperr.ClassAuthFailed, smtperr.ReasonTokenRefused, false)
	requireToken(t, s, "T4")
	configured = "r3fr3sh2"
	s.Later(time.Minute)
	requireToken(t, s, "T5")
	require.Equal(t, []string{"r3fr3sh", "R1", "R2", "r3fr3sh", "r3fr3sh2"}, seen,
		"the newest first, the configured one when that is refused, or when it is new")
}

func TestToken_PublicClient(t *testing.T) {
	t.Parallel()
	tokenURL, requests := endpoint(t, func(_ int, form url.Values, w http.ResponseWriter, r *http.Request) {
		if _, _, basic := r.BasicAuth(); basic || form.Has("client_secret") || form.Get("client_id") != "client" {
			refuse(w, 400, `{"error":"invalid_request"}`)
			return
		}
		refuse(w, 401, `{"error":"invalid_client"}`)
	})
	c := full(tokenURL)
	c.ClientSecret = nil
	_, err := source(t, c).Token(t.Context())
	requireError(t, err, smtperr.ClassAuthFailed, smtperr.ReasonTokenRefused, false)
	require.ErrorContains(t, err, "answered 401: invalid_client")
	require.EqualValues(t, 1, requests.Load(), "there is no other way to name oneself")
}

func TestToken_BasicAuthentication(t *testing.T) {
	t.Parallel()
	tokenURL, requests := endpoint(t, func(n int, form url.Values, w http.ResponseWriter, r *http.Request) {
		if id, secret, basic := r.BasicAuth(); !basic || id != "client" || secret != "s3cr3t" || form.Has("client_secret") {
			refuse(w, 401, `{"error":"invalid_client"}`)
			return
		}
		grant(w, fmt.Sprintf(`"access_token":"T%d","expires_in":60`, n))
	})
	s := source(t, clientOnly(tokenURL))
	requireToken(t, s, "T2")
	s.Later(time.Minute)
	requireToken(t, s, "T3")
	require.EqualValues(t, 3, requests.Load(), "the way is remembered")
}

func TestToken_Answers(t *testing.T) {
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
		{"the grant is refused", 400, `{"error":"invalid_grant","error_description":"expired"}`, refused, "answered 400: invalid_grant expired", 1},
		{"the client is refused", 401, `{"error":"invalid_client"}`, refused, "invalid_client", 2},
		{"the client is refused without a word", 401, ``, refused, "answered 401", 2},
		{"a refusal with 200", 200, `{"error":"invalid_grant"}`, refused, "invalid_grant", 1},
		{"a refusal with 500", 500, `{"error":"invalid_grant"}`, refused, "invalid_grant", 1},
		{"no such endpoint", 404, `<html>`, refused, "answered 404", 1},
		{"too many requests", 429, `{"error":"slow_down"}`, unreachable, "answered 429", 1},
		{"an endpoint that gave up waiting", 408, ``, unreachable, "answered 408", 1},
		{"a broken endpoint", 500, `{"error":"server_error"}`, unreachable, "server_error", 1},
		{"an overloaded endpoint", 503, ``, unreachable, "answered 503", 1},
		{"an endpoint that moved", 307, ``, unreachable, "answered 307", 1},
		{"no JSON", 200, `<html>s3cr3t`, unreachable, "cannot parse json", 1},
		{"no token", 200, `{"token_type":"Bearer"}`, unreachable, "missing access_token", 1},
		{"a token with a line end", 200, `{"access_token":"a\r\nb"}`, unreachable, "invalid bearer token", 1},
		{"an echo of the secrets", 400, `{"error":"invalid_grant","error_description":"r3fr3sh of s3cr3t"}`, refused, "invalid_grant *** of ***", 1},
		{"an echo of Basic authentication", 400, `{"error":"invalid_grant","error_description":"you sent ` + base64.StdEncoding.EncodeToString([]byte("client:s3cr3t")) + `"}`, refused, "invalid_grant you sent ***", 1},
		{"control characters", 400, `{"error":"invalid_grant","error_description":"a\r\nb\u001b[31m"}`, refused, "invalid_grant a", 1},
		{"a lifetime that echoes a secret", 200, `{"access_token":"a","expires_in":"s3cr3t"}`, unreachable, "***", 1},
		{"an echo in hex", 400, `{"error":"invalid_grant","error_description":"733363723374"}`, refused, "invalid_grant ***", 1},
		{"a long story", 400, `{"error":"invalid_grant","error_description":"` + strings.Repeat("x", 1<<16) + `"}`, refused, "...", 1},
		{"an endless answer", 200, strings.Repeat(" ", 2<<20), unreachable, "cannot parse json", 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tokenURL, requests := endpoint(t, func(_ int, _ url.Values, w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Location", "/elsewhere")
				refuse(w, tt.status, tt.body)
			})
			_, err := source(t, full(tokenURL)).Token(t.Context())
			requireError(t, err, smtperr.ClassAuthFailed, tt.reason, tt.reason == unreachable)
			require.ErrorContains(t, err, tt.text)
			require.Less(t, len(err.Error()), 400)
			require.NotContains(t, err.Error(), "s3cr3t")
			require.Equal(t, tt.requests, requests.Load())
		})
	}
}

// A malformed answer is in the text of net/http's error.
func TestToken_MalformedAnswer(t *testing.T) {
	t.Parallel()
	for _, answer := range []string{"HTTP/1.1 s3cr3t\r\n\r\n", "HTTP/1.1 200 OK\r\nr3fr3sh\r\n\r\n", "s3cr3t r3fr3sh\r\n\r\n"} {
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			conn, _, err := w.(http.Hijacker).Hijack() //nolint:forcetypeassert // of HTTP/1.1
			if err == nil {
				_, _ = io.WriteString(conn, answer) //nolint:errcheck // the test sees it
				conn.Close()
			}
		}))
		t.Cleanup(srv.Close)
		_, err := source(t, full(srv.URL)).Token(t.Context())
		requireError(t, err, smtperr.ClassAuthFailed, smtperr.ReasonTokenUnreachable, true)
		require.NotContains(t, err.Error(), "s3cr3t", answer)
		require.NotContains(t, err.Error(), "r3fr3sh", answer)
	}
}

func TestToken_Unreachable(t *testing.T) {
	t.Parallel()
	gone := httptest.NewServer(nil)
	gone.Close()
	untrusted := httptest.NewTLSServer(nil)
	t.Cleanup(untrusted.Close)
	untrusted.Config.ErrorLog = nil
	for name, tokenURL := range map[string]string{"refused": gone.URL, "certificate": untrusted.URL} {
		_, err := source(t, full(tokenURL+"/?s3cr3t")).Token(t.Context())
		requireError(t, err, smtperr.ClassAuthFailed, smtperr.ReasonTokenUnreachable, true)
		require.ErrorContains(t, err, name)
	}
}

func TestToken_OwnCertificate(t *testing.T) {
	t.Parallel()
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { grant(w, `"access_token":"A"`) }))
	t.Cleanup(server.Close)
	c := clientOnly(server.URL)
	c.TLS = &tls.Config{RootCAs: x509.NewCertPool()}
	c.TLS.RootCAs.AddCert(server.Certificate())
	requireToken(t, source(t, c), "A")
}

// slow is an endpoint that answers when it is told to.
func slow(t *testing.T) (c token.Config, asked, answer chan struct{}, requests *atomic.Int32) {
	t.Helper()
	asked, answer = make(chan struct{}, 10), make(chan struct{})
	tokenURL, requests := endpoint(t, func(n int, _ url.Values, w http.ResponseWriter, _ *http.Request) {
		asked <- struct{}{}
		<-answer
		grant(w, fmt.Sprintf(`"access_token":"T%d"`, n))
	})
	return clientOnly(tokenURL), asked, answer, requests
}

func TestToken_SharedFetch(t *testing.T) {
	t.Parallel()
	c, asked, answer, requests := slow(t)
	s := source(t, c)
	var callers sync.WaitGroup
	got := make([]string, 20)
	errs := make([]error, len(got))
	for i := range got {
		callers.Go(func() { got[i], errs[i] = s.Token(t.Context()) })
	}
	<-asked
	close(answer)
	callers.Wait()
	for i := range got {
		require.NoError(t, errs[i])
		require.Equal(t, "T1", got[i])
	}
	require.EqualValues(t, 1, requests.Load())
}

func TestToken_OneCallerEnds(t *testing.T) {
	t.Parallel()
	c, asked, answer, requests := slow(t)
	s := source(t, c)
	ctx, cancel := context.WithCancel(t.Context())
	first := make(chan error, 1)
	go func() { _, err := s.Token(ctx); first <- err }()
	<-asked
	cancel()
	requireError(t, <-first, smtperr.ClassCanceled, "", true)

	// The fetch goes on, and is the next caller's.
	close(answer)
	requireToken(t, s, "T1")
	require.EqualValues(t, 1, requests.Load())
}

func TestToken_Waiting(t *testing.T) {
	t.Parallel()
	c, _, answer, _ := slow(t)
	t.Cleanup(func() { close(answer) })

	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	_, err := source(t, c).Token(ctx)
	requireError(t, err, smtperr.ClassAuthFailed, smtperr.ReasonTokenUnreachable, true)
	require.ErrorIs(t, err, context.DeadlineExceeded)

	over, stop := context.WithCancel(t.Context())
	stop()
	_, err = source(t, c).Token(over)
	requireError(t, err, smtperr.ClassCanceled, "", true)

	c.Timeout = time.Millisecond
	_, err = source(t, c).Token(t.Context())
	requireError(t, err, smtperr.ClassAuthFailed, smtperr.ReasonTokenUnreachable, true)
	require.ErrorIs(t, err, context.DeadlineExceeded, "a fetch has its own end")
}

func TestToken_OwnErrors(t *testing.T) {
	t.Parallel()
	asked, answer := make(chan struct{}, 1), make(chan struct{})
	tokenURL, _ := endpoint(t, func(_ int, _ url.Values, w http.ResponseWriter, _ *http.Request) {
		asked <- struct{}{}
		<-answer
		refuse(w, 400, `{"error":"invalid_grant"}`)
	})
	s := source(t, full(tokenURL))
	errs := make(chan error, 2)
	ask := func() { _, err := s.Token(t.Context()); errs <- err }
	go ask()
	<-asked
	go ask()
	answer <- struct{}{}
	one := <-errs
	// The second may have come after the first fetch; then it has its own.
	select {
	case <-asked:
		answer <- struct{}{}
	case two := <-errs:
		errs <- two
	}
	a, _ := errors.AsType[*smtperr.Error](one)
	b, _ := errors.AsType[*smtperr.Error](<-errs)
	require.NotSame(t, a, b)
	require.Equal(t, a, b)
}
