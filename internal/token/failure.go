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
	maxDescription = 120 // bytes of an endpoint's text
	maxFailure     = 300 // bytes of the text of a failed request
)

// refusals are the codes of RFC 6749 §5.2, with which an endpoint refuses what it
// was asked, whatever its HTTP status.
var refusals = []string{
	"invalid_request", "invalid_client", "invalid_grant", "unauthorized_client", "unsupported_grant_type", "invalid_scope",
}

// failure classifies what became of a request.
func (s *Source) failure(err error, c credentials) *smtperr.Error {
	var refused *oauth2.RetrieveError
	if errors.As(err, &refused) {
		return s.refusal(refused, c)
	}
	// The URL that net/http puts before its errors may say too much.
	var request *url.Error
	if errors.As(err, &request) {
		err = request.Err
	}
	// The text of a malformed answer is the endpoint's.
	text := escape.Text(c.mask(err.Error()), maxFailure)
	return unreachable(&maskedError{fmt.Sprintf("the token endpoint %s: %s", s.endpoint(), text), err})
}

// refusal distinguishes an endpoint that refuses from one that cannot answer: it
// is broken or overloaded, or something else answers in its place.
func (s *Source) refusal(r *oauth2.RetrieveError, c credentials) *smtperr.Error {
	status := r.Response.StatusCode
	cause := fmt.Errorf("the token endpoint %s answered %d", s.endpoint(), status)
	if said := strings.TrimSpace(r.ErrorCode + " " + r.ErrorDescription); said != "" {
		cause = fmt.Errorf("%w: %s", cause, escape.Text(c.mask(said), maxDescription))
	}
	final := status >= 400 && status < 500 && status != http.StatusTooManyRequests && status != http.StatusRequestTimeout
	if final || slices.Contains(refusals, r.ErrorCode) {
		return smtperr.New(smtperr.ClassAuthFailed, smtperr.ReasonTokenRefused, smtperr.PhaseAuth, cause)
	}
	return unreachable(cause)
}

// maskedError shows another text than its cause.
type maskedError struct {
	text  string
	cause error
}

func (e *maskedError) Error() string { return e.text }

func (e *maskedError) Unwrap() error { return e.cause }

// mask removes the secrets that an endpoint repeats.
func (c credentials) mask(text string) string {
	secrets := new(mask.Secrets)
	secrets.Add(c.secret, c.refresh, url.QueryEscape(c.id)+":"+url.QueryEscape(c.secret)) // the last for Basic (RFC 6749 §2.3.1)
	return secrets.Text(text)
}

// interrupted is the end of a caller's wait. A timeout here is not the relay's,
// which was not asked.
func (s *Source) interrupted(ctx context.Context) error {
	if errors.Is(ctx.Err(), context.Canceled) {
		return smtperr.New(smtperr.ClassCanceled, "", smtperr.PhaseAuth, context.Cause(ctx))
	}
	return unreachable(fmt.Errorf("the token endpoint %s did not answer in time: %w", s.endpoint(), ctx.Err()))
}

func unreachable(cause error) *smtperr.Error {
	return smtperr.New(smtperr.ClassAuthFailed, smtperr.ReasonTokenUnreachable, smtperr.PhaseAuth, cause)
}

// endpoint is the host of the endpoint; path and query may be secret.
func (s *Source) endpoint() string {
	u, err := url.Parse(s.config.TokenURL)
	if err != nil {
		return ""
	}
	return u.Host
}

// resolve reads a secret. That it cannot be read is this machine's fault.
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
