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

// The limits of a fetch (RFC 8461 §3.3).
const (
	fetchTimeout   = 60 * time.Second
	maxPolicySize  = 64 << 10
	maxHeaderSize  = 16 << 10
	policyHost     = "mta-sts."
	policyPath     = "/.well-known/mta-sts.txt"
	policyPort     = 443
	policyMinTLS   = tls.VersionTLS12
	policyMimeType = "text/plain"
)

// Web is how policies are fetched.
type Web struct {
	// Roots verify the policy host; nil: the system's.
	Roots *x509.CertPool
	// Dialer connects; nil: directly.
	Dialer dial.Dialer
	// AllowPrivate permits policy hosts whose addresses are not public.
	AllowPrivate bool
}

// fetched is what a fetch yields: a policy, or an error and its result type.
type fetched struct {
	policy     *STSPolicy
	result     Result
	err        error
	certExpiry time.Time // of the policy host's certificate; zero if none was seen
}

// fetch gets the policy of a domain (RFC 8461 §3.3): one request, no redirect.
func (w *Web) fetch(ctx context.Context, domain string, addresses []netip.Addr) fetched {
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	client := w.client(domain, addresses)
	defer client.CloseIdleConnections()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+policyHost+domain+policyPath, http.NoBody)
	if err != nil {
		return fetched{result: STSPolicyFetchError, err: err}
	}
	response, err := client.Do(request)
	if err != nil {
		return unreached(err)
	}
	defer response.Body.Close()
	f := fetched{certExpiry: response.TLS.PeerCertificates[0].NotAfter}
	body, err := readPolicy(response)
	if err != nil {
		f.result, f.err = STSPolicyFetchError, err
		return f
	}
	if f.policy, f.err = parsePolicy(body); f.err != nil {
		f.policy, f.result = nil, STSPolicyInvalid
	}
	return f
}

func unreached(err error) fetched {
	f := fetched{result: STSPolicyFetchError, err: err}
	if cert, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		f.result = STSWebPKIInvalid
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
	if kind, _, err := mime.ParseMediaType(response.Header.Get("Content-Type")); err != nil || kind != policyMimeType {
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

// client makes a client for one request. It keeps nothing and unpacks nothing.
func (w *Web) client(domain string, addresses []netip.Addr) *http.Client {
	dialer := w.Dialer
	if dialer == nil {
		dialer = dial.Direct{}
	}
	attempts := dial.Attempts{Dialer: dialer}
	if !w.AllowPrivate {
		attempts.Allow = dial.Public
	}
	return &http.Client{
		Transport: &http.Transport{
			DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
				return attempts.Dial(ctx, addresses, policyPort)
			},
			TLSClientConfig:        &tls.Config{RootCAs: w.Roots, ServerName: policyHost + domain, MinVersion: policyMinTLS},
			DisableKeepAlives:      true,
			DisableCompression:     true,
			MaxResponseHeaderBytes: maxHeaderSize,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}
