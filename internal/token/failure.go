package token

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/oauth2"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/escape"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/mask"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

const (
	maxDescription = 120 // bytes of the endpoint's error and error_description
	maxFailure     = 300 // bytes of the error text of a failed request
)

// refusals are the error codes of RFC 6749 §5.2. A response with one of them is a
// refusal even if its HTTP status is not 400 or 401.
var refusals = []string{
	"invalid_request", "invalid_client", "invalid_grant", "unauthorized_client", "unsupported_grant_type", "invalid_scope",
}

// failure classifies the error of a request.
func (s *Source) failure(err error, c credentials) *smtperr.Error {
	var refused *oauth2.RetrieveError
	if errors.As(err, &refused) {
		return s.refusal(refused, c)
	}
	// The text of a url.Error contains the URL, which may contain secrets.
	var request *url.Error
	if errors.As(err, &request) {
		err = request.Err
	}
	// The error of a malformed response may contain text of the endpoint.
	text := escape.Text(c.mask(err.Error()), maxFailure)
	return unreachable(&maskedError{fmt.Sprintf("the token endpoint %s: %s", s.endpoint(), text), err})
}

// refusal classifies a response without a token. The endpoint either refuses the
// request or fails to process it.
func (s *Source) refusal(r *oauth2.RetrieveError, c credentials) *smtperr.Error {
	status := r.Response.StatusCode
	cause := fmt.Errorf("the token endpoint %s answered %d", s.endpoint(), status)
	if text := strings.TrimSpace(r.ErrorCode + " " + r.ErrorDescription); text != "" {
		cause = fmt.Errorf("%w: %s", cause, escape.Text(c.mask(text), maxDescription))
	}
	final := status >= 400 && status < 500 && status != http.StatusTooManyRequests && status != http.StatusRequestTimeout
	if final || slices.Contains(refusals, r.ErrorCode) {
		return smtperr.New(smtperr.ClassAuthFailed, smtperr.ReasonTokenRefused, smtperr.PhaseAuth, cause)
	}
	return unreachable(cause)
}

// maskedError wraps an error and replaces its text.
type maskedError struct {
	text  string
	cause error
}

func (e *maskedError) Error() string { return e.text }

func (e *maskedError) Unwrap() error { return e.cause }

// mask masks the credentials in text from the endpoint.
func (c credentials) mask(text string) string {
	secrets := new(mask.Secrets)
	basic := url.QueryEscape(c.id) + ":" + url.QueryEscape(c.secret) // RFC 6749 §2.3.1
	secrets.Add(c.secret, c.refresh, basic)
	return secrets.Text(text)
}

// interrupted returns the error of a caller whose context has ended. A timeout is
// one of the token endpoint, not of the relay.
func (s *Source) interrupted(ctx context.Context) error {
	if errors.Is(ctx.Err(), context.Canceled) {
		return smtperr.New(smtperr.ClassCanceled, "", smtperr.PhaseAuth, context.Cause(ctx))
	}
	return unreachable(fmt.Errorf("the token endpoint %s did not answer in time: %w", s.endpoint(), ctx.Err()))
}

func unreachable(cause error) *smtperr.Error {
	return smtperr.New(smtperr.ClassAuthFailed, smtperr.ReasonTokenUnreachable, smtperr.PhaseAuth, cause)
}

// endpoint returns the host and the port of the token endpoint. The path and the
// query may contain secrets.
func (s *Source) endpoint() string {
	u, err := url.Parse(s.config.TokenURL)
	if err != nil {
		return ""
	}
	return u.Host
}

// resolve returns the value of a secret. A secret that cannot be read is a
// local_error, an empty one a config_error.
func resolve(setting string, from Secret) (string, *smtperr.Error) {
	value, err := from()
	if err != nil {
		return "", smtperr.New(smtperr.ClassLocalError, "", smtperr.PhaseAuth, fmt.Errorf("reading %s: %w", setting, err))
	}
	if value == "" {
		return "", smtperr.New(smtperr.ClassConfigError, "", smtperr.PhaseConfig, fmt.Errorf("%s is empty", setting))
	}
	return value, nil
}
