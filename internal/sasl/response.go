package sasl

import (
	"context"
	"net/smtp"
	"strings"

	gosasl "github.com/emersion/go-sasl"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// response is a mechanism that sends everything in its initial response: PLAIN,
// EXTERNAL, OAUTHBEARER, XOAUTH2.
type response struct {
	name    string
	initial []byte
	// explained means that a challenge is the reason of a refusal; dismiss
	// answers it, so that the server sends its reply.
	explained bool
	dismiss   []byte
	asked     bool
}

func startPlain(m *mechanism, c *choice) (Client, error) {
	return newResponse(gosasl.NewPlainClient("", c.Username, c.Password), response{name: m.name})
}

// startExternal leaves who it is to the certificate, unless a user is named.
func startExternal(m *mechanism, c *choice) (Client, error) {
	return newResponse(gosasl.NewExternalClient(c.Username), response{name: m.name})
}

// startOAuthBearer: the server's JSON is answered with ^A (RFC 7628 §3.2.3). The
// library takes the user as a saslname, ready for its header (RFC 5801 §4).
func startOAuthBearer(m *mechanism, c *choice) (Client, error) {
	user := strings.NewReplacer("=", "=3D", ",", "=2C").Replace(c.Username)
	client := gosasl.NewOAuthBearerClient(&gosasl.OAuthBearerOptions{Username: user, Token: c.Token, Host: c.Host, Port: c.Port})
	return newResponse(client, response{name: m.name, explained: true, dismiss: []byte("\x01")})
}

// startXOAuth2: the server's JSON is answered with an empty response, as Google
// and Microsoft document it.
func startXOAuth2(m *mechanism, c *choice) (Client, error) {
	initial := "user=" + c.Username + "\x01auth=Bearer " + c.Token + "\x01\x01"
	return &response{name: m.name, initial: []byte(initial), explained: true}, nil
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

// Verified has nothing to add to a 235: the server has everything from the start.
func (*response) Verified() error { return nil }

// Next implements Client. Where no refusal is to be explained, an empty
// challenge is that of a server that ignored the initial response.
func (r *response) Next(_ context.Context, challenge []byte) ([]byte, error) {
	switch {
	case r.asked:
		return nil, unanswerable("the server asks again after everything was sent")
	case r.explained:
		r.asked = true
		return r.dismiss, nil
	case len(challenge) == 0:
		r.asked = true
		return r.initial, nil
	}
	return nil, unanswerable(r.name + " has no challenges")
}

// prompted is a mechanism whose server begins: LOGIN, CRAM-MD5.
type prompted struct {
	name     string
	answers  []func(challenge []byte) ([]byte, error) // in the order of the prompts
	answered int
	// anyPrompt: the answers do not depend on the prompts, which may be empty.
	anyPrompt bool
}

// startLogin answers prompts by their order, since their text is up to the
// server.
func startLogin(m *mechanism, c *choice) (Client, error) {
	always := func(answer string) func([]byte) ([]byte, error) {
		return func([]byte) ([]byte, error) { return []byte(answer), nil }
	}
	return &prompted{name: m.name, answers: []func([]byte) ([]byte, error){always(c.Username), always(c.Password)}, anyPrompt: true}, nil
}

func startCRAMMD5(m *mechanism, c *choice) (Client, error) {
	auth := smtp.CRAMMD5Auth(c.Username, c.Password)
	digest := func(challenge []byte) ([]byte, error) { return auth.Next(challenge, true) }
	return &prompted{name: m.name, answers: []func([]byte) ([]byte, error){digest}}, nil
}

// Name implements Client.
func (p *prompted) Name() string { return p.name }

// Start leaves the beginning to the server.
func (*prompted) Start() (ir []byte, hasIR bool, err error) { return nil, false, nil }

// AnyPrompt implements Client.
func (p *prompted) AnyPrompt() bool { return p.anyPrompt }

// Next implements Client.
func (p *prompted) Next(_ context.Context, challenge []byte) ([]byte, error) {
	switch {
	case p.answered == len(p.answers):
		return nil, unanswerable("the server asks again after everything was sent")
	case len(challenge) == 0 && !p.anyPrompt:
		// Nothing would make the answer differ from that to another server.
		return nil, badChallenge("an empty challenge of " + p.name)
	}
	answer, err := p.answers[p.answered](challenge)
	if err != nil {
		return nil, unanswerable(p.name + " has no answer")
	}
	p.answered++
	return answer, nil
}

// Verified implements Client: a server that has not asked cannot know who this is.
func (p *prompted) Verified() error {
	if p.answered < len(p.answers) {
		return smtperr.New(smtperr.ClassProtocolError, smtperr.ReasonUnexpectedCode, smtperr.PhaseAuth, nil)
	}
	return nil
}
