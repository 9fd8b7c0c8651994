package sasl_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/xdg-go/scram"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/sasl"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// session is a TLS session.
type session struct{ client, server *tls.ConnectionState }

func handshake(t *testing.T, version uint16) session {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(t, err)

	near, far := net.Pipe()
	t.Cleanup(func() { require.NoError(t, near.Close()); require.NoError(t, far.Close()) })
	server := tls.Server(far, &tls.Config{
		Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}},
		MinVersion:   version, MaxVersion: version, SessionTicketsDisabled: true,
	})
	failed := make(chan error, 1)
	go func() { failed <- server.Handshake() }()
	client := tls.Client(near, &tls.Config{InsecureSkipVerify: true, MinVersion: version, MaxVersion: version})
	require.NoError(t, client.Handshake())
	require.NoError(t, <-failed)
	c, s := client.ConnectionState(), server.ConnectionState()
	return session{client: &c, server: &s}
}

func newServer(t *testing.T, hash scram.HashGeneratorFcn, password string) *scram.Server {
	t.Helper()
	client, err := hash.NewClient("probe", password, "")
	require.NoError(t, err)
	stored, err := client.GetStoredCredentialsWithError(scram.KeyFactors{Salt: "salt", Iters: 4096})
	require.NoError(t, err)
	s, err := hash.NewServer(func(string) (scram.StoredCredentials, error) { return stored, nil })
	require.NoError(t, err)
	return s
}

// converse runs an exchange up to the server's final reply.
func converse(t *testing.T, client sasl.Client, conversation *scram.ServerConversation) {
	t.Helper()
	response, hasIR, err := client.Start()
	require.NoError(t, err)
	require.True(t, hasIR)
	for range 2 {
		challenge, err := conversation.Step(string(response))
		if err != nil {
			require.True(t, strings.HasPrefix(challenge, "e="), challenge)
		}
		response, err = client.Next(t.Context(), []byte(challenge))
		require.NoError(t, err)
		if conversation.Done() {
			break
		}
	}
	require.Empty(t, response, "the server's last message is acknowledged (RFC 4954 §4)")
}

func TestSCRAM_Exchange(t *testing.T) {
	t.Parallel()
	for name, hash := range map[string]scram.HashGeneratorFcn{"SCRAM-SHA-1": scram.SHA1, "SCRAM-SHA-256": scram.SHA256} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, err := sasl.Choose([]string{name}, "", withPassword, nil)
			require.NoError(t, err)
			conversation := newServer(t, hash, "s3cr3t").NewConversation()
			converse(t, client, conversation)
			require.True(t, conversation.Valid())
			require.NoError(t, client.Verified())
			_, err = client.Next(t.Context(), nil)
			requireError(t, err, smtperr.ClassAuthFailed, smtperr.ReasonChallengeLoop)
		})
	}
}

func TestSCRAM_ChannelBinding(t *testing.T) {
	t.Parallel()
	exporter := func(t *testing.T, s session) scram.ChannelBinding {
		binding, err := scram.NewTLSExporterBinding(s.server)
		require.NoError(t, err)
		return binding
	}
	unique := func(_ *testing.T, s session) scram.ChannelBinding {
		return scram.NewTLSUniqueBinding(s.server.TLSUnique)
	}
	endPoint := func(t *testing.T, s session) scram.ChannelBinding {
		s.client.TLSUnique = nil // as after some resumptions
		binding, err := scram.NewTLSServerEndpointBinding(s.client)
		require.NoError(t, err)
		return binding
	}
	tests := []struct {
		name    string
		version uint16
		binding func(*testing.T, session) scram.ChannelBinding
		offered []string
		flag    string
	}{
		{name: "TLS 1.3", version: tls.VersionTLS13, binding: exporter, offered: []string{"SCRAM-SHA-256", "SCRAM-SHA-256-PLUS"}, flag: "p=tls-exporter,"},
		{name: "TLS 1.2", version: tls.VersionTLS12, binding: unique, offered: []string{"SCRAM-SHA-256", "SCRAM-SHA-256-PLUS"}, flag: "p=tls-unique,"},
		{name: "TLS 1.2 without tls-unique", version: tls.VersionTLS12, binding: endPoint, offered: []string{"SCRAM-SHA-256-PLUS"}, flag: "p=tls-server-end-point,"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := handshake(t, tt.version)
			binding := tt.binding(t, s)
			client, err := sasl.Choose(tt.offered, "", withPassword, s.client)
			require.NoError(t, err)
			require.Equal(t, "SCRAM-SHA-256-PLUS", client.Name())
			ir, _, err := client.Start()
			require.NoError(t, err)
			require.True(t, strings.HasPrefix(string(ir), tt.flag), "%s", ir)
			conversation := newServer(t, scram.SHA256, "s3cr3t").NewConversationWithChannelBindingRequired(binding)
			converse(t, client, conversation)
			require.True(t, conversation.Valid())
			require.NoError(t, client.Verified())
		})
	}
}

func TestSCRAM_ManInTheMiddle(t *testing.T) {
	t.Parallel()
	own, other := handshake(t, tls.VersionTLS13), handshake(t, tls.VersionTLS13)
	binding, err := scram.NewTLSExporterBinding(other.server)
	require.NoError(t, err)
	client, err := sasl.Choose([]string{"SCRAM-SHA-256-PLUS"}, "", withPassword, own.client)
	require.NoError(t, err)
	conversation := newServer(t, scram.SHA256, "s3cr3t").NewConversationWithChannelBinding(binding)
	converse(t, client, conversation)
	require.False(t, conversation.Valid())
	requireError(t, client.Verified(), smtperr.ClassAuthFailed, smtperr.ReasonServerUnverified)
}

func TestSCRAM_BindingFlag(t *testing.T) {
	t.Parallel()
	s := handshake(t, tls.VersionTLS13).client
	tests := []struct {
		name    string
		offered []string
		want    string
		tls     *tls.ConnectionState
		flag    string
	}{
		{name: "no TLS", offered: []string{"SCRAM-SHA-256", "SCRAM-SHA-256-PLUS"}, flag: "n,,"},
		{name: "not offered", offered: []string{"SCRAM-SHA-256", "PLAIN"}, tls: s, flag: "y,,"},
		{name: "other mechanism configured", offered: []string{"SCRAM-SHA-256", "SCRAM-SHA-256-PLUS"}, want: "SCRAM-SHA-256", tls: s, flag: "n,,"},
		{name: "offered for another hash", offered: []string{"SCRAM-SHA-256", "scram-sha-1-plus"}, tls: s, flag: "n,,"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			client, err := sasl.Choose(tt.offered, tt.want, withPassword, tt.tls)
			require.NoError(t, err)
			ir, _, err := client.Start()
			require.NoError(t, err)
			require.True(t, strings.HasPrefix(string(ir), tt.flag+"n=probe,r="), "%s", ir)
		})
	}
}

func TestSCRAM_WrongPassword(t *testing.T) {
	t.Parallel()
	client, err := sasl.Choose([]string{"SCRAM-SHA-1"}, "", withPassword, nil)
	require.NoError(t, err)
	conversation := newServer(t, scram.SHA1, "another").NewConversation()
	converse(t, client, conversation)
	require.False(t, conversation.Valid())
	requireError(t, client.Verified(), smtperr.ClassAuthFailed, smtperr.ReasonServerUnverified)
	_, err = client.Next(t.Context(), []byte("v=AAAA"))
	requireError(t, err, smtperr.ClassAuthFailed, smtperr.ReasonChallengeLoop)
}

func TestSCRAM_InvalidParameter(t *testing.T) {
	t.Parallel()
	for message, parameter := range map[string]string{
		"r=AAAA,s=c2FsdA==,i=4096":  "nonce (r=)",
		"r=NONCEx,s=!,i=4096":       "salt (s=)",
		"r=NONCEx,s=c2FsdA==,i=1":   "iteration count (i=)",
		"r=NONCEx,s=c2FsdA==,i=2e9": "iteration count (i=)",
	} {
		client, nonce := startSCRAM(t)
		_, err := client.Next(t.Context(), []byte(strings.ReplaceAll(message, "NONCE", nonce)))
		require.ErrorContains(t, err, parameter)
	}
}

func TestSCRAM_ComputationTimeout(t *testing.T) {
	t.Parallel()
	client, nonce := startSCRAM(t)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Millisecond)
	defer cancel()
	start := time.Now()
	_, err := client.Next(ctx, []byte("r="+nonce+"x,s=c2FsdA==,i=1000000"))
	requireError(t, err, smtperr.ClassLocalError, smtperr.ReasonProberStalled)
	require.Less(t, time.Since(start), time.Second)
}

func TestSCRAM_ServerFirst(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, message string // NONCE stands for the client nonce
		class         smtperr.Class
		reason        smtperr.Reason
	}{
		{name: "empty", class: smtperr.ClassProtocolError, reason: smtperr.ReasonBadChallenge},
		{name: "LOGIN prompt", message: "Password:", class: smtperr.ClassProtocolError, reason: smtperr.ReasonBadChallenge},
		{name: "no iteration count", message: "r=NONCEx,s=c2FsdA==", class: smtperr.ClassProtocolError, reason: smtperr.ReasonBadChallenge},
		{name: "another order", message: "s=c2FsdA==,r=NONCEx,i=4096", class: smtperr.ClassProtocolError, reason: smtperr.ReasonBadChallenge},
		{name: "invalid base64 in the salt", message: "r=NONCEx,s=!,i=4096", class: smtperr.ClassProtocolError, reason: smtperr.ReasonBadChallenge},
		{name: "empty salt", message: "r=NONCEx,s=,i=4096", class: smtperr.ClassProtocolError, reason: smtperr.ReasonBadChallenge},
		{name: "iteration count without digits", message: "r=NONCEx,s=c2FsdA==,i=many", class: smtperr.ClassProtocolError, reason: smtperr.ReasonBadChallenge},
		{name: "negative iteration count", message: "r=NONCEx,s=c2FsdA==,i=-4096", class: smtperr.ClassProtocolError, reason: smtperr.ReasonBadChallenge},
		{name: "too few iterations", message: "r=NONCEx,s=c2FsdA==,i=1", class: smtperr.ClassProtocolError, reason: smtperr.ReasonBadChallenge},
		{name: "too many iterations", message: "r=NONCEx,s=c2FsdA==,i=2147483647", class: smtperr.ClassProtocolError, reason: smtperr.ReasonBadChallenge},
		{name: "iteration count that exceeds an int", message: "r=NONCEx,s=c2FsdA==,i=99999999999999999999", class: smtperr.ClassProtocolError, reason: smtperr.ReasonBadChallenge},
		{name: "unsupported mandatory extension", message: "m=x,r=NONCEx,s=c2FsdA==,i=4096", class: smtperr.ClassAuthFailed, reason: smtperr.ReasonChallengeLoop},
		{name: "another client's nonce", message: "r=AAAA,s=c2FsdA==,i=4096", class: smtperr.ClassProtocolError, reason: smtperr.ReasonBadChallenge},
		{name: "client nonce only", message: "r=NONCE,s=c2FsdA==,i=4096", class: smtperr.ClassProtocolError, reason: smtperr.ReasonBadChallenge},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			client, nonce := startSCRAM(t)
			_, err := client.Next(t.Context(), []byte(strings.ReplaceAll(tt.message, "NONCE", nonce)))
			requireError(t, err, tt.class, tt.reason)
			require.NotContains(t, err.Error(), nonce)
			requireError(t, client.Verified(), smtperr.ClassAuthFailed, smtperr.ReasonServerUnverified)
		})
	}
}

func TestSCRAM_ServerFinal(t *testing.T) {
	t.Parallel()
	wrong := base64.StdEncoding.EncodeToString(make([]byte, 32))
	tests := []struct {
		name, message string
		class         smtperr.Class
		reason        smtperr.Reason
	}{
		{name: "wrong signature", message: "v=" + wrong, class: smtperr.ClassAuthFailed, reason: smtperr.ReasonServerUnverified},
		{name: "short signature", message: "v=AAAA", class: smtperr.ClassAuthFailed, reason: smtperr.ReasonServerUnverified},
		{name: "empty signature", message: "v=", class: smtperr.ClassProtocolError, reason: smtperr.ReasonBadChallenge},
		{name: "invalid base64 in the signature", message: "v=!", class: smtperr.ClassProtocolError, reason: smtperr.ReasonBadChallenge},
		{name: "empty", class: smtperr.ClassProtocolError, reason: smtperr.ReasonBadChallenge},
		{name: "no signature", message: "ok", class: smtperr.ClassProtocolError, reason: smtperr.ReasonBadChallenge},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			client, nonce := startSCRAM(t)
			_, err := client.Next(t.Context(), []byte("r="+nonce+"x,s=c2FsdA==,i=4096"))
			require.NoError(t, err)
			_, err = client.Next(t.Context(), []byte(tt.message))
			requireError(t, err, tt.class, tt.reason)
			requireError(t, client.Verified(), smtperr.ClassAuthFailed, smtperr.ReasonServerUnverified)
		})
	}
}

func TestSCRAM_Verified_NoSignature(t *testing.T) {
	t.Parallel()
	client, nonce := startSCRAM(t)
	requireError(t, client.Verified(), smtperr.ClassAuthFailed, smtperr.ReasonServerUnverified)
	_, err := client.Next(t.Context(), []byte("r="+nonce+"x,s=c2FsdA==,i=4096"))
	require.NoError(t, err)
	requireError(t, client.Verified(), smtperr.ClassAuthFailed, smtperr.ReasonServerUnverified)
}

func startSCRAM(t *testing.T) (client sasl.Client, nonce string) {
	t.Helper()
	client, err := sasl.Choose([]string{"SCRAM-SHA-256"}, "", withPassword, nil)
	require.NoError(t, err)
	ir, _, err := client.Start()
	require.NoError(t, err)
	_, nonce, found := strings.Cut(string(ir), ",r=")
	require.True(t, found)
	return client, nonce
}
