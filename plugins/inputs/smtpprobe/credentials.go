package smtpprobe

import (
	"errors"
	"fmt"
)

// mentionsCredentials tells whether there is anything to log in with.
func mentionsCredentials(c *Credentials) bool {
	return !emptySecret(c.Username) || !emptySecret(c.Password) || c.hasToken() || or(c.AuthMechanism) == "EXTERNAL"
}

// hasToken tells whether any of the token settings is set to something.
func (c *Credentials) hasToken() bool {
	return !emptySecret(c.Token) || or(c.TokenURL) != "" || !emptySecret(c.ClientID) ||
		!emptySecret(c.ClientSecret) || !emptySecret(c.RefreshToken) || len(c.Scopes) > 0
}

// consistentCredentials refuses credentials that cannot work.
func (s *Settings) consistentCredentials() error {
	c := &s.Credentials
	mechanism := or(c.AuthMechanism)
	bearer := mechanism == "XOAUTH2" || mechanism == "OAUTHBEARER"
	switch {
	case mechanism == "EXTERNAL":
		if !emptySecret(c.Password) || c.hasToken() {
			return errors.New(`auth_mechanism "EXTERNAL" uses the client's certificate, neither a password nor a token`)
		}
		return nil
	case c.hasToken():
		if err := c.consistentToken(); err != nil {
			return err
		}
		if mechanism != "" && !bearer && emptySecret(c.Password) {
			return fmt.Errorf("auth_mechanism %q needs a password, and there is a token only", mechanism)
		}
	case bearer:
		return fmt.Errorf("auth_mechanism %q needs a token: set token, or token_url and what goes with it", mechanism)
	case !emptySecret(c.Username) && emptySecret(c.Password):
		return errors.New("username is set without password or token")
	case emptySecret(c.Username) && !emptySecret(c.Password):
		return errors.New("password is set without username")
	case mechanism != "" && emptySecret(c.Username):
		return fmt.Errorf("auth_mechanism %q is set without username and password", mechanism)
	}
	return nil
}

// consistentToken: a token is given, or there is all that it takes to fetch one.
func (c *Credentials) consistentToken() error {
	address := or(c.TokenURL)
	switch {
	case emptySecret(c.Username):
		return errors.New("a token needs username: the mailbox that it opens")
	case !emptySecret(c.Token):
		if address != "" || !emptySecret(c.ClientID) || !emptySecret(c.ClientSecret) || !emptySecret(c.RefreshToken) || len(c.Scopes) > 0 {
			return errors.New("token excludes token_url, client_id, client_secret, refresh_token and scopes, which fetch one")
		}
		return nil
	case address == "":
		return errors.New("client_id, client_secret, refresh_token and scopes need token_url")
	case emptySecret(c.ClientID):
		return errors.New("token_url needs client_id")
	case emptySecret(c.RefreshToken) && emptySecret(c.ClientSecret):
		return errors.New("token_url needs refresh_token or client_secret")
	}
	return nil
}
