package smtptest

import (
	"crypto/tls"
	"crypto/x509"
	"strings"

	"github.com/xdg-go/scram"
)

// scramIterations is the minimum of RFC 7677 §4.
const scramIterations = 4096

// scramExchange is SCRAM-SHA-1 or SCRAM-SHA-256, with or without channel binding
// (RFC 5802, RFC 7677).
type scramExchange struct {
	server       *scram.Server
	info         *connInfo
	bound        bool // the PLUS variant
	conversation *scram.ServerConversation
}

func openSCRAM(hash scram.HashGeneratorFcn, bound bool) func(*Accounts, *connInfo) exchange {
	return func(a *Accounts, c *connInfo) exchange {
		server, err := hash.NewServer(func(user string) (scram.StoredCredentials, error) {
			return stored(hash, a.Passwords, user)
		})
		if err != nil {
			return nil
		}
		return &scramExchange{server: server, info: c, bound: bound}
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

// Next continues the conversation.
func (s *scramExchange) Next(response []byte) (challenge []byte, done bool, err error) {
	if response == nil {
		return nil, false, nil
	}
	if s.conversation == nil {
		if s.conversation, err = s.converse(string(response)); err != nil {
			return nil, false, err
		}
	}
	// The server's signature is in an additional challenge, to which the client
	// sends an empty response, because 235 cannot contain it (RFC 4954 §4).
	if s.conversation.Done() {
		if !s.conversation.Valid() || len(response) > 0 {
			return nil, false, errDenied
		}
		return nil, true, nil
	}
	answer, err := s.conversation.Step(string(response))
	return []byte(answer), false, err
}

// converse starts a conversation with the channel binding that the client selects.
func (s *scramExchange) converse(first string) (*scram.ServerConversation, error) {
	name, _, _ := strings.Cut(strings.TrimPrefix(first, "p="), ",")
	if asked := strings.HasPrefix(first, "p="); asked != s.bound {
		return nil, errDenied
	}
	if !s.bound && !s.info.plusOffered {
		return s.server.NewConversation(), nil
	}
	binding, err := s.binding(scram.ChannelBindingType(name))
	if err != nil {
		return nil, err
	}
	if s.bound {
		return s.server.NewConversationWithChannelBindingRequired(binding), nil
	}
	return s.server.NewConversationWithChannelBinding(binding), nil
}

// binding returns the channel binding of the connection. For an unknown type it
// returns tls-server-end-point, which does not match.
func (s *scramExchange) binding(name scram.ChannelBindingType) (scram.ChannelBinding, error) {
	switch name {
	case scram.ChannelBindingTLSUnique:
		return scram.NewTLSUniqueBinding(s.info.tls.TLSUnique), nil
	case scram.ChannelBindingTLSExporter:
		return scram.NewTLSExporterBinding(s.info.tls)
	}
	own, err := x509.ParseCertificate(s.info.certificate)
	if err != nil {
		return scram.ChannelBinding{}, err
	}
	return scram.NewTLSServerEndpointBinding(&tls.ConnectionState{PeerCertificates: []*x509.Certificate{own}})
}
