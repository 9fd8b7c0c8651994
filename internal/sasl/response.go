package sasl

import (
	"context"
	"net/smtp"
	"strings"

	gosasl "github.com/emersion/go-sasl"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// response is the client of a mechanism that sends all credentials in the initial
// response: PLAIN, EXTERNAL, OAUTHBEARER and XOAUTH2.
type response struct {
	name    string
	initial []byte
	// explains reports whether the server sends the reason of a refusal as a
	// challenge. The client responds with dismiss, and the server then sends the
	// final reply.
	explains bool
	dismiss  []byte
	answered bool // a challenge was answered
}

func startPlain(m *mechanism, p *params) (Client, error) {
	return newResponse(gosasl.NewPlainClient("", p.Username, p.Password), response{name: m.name})
}

// startExternal starts EXTERNAL. Without a user name, the server derives the user
// from the certificate.
func startExternal(m *mechanism, p *params) (Client, error) {
	return newResponse(gosasl.NewExternalClient(p.Username), response{name: m.name})
}

// startOAuthBearer starts OAUTHBEARER. The response to the JSON of a refusal is ^A
// (RFC 7628 §3.2.3). The library expects the user name in the form saslname (RFC
// 5801 §4).
func startOAuthBearer(m *mechanism, p *params) (Client, error) {
	user := strings.NewReplacer("=", "=3D", ",", "=2C").Replace(p.Username)
	client := gosasl.NewOAuthBearerClient(&gosasl.OAuthBearerOptions{Username: user, Token: p.Token, Host: p.Host, Port: p.Port})
	return newResponse(client, response{name: m.name, explains: true, dismiss: []byte("\x01")})
}

// startXOAuth2 starts XOAUTH2. The response to the JSON of a refusal is empty, as
// Google and Microsoft document.
func startXOAuth2(m *mechanism, p *params) (Client, error) {
	initial := "user=" + p.Username + "\x01auth=Bearer " + p.Token + "\x01\x01"
	return &response{name: m.name, initial: []byte(initial), explains: true}, nil
}

func newResponse(client gosasl.Client, r response) (Client, error) {
	_, initial, err := client.Start()
	if err != nil {
		return nil, misconfigured("the mechanism %s refuses the credentials", r.name)
	}
	r.initial = initial
	return &r, nil
}

// Name implements Client.
func (r *response) Name() string { return r.name }

// Start implements Client.
func (r *response) Start() (ir []byte, hasIR bool, err error) { return r.initial, true, nil }

// AnyPrompt implements Client.
func (*response) AnyPrompt() bool { return false }

// Verified implements Client. The server has received the credentials.
func (*response) Verified() error { return nil }

// Next implements Client. If the mechanism has no challenges, an empty challenge
// means that the server ignored the initial response.
func (r *response) Next(_ context.Context, challenge []byte) ([]byte, error) {
	switch {
	case r.answered:
		return nil, errTooManyChallenges()
	case r.explains:
		r.answered = true
		return r.dismiss, nil
	case len(challenge) == 0:
		r.answered = true
		return r.initial, nil
	}
	return nil, challengeLoop(r.name + " has no challenges")
}

// prompted is the client of a mechanism in which the server sends the first
// challenge: LOGIN and CRAM-MD5.
type prompted struct {
	name      string
	responses []func(challenge []byte) ([]byte, error) // in order
	answered  int                                      // challenges
	// anyPrompt reports whether the responses do not depend on the challenges,
	// which may be empty.
	anyPrompt bool
}

// startLogin starts LOGIN. The texts of its prompts vary, so only their order
// counts.
func startLogin(m *mechanism, p *params) (Client, error) {
	constant := func(text string) func([]byte) ([]byte, error) {
		return func([]byte) ([]byte, error) { return []byte(text), nil }
	}
	return &prompted{
		name: m.name, anyPrompt: true,
		responses: []func([]byte) ([]byte, error){constant(p.Username), constant(p.Password)},
	}, nil
}

func startCRAMMD5(m *mechanism, p *params) (Client, error) {
	auth := smtp.CRAMMD5Auth(p.Username, p.Password)
	digest := func(challenge []byte) ([]byte, error) { return auth.Next(challenge, true) }
	return &prompted{name: m.name, responses: []func([]byte) ([]byte, error){digest}}, nil
}

// Name implements Client.
func (p *prompted) Name() string { return p.name }

// Start implements Client. The server sends the first challenge.
func (*prompted) Start() (ir []byte, hasIR bool, err error) { return nil, false, nil }

// AnyPrompt implements Client.
func (p *prompted) AnyPrompt() bool { return p.anyPrompt }

// Next implements Client.
func (p *prompted) Next(_ context.Context, challenge []byte) ([]byte, error) {
	switch {
	case p.answered == len(p.responses):
		return nil, errTooManyChallenges()
	case len(challenge) == 0 && !p.anyPrompt:
		// The response to an empty challenge could be replayed to other servers.
		return nil, badChallenge("an empty challenge of " + p.name)
	}
	response, err := p.responses[p.answered](challenge)
	if err != nil {
		return nil, challengeLoop(p.name + " has no response")
	}
	p.answered++
	return response, nil
}

// Verified implements Client.
func (p *prompted) Verified() error {
	if p.answered < len(p.responses) {
		return smtperr.New(smtperr.ClassProtocolError, smtperr.ReasonUnexpectedCode, smtperr.PhaseAuth, nil)
	}
	return nil
}
