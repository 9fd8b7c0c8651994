package policy

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/netip"
	"time"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/dial"
)

// Where a policy is, and the limits of a fetch (RFC 8461 §3.2, §3.3).
const (
	policyHost      = "mta-sts."
	policyPort      = 443
	policyPath      = "/.well-known/mta-sts.txt"
	policyMediaType = "text/plain"

	fetchTimeout  = 60 * time.Second
	maxPolicySize = 64 << 10
	maxHeaderSize = 16 << 10
)

// Fetcher fetches MTA-STS policies. The zero value works.
type Fetcher struct {
	// Roots verify the certificate of the policy host; nil means the system's.
	Roots *x509.CertPool
	// Dialer connects to the policy host; nil means directly.
	Dialer dial.Dialer
	// AllowPrivate permits policy hosts whose addresses are not public.
	AllowPrivate bool
}

// fetched is the result of a fetch: a policy, or a failure and its cause.
type fetched struct {
	policy     *STSPolicy
	failure    Result
	err        error
	certExpiry time.Time // of the policy host's certificate; zero if it sent none
}

// fetch requests the policy of a domain once, without following redirects (RFC
// 8461 §3.3).
func (f *Fetcher) fetch(ctx context.Context, domain string, addresses []netip.Addr) fetched {
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	client := f.client(domain, addresses)
	defer client.CloseIdleConnections()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+policyHost+domain+policyPath, http.NoBody)
	if err != nil {
		return fetched{failure: STSPolicyFetchError, err: err}
	}
	response, err := client.Do(request)
	if err != nil {
		return requestFailed(err)
	}
	defer response.Body.Close()
	result := fetched{certExpiry: response.TLS.PeerCertificates[0].NotAfter}
	body, err := readPolicy(response)
	if err != nil {
		result.failure, result.err = STSPolicyFetchError, err
		return result
	}
	if result.policy, result.err = parsePolicy(body); result.err != nil {
		result.policy, result.failure = nil, STSPolicyInvalid
	}
	return result
}

// requestFailed tells an invalid certificate from other errors of a request.
func requestFailed(err error) fetched {
	f := fetched{failure: STSPolicyFetchError, err: err}
	if cert, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		f.failure = STSWebPKIInvalid
		if len(cert.UnverifiedCertificates) > 0 {
			f.certExpiry = cert.UnverifiedCertificates[0].NotAfter
		}
	}
	return f
}

func readPolicy(response *http.Response) ([]byte, error) {
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the policy host answers with status %d", response.StatusCode)
	}
	if media, _, err := mime.ParseMediaType(response.Header.Get("Content-Type")); err != nil || media != policyMediaType {
		return nil, errors.New("the policy is not of type text/plain")
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, maxPolicySize+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("the policy ends early: %w", err)
	case len(body) > maxPolicySize:
		return nil, errors.New("the policy is longer than 64 KiB")
	}
	return body, nil
}

// client returns a client for one request to the given addresses.
func (f *Fetcher) client(domain string, addresses []netip.Addr) *http.Client {
	attempts := dial.Attempts{Dialer: f.Dialer}
	if attempts.Dialer == nil {
		attempts.Dialer = dial.Direct{}
	}
	if !f.AllowPrivate {
		attempts.Allow = dial.Public
	}
	return &http.Client{
		Transport: &http.Transport{
			DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
				return attempts.Dial(ctx, addresses, policyPort)
			},
			TLSClientConfig:        &tls.Config{RootCAs: f.Roots, ServerName: policyHost + domain, MinVersion: tls.VersionTLS12},
			DisableKeepAlives:      true,
			DisableCompression:     true,
			MaxResponseHeaderBytes: maxHeaderSize,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}
