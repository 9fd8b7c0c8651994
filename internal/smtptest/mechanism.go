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

// exchange is the server's side of a SASL mechanism. Next is called with nil
// when the client sent no initial response.
type exchange interface {
	sasl.Server
	identity() string
}

// errDenied and errMalformed become the replies 535 and 501.
var (
	errDenied    = errors.New("credentials invalid")
	errMalformed = errors.New("malformed response")
)

// mechanisms in the order in which a relay offers them.
var mechanisms = []struct {
	name   string
	served func(a *Accounts, c *circumstances) bool
	open   func(a *Accounts, c *circumstances) exchange
}{
	{"PLAIN", withPasswords, openPlain},
	{"LOGIN", withPasswords, openLogin},
	{"CRAM-MD5", withPasswords, openCRAM},
	{"SCRAM-SHA-1", withPasswords, openSCRAM(scram.SHA1, false)},
	{"SCRAM-SHA-1-PLUS", withPasswordsAndTLS, openSCRAM(scram.SHA1, true)},
	{"SCRAM-SHA-256", withPasswords, openSCRAM(scram.SHA256, false)},
	{"SCRAM-SHA-256-PLUS", withPasswordsAndTLS, openSCRAM(scram.SHA256, true)},
	{"XOAUTH2", withTokens, openXOAUTH2},
	{"OAUTHBEARER", withTokens, openOAuthBearer},
	{"EXTERNAL", withCertificate, openExternal},
}

func withPasswords(a *Accounts, _ *circumstances) bool { return len(a.Passwords) > 0 }

func withPasswordsAndTLS(a *Accounts, c *circumstances) bool {
	return withPasswords(a, c) && c.tls != nil
}

func withTokens(a *Accounts, _ *circumstances) bool { return len(a.Tokens) > 0 }

func withCertificate(_ *Accounts, c *circumstances) bool { return c.clientCertificate() }

// lookup is an exchange of a library that reports the user in a callback.
type lookup struct {
	sasl.Server
	user string
}

func (l *lookup) identity() string { return l.user }

func openPlain(a *Accounts, _ *circumstances) exchange {
	l := &lookup{}
	l.Server = sasl.NewPlainServer(func(_, username, password string) error {
		l.user = username
		return check(a.Passwords, username, password)
	})
	return l
}

// bearer is OAUTHBEARER. A client that answers the reason of a failure with
// nothing, instead of RFC 7628 §3.2.3's byte, is refused as well.
type bearer struct{ lookup }

// Next checks the token.
func (b *bearer) Next(response []byte) (challenge []byte, done bool, err error) {
	if response != nil && len(response) == 0 {
		return nil, false, errDenied
	}
	return b.lookup.Next(response)
}

func openOAuthBearer(a *Accounts, _ *circumstances) exchange {
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

// openExternal takes any client certificate that the handshake took. A client
// may ask to be one of the names in it, no other (RFC 4422 appendix A).
func openExternal(_ *Accounts, c *circumstances) exchange {
	l := &lookup{}
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

// login asks for the user and then for the password (draft-murchison-sasl-login).
type login struct {
	accounts *Accounts
	asked    int
	user     string
}

func openLogin(a *Accounts, _ *circumstances) exchange { return &login{accounts: a} }

func (l *login) identity() string { return l.user }

// Next asks for what comes next.
func (l *login) Next(response []byte) (challenge []byte, done bool, err error) {
	l.asked++
	switch {
	case l.asked == 1 && response == nil:
		return []byte("Username:"), false, nil
	case l.asked == 1:
		l.asked++
		fallthrough
	case l.asked == 2:
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

func openCRAM(a *Accounts, c *circumstances) exchange {
	return &cram{accounts: a, challenge: fmt.Sprintf("<%s@%s>", rand.Text(), c.hostname)}
}

func (m *cram) identity() string { return m.user }

// Next sends the challenge, then checks its digest.
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

// xoauth2 tells a client why it failed in one more challenge, which the client
// answers with nothing, and then refuses.
type xoauth2 struct {
	accounts *Accounts
	user     string
	failed   bool
}

func openXOAUTH2(a *Accounts, _ *circumstances) exchange { return &xoauth2{accounts: a} }

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
