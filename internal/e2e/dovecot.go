//go:build e2e

package e2e

import (
	"encoding/base64"
	"strings"
	"testing"
)

// Dovecot is a Dovecot that serves LMTP, and SASL authentication for Postfix.
type Dovecot struct {
	*Program
	Log *Log
}

// otherUser is the name of a second account.
const otherUser = "other"

// dovecotMechanisms are the SASL mechanisms that Dovecot and the product share.
var dovecotMechanisms = []string{"PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256", "XOAUTH2", "OAUTHBEARER"}

// tokenKey signs access tokens. Dovecot looks it up by path.
const tokenKey = "a key of the end-to-end tests only" //nolint:gosec // used in tests only

const dovecotSettings = `
protocols = lmtp
auth_mechanisms = {mechanisms}
auth_verbose = yes
auth_failure_delay = 0
# A failed login would delay the next ones.
auth_cache_size = 0
passdb {
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = {dir}/oauth2.conf
}
service auth {
  # Postfix opens it as its own user.
  unix_listener {dir}/auth.sock {
    mode = 0666
  }
}
service lmtp {
  unix_listener {dir}/lmtp.sock {
    mode = 0666
  }
}
`

const dovecotOAuth2 = `
introspection_mode = local
local_validation_key_dict = fs:posix:prefix={dir}/keys/
username_attribute = sub
`

// StartDovecot starts a Dovecot that stops when the test ends.
func StartDovecot(t *testing.T) *Dovecot {
	t.Helper()
	place := PlaceFor(t, "dovecot")
	place.WriteFile(t, "keys/default/HS256/default", base64.StdEncoding.EncodeToString([]byte(tokenKey)))
	place.WriteConfig(t, "oauth2.conf", dovecotOAuth2)
	d := RunDovecot(t, place, DovecotConfig{
		Hostname: "dovecot.test", Users: []string{Username, otherUser}, Settings: dovecotSettings,
		Pairs: []string{"{mechanisms}", strings.ToLower(strings.Join(dovecotMechanisms, " "))},
	})
	return &Dovecot{Program: d, Log: d.log("dovecot.log")}
}

// SASL returns the path of the authentication socket, for PostfixOptions.
func (d *Dovecot) SASL() string { return d.File("auth.sock") }

// LMTPSocket returns the path of the unix socket of LMTP.
func (d *Dovecot) LMTPSocket() string { return d.File("lmtp.sock") }

// Mail waits for the only message of a user and returns its text.
func (d *Dovecot) Mail(t *testing.T, user string) string {
	t.Helper()
	return d.awaitMail(t, d.File("mail", user))
}
