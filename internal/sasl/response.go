package sasl

import (
	"strings"

	gosasl "github.com/emersion/go-sasl"
	"github.com/wneessen/go-mail/smtp"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// response is a mechanism that says everything in its initial response: PLAIN,
// EXTERNAL, OAUTHBEARER, XOAUTH2.
type response struct {
	name    string
	initial []byte
	// explained tells that a challenge is the reason of a refusal; dismiss
	// answers it, so that the relay goes on to its verdict.
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

// startOAuthBearer: the relay's JSON is answered with ^A (RFC 7628 §3.2.3). The
// library takes the user as a saslname, ready for its header (RFC 5801 §4).
func startOAuthBearer(m *mechanism, c *choice) (Client, error) {
	user := strings.NewReplacer("=", "=3D", ",", "=2C").Replace(c.Username)
	client := gosasl.NewOAuthBearerClient(&gosasl.OAuthBearerOptions{Username: user, Token: c.Token, Host: c.Host, Port: c.Port})
	return newResponse(client, response{name: m.name, explained: true, dismiss: []byte("\x01")})
}

// startXOAuth2: the relay's JSON is answered empty, as its inventors have it.
func startXOAuth2(m *mechanism, c *choice) (Client, error) {
	_, initial, err := smtp.XOAuth2Auth(c.Username, c.Token).Start(&smtp.ServerInfo{})
	if err != nil {
		return nil, misconfigured("the mechanism %s refuses the credentials", m.name)
	}
	return &response{name: m.name, initial: initial, explained: true}, nil
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

// Verified has nothing to add to a 235: the relay has everything from the start.
func (*response) Verified() error { return nil }

// Next implements Client. Where no refusal is to be explained, an empty
// challenge is a relay's that did not look at the initial response.
func (r *response) Next(challenge []byte) ([]byte, error) {
	switch {
	case r.asked:
		return nil, unanswerable("the relay asks again after everything was said")
	case r.explained:
		r.asked = true
		return r.dismiss, nil
	case len(challenge) == 0:
		r.asked = true
		return r.initial, nil
	}
	return nil, unanswerable(r.name + " has no challenges")
}

// prompted is a mechanism whose relay speaks first: LOGIN, CRAM-MD5.
type prompted struct {
	name     string
	auth     smtp.Auth
	prompts  int // that the relay has to make
	answered int
	// anyPrompt: the answer does not depend on the prompt, which may be empty.
	anyPrompt bool
}

// startLogin: prompts are answered by their order, since their text is up to
// the relay. The library is told to leave the question of TLS to the caller.
func startLogin(m *mechanism, c *choice) (Client, error) {
	return &prompted{name: m.name, auth: smtp.LoginAuth(c.Username, c.Password, c.Host, true), prompts: 2, anyPrompt: true}, nil
}

func startCRAMMD5(m *mechanism, c *choice) (Client, error) {
	return &prompted{name: m.name, auth: smtp.CRAMMD5Auth(c.Username, c.Password), prompts: 1}, nil
}

// Name implements Client.
func (p *prompted) Name() string { return p.name }

// Start leaves the first word to the relay.
func (*prompted) Start() (ir []byte, hasIR bool, err error) { return nil, false, nil }

// Next implements Client.
func (p *prompted) Next(challenge []byte) ([]byte, error) {
	switch {
	case p.answered == p.prompts:
		return nil, unanswerable("the relay asks again after everything was said")
	case len(challenge) == 0 && !p.anyPrompt:
		// Nothing would make the answer differ from that to another relay.
		return nil, badChallenge("an empty challenge of " + p.name)
	}
	answer, err := p.auth.Next(challenge, true)
	if err != nil {
		return nil, unanswerable(p.name + " has no answer")
	}
	p.answered++
	return answer, nil
}

// Verified implements Client: a relay that has not asked cannot know who this is.
func (p *prompted) Verified() error {
	if p.answered < p.prompts {
		return smtperr.New(smtperr.ClassProtocolError, smtperr.ReasonUnexpectedCode, smtperr.PhaseAuth, nil)
	}
	return nil
}
