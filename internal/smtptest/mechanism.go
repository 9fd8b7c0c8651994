package smtptest

import (
	"bytes"
	"crypto/hmac"
	"crypto/md5" //nolint:gosec // CRAM-MD5 is defined with it (RFC 2195)
	"crypto/rand"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/emersion/go-sasl"
	"github.com/xdg-go/scram"
)

// exchange is the server side of a SASL mechanism. Next is called with nil if the
// client sent no initial response.
type exchange interface {
	sasl.Server
	identity() string
}

// errDenied and errMalformed become the replies 535 and 501.
var (
	errDenied    = errors.New("credentials invalid")
	errMalformed = errors.New("malformed response")
)

// mechanisms are in the order in which a relay offers them.
var mechanisms = []struct {
	name      string
	available func(a *Accounts, c *connInfo) bool
	open      func(a *Accounts, c *connInfo) exchange
}{
	{name: "PLAIN", available: withPasswords, open: openPlain},
	{name: "LOGIN", available: withPasswords, open: openLogin},
	{name: "CRAM-MD5", available: withPasswords, open: openCRAM},
	{name: "SCRAM-SHA-1", available: withPasswords, open: openSCRAM(scram.SHA1, false)},
	{name: "SCRAM-SHA-1-PLUS", available: withPasswordsAndTLS, open: openSCRAM(scram.SHA1, true)},
	{name: "SCRAM-SHA-256", available: withPasswords, open: openSCRAM(scram.SHA256, false)},
	{name: "SCRAM-SHA-256-PLUS", available: withPasswordsAndTLS, open: openSCRAM(scram.SHA256, true)},
	{name: "XOAUTH2", available: withTokens, open: openXOAUTH2},
	{name: "OAUTHBEARER", available: withTokens, open: openOAuthBearer},
	{name: "EXTERNAL", available: withCertificate, open: openExternal},
}

func withPasswords(a *Accounts, _ *connInfo) bool { return len(a.Passwords) > 0 }

func withPasswordsAndTLS(a *Accounts, c *connInfo) bool {
	return withPasswords(a, c) && c.tls != nil
}

func withTokens(a *Accounts, _ *connInfo) bool { return len(a.Tokens) > 0 }

func withCertificate(_ *Accounts, c *connInfo) bool { return c.clientCertificate() }

// libraryExchange is an exchange of a library that passes the user to a callback.
type libraryExchange struct {
	sasl.Server
	user string
}

func (l *libraryExchange) identity() string { return l.user }

func openPlain(a *Accounts, _ *connInfo) exchange {
	l := &libraryExchange{}
	l.Server = sasl.NewPlainServer(func(_, username, password string) error {
		l.user = username
		return check(a.Passwords, username, password)
	})
	return l
}

// bearer is OAUTHBEARER. It also refuses a client that responds to the error with an
// empty response instead of the byte of RFC 7628 §3.2.3.
type bearer struct{ libraryExchange }

// Next checks the token.
func (b *bearer) Next(response []byte) (challenge []byte, done bool, err error) {
	if response != nil && len(response) == 0 {
		return nil, false, errDenied
	}
	return b.libraryExchange.Next(response)
}

func openOAuthBearer(a *Accounts, _ *connInfo) exchange {
	l := &bearer{}
	l.Server = sasl.NewOAuthBearerServer(func(o sasl.OAuthBearerOptions) *sasl.OAuthBearerError {
		l.user = o.Username
		if check(a.Tokens, o.Username, o.Token) != nil {
			return &sasl.OAuthBearerError{Status: "invalid_token", Schemes: "bearer"}
		}
		return nil
	})
	return l
}

// openExternal accepts any verified client certificate. The authorization identity
// has to be empty or one of the names in it (RFC 4422 appendix A).
func openExternal(_ *Accounts, c *connInfo) exchange {
	l := &libraryExchange{}
	l.Server = sasl.NewExternalServer(func(wanted string) error {
		leaf := c.tls.PeerCertificates[0]
		names := slices.Concat([]string{leaf.Subject.CommonName}, leaf.EmailAddresses, leaf.DNSNames)
		if wanted == "" {
			wanted = names[0]
		}
		l.user = wanted
		if !slices.Contains(names, wanted) {
			return errDenied
		}
		return nil
	})
	return l
}

func check(secrets map[string]string, user, given string) error {
	secret, known := secrets[user]
	if !known || subtle.ConstantTimeCompare([]byte(secret), []byte(given)) == 0 {
		return errDenied
	}
	return nil
}

// login prompts for the user, then for the password (draft-murchison-sasl-login).
type login struct {
	accounts *Accounts
	prompts  int
	user     string
}

func openLogin(a *Accounts, _ *connInfo) exchange { return &login{accounts: a} }

func (l *login) identity() string { return l.user }

// Next sends a prompt, or checks the password.
func (l *login) Next(response []byte) (challenge []byte, done bool, err error) {
	l.prompts++
	switch {
	case l.prompts == 1 && response == nil:
		return []byte("Username:"), false, nil
	case l.prompts == 1:
		l.prompts++
		fallthrough
	case l.prompts == 2:
		l.user = string(response)
		return []byte("Password:"), false, nil
	}
	return nil, true, check(l.accounts.Passwords, l.user, string(response))
}

// cram is CRAM-MD5 (RFC 2195).
type cram struct {
	accounts  *Accounts
	challenge string
	user      string
}

func openCRAM(a *Accounts, c *connInfo) exchange {
	return &cram{accounts: a, challenge: fmt.Sprintf("<%s@%s>", rand.Text(), c.hostname)}
}

func (m *cram) identity() string { return m.user }

// Next sends the challenge, then checks the digest.
func (m *cram) Next(response []byte) (challenge []byte, done bool, err error) {
	if response == nil {
		return []byte(m.challenge), false, nil
	}
	at := bytes.LastIndexByte(response, ' ')
	if at < 0 {
		return nil, false, errMalformed
	}
	m.user = string(response[:at])
	password, known := m.accounts.Passwords[m.user]
	mac := hmac.New(md5.New, []byte(password))
	mac.Write([]byte(m.challenge))
	if !known || !hmac.Equal([]byte(hex.EncodeToString(mac.Sum(nil))), response[at+1:]) {
		return nil, false, errDenied
	}
	return nil, true, nil
}

// xoauth2 is XOAUTH2. After a failure it sends the reason in another challenge, which
// the client confirms with an empty response, and then refuses.
type xoauth2 struct {
	accounts *Accounts
	user     string
	failed   bool
}

func openXOAUTH2(a *Accounts, _ *connInfo) exchange { return &xoauth2{accounts: a} }

func (x *xoauth2) identity() string { return x.user }

// Next checks the token.
func (x *xoauth2) Next(response []byte) (challenge []byte, done bool, err error) {
	if x.failed {
		return nil, false, errDenied
	}
	if response == nil {
		return nil, false, nil
	}
	fields := strings.Split(string(response), "\x01")
	if len(fields) != 4 || fields[2] != "" || fields[3] != "" {
		return nil, false, errMalformed
	}
	user, hasUser := strings.CutPrefix(fields[0], "user=")
	token, hasToken := strings.CutPrefix(fields[1], "auth=Bearer ")
	if !hasUser || !hasToken {
		return nil, false, errMalformed
	}
	x.user = user
	if x.failed = check(x.accounts.Tokens, user, token) != nil; x.failed {
		return []byte(`{"status":"401","schemes":"bearer","scope":"https://mail.test/"}`), false, nil
	}
	return nil, true, nil
}
