package smtptest

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/tls"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/xdg-go/scram"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest/certs"
)

// answers returns a client's response to a challenge.
type answers func(challenge []byte) ([]byte, error)

// authenticate runs AUTH and returns the last reply.
func (c *client) authenticate(mechanism string, initial []byte, answer answers) string {
	c.t.Helper()
	line := "AUTH " + mechanism
	if initial != nil {
		line += " " + encode(initial)
	}
	got := c.say(line)
	for strings.HasPrefix(got, "334 ") {
		challenge, err := base64.StdEncoding.DecodeString(strings.TrimSpace(got[len("334 "):]))
		require.NoError(c.t, err)
		response, err := answer(challenge)
		if err != nil {
			return c.say("*")
		}
		got = c.say(base64.StdEncoding.EncodeToString(response))
	}
	return got
}

func encode(b []byte) string {
	if len(b) == 0 {
		return "="
	}
	return base64.StdEncoding.EncodeToString(b)
}

// inOrder returns the texts in order.
func inOrder(texts ...string) answers {
	i := -1
	return func([]byte) ([]byte, error) {
		i = min(i+1, len(texts)-1)
		return []byte(texts[i]), nil
	}
}

// startSession starts a relay and a client that has sent EHLO over TLS with a client
// certificate.
func startSession(t *testing.T, accounts *Accounts) (*Server, *client, *tls.ConnectionState, string) {
	t.Helper()
	ca := certs.NewAuthority("test")
	server := ca.DemandClient(certs.Server(ca.Issue(certs.For("relay.test"))))
	srv := Start(t, Script{TLS: server, ImplicitTLS: true, Accounts: accounts})
	config := trusting(ca)
	config.Certificates = []tls.Certificate{ca.Issue(certs.Client("probe"))}
	c := dial(t, srv)
	state := c.startTLS(config)
	c.reply()
	offered := c.say("EHLO x")
	return srv, c, state, offered
}

func accounts() *Accounts {
	return &Accounts{Passwords: map[string]string{"user": "pencil"}, Tokens: map[string]string{"user": "t0ken"}}
}

const (
	accepted = "235 2.7.0 authenticated\r\n"
	refused  = "535 5.7.8 authentication credentials invalid\r\n"
)

func TestAccounts_Mechanisms(t *testing.T) {
	t.Parallel()
	tests := []struct {
		mechanism string
		deferred  bool // no initial response
		try       func(secret string) (initial string, answer answers)
	}{
		{mechanism: "PLAIN", try: func(s string) (string, answers) { return "\x00user\x00" + s, nil }},
		{mechanism: "PLAIN", deferred: true, try: func(s string) (string, answers) { return "", inOrder("\x00user\x00" + s) }},
		{mechanism: "LOGIN", try: func(s string) (string, answers) { return "user", inOrder(s) }},
		{mechanism: "LOGIN", deferred: true, try: func(s string) (string, answers) { return "", inOrder("user", s) }},
		{mechanism: "CRAM-MD5", deferred: true, try: func(s string) (string, answers) {
			return "", func(challenge []byte) ([]byte, error) {
				mac := hmac.New(md5.New, []byte(s))
				mac.Write(challenge)
				return []byte("user " + hex.EncodeToString(mac.Sum(nil))), nil
			}
		}},
		{mechanism: "XOAUTH2", try: func(s string) (string, answers) { return "user=user\x01auth=Bearer " + s + "\x01\x01", inOrder("") }},
		{mechanism: "XOAUTH2", deferred: true, try: func(s string) (string, answers) {
			return "", inOrder("user=user\x01auth=Bearer "+s+"\x01\x01", "")
		}},
		{mechanism: "OAUTHBEARER", try: func(s string) (string, answers) {
			return "n,a=user,\x01auth=Bearer " + s + "\x01\x01", inOrder("\x01")
		}},
		{mechanism: "OAUTHBEARER", try: func(s string) (string, answers) { return "n,a=user,\x01auth=Bearer " + s + "\x01\x01", inOrder("") }},
	}
	secrets := map[string]string{"XOAUTH2": "t0ken", "OAUTHBEARER": "t0ken"}
	for _, tt := range tests {
		t.Run(fmt.Sprintf("%s deferred=%t", tt.mechanism, tt.deferred), func(t *testing.T) {
			t.Parallel()
			secret := secrets[tt.mechanism]
			if secret == "" {
				secret = "pencil"
			}
			attempt := func(s string) (string, string) {
				srv, c, _, _ := startSession(t, accounts())
				first, answer := tt.try(s)
				initial := []byte(first)
				if tt.deferred {
					initial = nil
				}
				got := c.authenticate(tt.mechanism, initial, answer)
				c.close()
				return got, srv.Session(t).Identity
			}
			got, identity := attempt(secret)
			require.Equal(t, accepted, got)
			require.Equal(t, "user", identity)
			got, identity = attempt("wrong")
			require.Equal(t, refused, got)
			require.Empty(t, identity)
		})
	}
}

func TestAccounts_SCRAMChannelBinding(t *testing.T) {
	t.Parallel()
	hashes := map[string]scram.HashGeneratorFcn{"SCRAM-SHA-1": scram.SHA1, "SCRAM-SHA-256": scram.SHA256}
	for name, hash := range hashes {
		for _, plus := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s plus=%t", name, plus), func(t *testing.T) {
				t.Parallel()
				attempt := func(password string, wrongBinding bool) (reply string, verified bool) {
					_, c, state, _ := startSession(t, accounts())
					user, err := hash.NewClient("user", password, "")
					require.NoError(t, err)
					conversation, mechanism := user.NewConversation(), name
					if plus {
						binding, err := scram.NewTLSExporterBinding(state)
						require.NoError(t, err)
						if wrongBinding {
							binding.Data[0]++
						}
						conversation, mechanism = user.NewConversationWithChannelBinding(binding), name+"-PLUS"
					}
					first, err := conversation.Step("")
					require.NoError(t, err)
					reply = c.authenticate(mechanism, []byte(first), func(challenge []byte) ([]byte, error) {
						next, err := conversation.Step(string(challenge))
						return []byte(next), err
					})
					return reply, conversation.Valid()
				}
				reply, verified := attempt("pencil", false)
				require.Equal(t, accepted, reply)
				require.True(t, verified)
				reply, verified = attempt("wrong", false)
				require.Equal(t, refused, reply)
				require.False(t, verified)
				if plus {
					reply, verified = attempt("pencil", true)
					require.Equal(t, refused, reply)
					require.False(t, verified, "another connection's binding")
				}
			})
		}
	}
}

func TestAccounts_External(t *testing.T) {
	t.Parallel()
	for identity, want := range map[string]string{"": accepted, "probe": accepted, "root": refused} {
		srv, c, _, offered := startSession(t, accounts())
		require.Contains(t, offered, " EXTERNAL\r\n")
		require.Equal(t, want, c.authenticate("EXTERNAL", []byte(identity), nil), identity)
		c.close()
		if want == accepted {
			require.Equal(t, "probe", srv.Session(t).Identity)
		}
	}
}

func TestAccounts_Offered(t *testing.T) {
	t.Parallel()
	_, c, _, offered := startSession(t, accounts())
	require.Contains(t, offered, "250 AUTH PLAIN LOGIN CRAM-MD5 SCRAM-SHA-1 SCRAM-SHA-1-PLUS SCRAM-SHA-256 SCRAM-SHA-256-PLUS XOAUTH2 OAUTHBEARER EXTERNAL\r\n")

	plaintext := func(a *Accounts) (*client, string) {
		c := dial(t, Start(t, Script{Accounts: a}))
		c.reply()
		offered := c.say("EHLO x")
		return c, offered
	}
	c.close()
	c, offered = plaintext(&Accounts{Passwords: map[string]string{"user": "pencil"}})
	require.Contains(t, offered, "250 AUTH PLAIN LOGIN CRAM-MD5 SCRAM-SHA-1 SCRAM-SHA-256\r\n")
	require.Equal(t, "504", c.say("AUTH EXTERNAL =")[:3])
	require.Equal(t, "501 5.5.2", c.say("AUTH PLAIN !")[:9])
	require.Equal(t, "501 5.7.0", c.say("AUTH LOGIN", "*")[:9])
	require.Equal(t, "501 5.5.4", c.say("AUTH CRAM-MD5", encode([]byte("invalid")))[:9])
	require.Equal(t, accepted, c.say("AUTH PLAIN "+encode([]byte("\x00user\x00pencil"))))
	require.Equal(t, "503", c.say("AUTH PLAIN")[:3], "only once")

	c, offered = plaintext(&Accounts{Passwords: map[string]string{"user": "pencil"}, OnlyTLS: true})
	require.NotContains(t, offered, "AUTH")
	require.Equal(t, "504", c.say("AUTH PLAIN")[:3])

	_, offered = plaintext(&Accounts{Mechanisms: []string{"LOGIN", "X-OWN"}})
	require.Contains(t, offered, "250 AUTH LOGIN X-OWN\r\n")
}

func TestScript_Auth(t *testing.T) {
	t.Parallel()
	srv := Start(t, Script{
		Extensions:   []string{"AUTH LOGIN"},
		Auth:         Say("334 VXNlcm5hbWU6"),
		AuthResponse: Seq(Say("334 UGFzc3dvcmQ6"), Say("535 5.7.8 no")),
	})
	c := dial(t, srv)
	c.reply()
	require.Equal(t, "334 VXNlcm5hbWU6\r\n", c.say("EHLO x", "AUTH LOGIN"))
	require.Equal(t, "334 UGFzc3dvcmQ6\r\n", c.say("NOOP"))
	require.Equal(t, "535 5.7.8 no\r\n", c.say("NOOP"))
	require.Equal(t, "250 2.0.0 ok\r\n", c.say("NOOP"))
	c.close()
	lines := srv.Session(t).Lines
	require.Equal(t, []Event{AtEHLO, AtAuth, AtAuthResponse, AtAuthResponse, AtNoop},
		[]Event{lines[0].Event, lines[1].Event, lines[2].Event, lines[3].Event, lines[4].Event})

	short := dial(t, Start(t, Script{Auth: Say("334 ")}))
	short.reply()
	require.Equal(t, accepted, short.say("AUTH X", "whatever"))
}
