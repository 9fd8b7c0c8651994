package smtptest

import (
	"crypto/tls"
	"crypto/x509"
	"strings"

	"github.com/xdg-go/scram"
)

// scramIterations is the least that RFC 7677 §4 allows.
const scramIterations = 4096

// scramExchange is SCRAM-SHA-1 or SCRAM-SHA-256, with channel binding or
// without (RFC 5802, RFC 7677).
type scramExchange struct {
	server       *scram.Server
	around       *circumstances
	bound        bool // this is the PLUS form
	conversation *scram.ServerConversation
}

func openSCRAM(hash scram.HashGeneratorFcn, bound bool) func(*Accounts, *circumstances) exchange {
	return func(a *Accounts, c *circumstances) exchange {
		server, err := hash.NewServer(func(user string) (scram.StoredCredentials, error) {
			return stored(hash, a.Passwords, user)
		})
		if err != nil {
			return nil
		}
		return &scramExchange{server: server, around: c, bound: bound}
	}
}

func stored(hash scram.HashGeneratorFcn, passwords map[string]string, user string) (scram.StoredCredentials, error) {
	password, known := passwords[user]
	if !known {
		return scram.StoredCredentials{}, errDenied
	}
	client, err := hash.NewClient(user, password, "")
	if err != nil {
		return scram.StoredCredentials{}, err
	}
	return client.GetStoredCredentialsWithError(scram.KeyFactors{Salt: "scripted relay", Iters: scramIterations})
}

func (s *scramExchange) identity() string { return s.conversation.Username() }

// Next goes on with the conversation.
func (s *scramExchange) Next(response []byte) (challenge []byte, done bool, err error) {
	if response == nil {
		return nil, false, nil
	}
	if s.conversation == nil {
		if s.conversation, err = s.converse(string(response)); err != nil {
			return nil, false, err
		}
	}
	// The server's signature travels in a challenge of its own, which the
	// client answers with nothing: AUTH's 235 has no room for it (RFC 4954 §4).
	if s.conversation.Done() {
		if !s.conversation.Valid() || len(response) > 0 {
			return nil, false, errDenied
		}
		return nil, true, nil
	}
	answer, err := s.conversation.Step(string(response))
	return []byte(answer), false, err
}

// converse starts a conversation with the binding that the client asks for.
func (s *scramExchange) converse(first string) (*scram.ServerConversation, error) {
	kind, _, _ := strings.Cut(strings.TrimPrefix(first, "p="), ",")
	if asked := strings.HasPrefix(first, "p="); asked != s.bound {
		return nil, errDenied
	}
	if !s.bound && !s.around.plusOffered {
		return s.server.NewConversation(), nil
	}
	binding, err := s.binding(scram.ChannelBindingType(kind))
	if err != nil {
		return nil, err
	}
	if s.bound {
		return s.server.NewConversationWithChannelBindingRequired(binding), nil
	}
	return s.server.NewConversationWithChannelBinding(binding), nil
}

// binding is what the server knows of its own connection; a kind that it does
// not know gets the one for any TLS, and is refused for it.
func (s *scramExchange) binding(kind scram.ChannelBindingType) (scram.ChannelBinding, error) {
	switch kind {
	case scram.ChannelBindingTLSUnique:
		return scram.NewTLSUniqueBinding(s.around.tls.TLSUnique), nil
	case scram.ChannelBindingTLSExporter:
		return scram.NewTLSExporterBinding(s.around.tls)
	}
	own, err := x509.ParseCertificate(s.around.certificate)
	if err != nil {
		return scram.ChannelBinding{}, err
	}
	return scram.NewTLSServerEndpointBinding(&tls.ConnectionState{PeerCertificates: []*x509.Certificate{own}})
}
