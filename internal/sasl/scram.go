package sasl

import (
	"encoding/base64"
	"strconv"
	"strings"

	"github.com/xdg-go/scram"
	"github.com/xdg-go/stringprep"
)

const (
	// minIterations is RFC 5802 §5.1's; less would hand the password to who can
	// count.
	minIterations = 4096
	// maxIterations bounds what a relay can make this machine compute: about a
	// second.
	maxIterations = 1_000_000
)

// scramClient is SCRAM (RFC 5802, RFC 7677). The library computes and compares;
// this type reads the messages before it, because the library's errors do not
// say who is at fault, and repeat what a stranger sent.
type scramClient struct {
	name    string
	conv    *scram.ClientConversation
	first   string // client-first-message
	refused bool   // the server sent an error instead of its signature
	step    int    // challenges answered
}

func startSCRAM(hash scram.HashGeneratorFcn) func(*mechanism, *choice) (Client, error) {
	return func(m *mechanism, c *choice) (Client, error) {
		client, err := hash.NewClient(c.Username, c.Password, "")
		if err != nil {
			// The library's error shows the password.
			return nil, misconfigured("the %s holds a character that %s does not allow (RFC 4013)", unprepared(c), m.name)
		}
		s := &scramClient{name: m.name, conv: conversation(client, m, c)}
		if s.first, err = s.conv.Step(""); err != nil {
			return nil, misconfigured("the mechanism %s refuses the credentials", m.name)
		}
		return s, nil
	}
}

// conversation says in its first letter what became of channel binding (RFC
// 5802 §6): p it is used; y it could be, but the relay did not offer it, so
// that a relay that did knows of an attacker in between; n it is not used.
func conversation(client *scram.Client, m *mechanism, c *choice) *scram.ClientConversation {
	switch {
	case m.plus:
		return client.NewConversationWithChannelBinding(c.binding)
	case c.binding.IsSupported() && !c.plusOffered:
		return client.NewConversationAdvertisingChannelBinding()
	}
	return client.NewConversation()
}

func unprepared(c *choice) string {
	if _, err := stringprep.SASLprep.Prepare(c.Username); err != nil {
		return "username"
	}
	return "password"
}

// Name implements Client.
func (s *scramClient) Name() string { return s.name }

// Start implements Client.
func (s *scramClient) Start() (ir []byte, hasIR bool, err error) { return []byte(s.first), true, nil }

// Next implements Client.
func (s *scramClient) Next(challenge []byte) ([]byte, error) {
	if s.refused || s.step == 2 {
		return nil, unanswerable("the relay asks again after everything was said")
	}
	message := string(challenge)
	if strings.HasPrefix(message, "e=") {
		// The reply that follows is the verdict.
		s.refused = true
		return nil, nil
	}
	s.step++
	if s.step == 1 {
		return s.final(message)
	}
	return s.verify(message)
}

// final answers the server-first-message with the proof.
func (s *scramClient) final(message string) ([]byte, error) {
	if err := s.checkFirst(message); err != nil {
		return nil, err
	}
	proof, err := s.conv.Step(message)
	if err != nil {
		return nil, badChallenge("the server's first message cannot be read")
	}
	return []byte(proof), nil
}

// checkFirst wants a nonce, a salt and an iteration count, and no mandatory
// extension (RFC 5802 §7, server-first-message).
func (s *scramClient) checkFirst(message string) error {
	if strings.HasPrefix(message, "m=") {
		return unanswerable("the server wants an extension of SCRAM that there is none of here")
	}
	fields := strings.Split(message, ",")
	if len(fields) < 3 {
		return badChallenge("the server's first message lacks a nonce, a salt or an iteration count")
	}
	nonce, isNonce := strings.CutPrefix(fields[0], "r=")
	salt, isSalt := strings.CutPrefix(fields[1], "s=")
	count, isCount := strings.CutPrefix(fields[2], "i=")
	octets, err := base64.StdEncoding.DecodeString(salt)
	if !isNonce || !isSalt || !isCount || err != nil || len(octets) == 0 {
		return badChallenge("the server's first message lacks a nonce, a salt or an iteration count")
	}
	if strings.Trim(count, "0123456789") != "" || count == "" {
		return badChallenge("the iteration count is no number")
	}
	ours := s.first[strings.LastIndex(s.first, ",r=")+len(",r="):]
	if !strings.HasPrefix(nonce, ours) || nonce == ours {
		return serverUnverified("the server's nonce does not extend the client's")
	}
	// What does not fit an int is too many as well.
	iterations, err := strconv.Atoi(count)
	if err != nil || iterations < minIterations || iterations > maxIterations {
		return unanswerable("the server wants an iteration count outside " +
			strconv.Itoa(minIterations) + " to " + strconv.Itoa(maxIterations))
	}
	return nil
}

// verify compares the server's signature; the answer to it is empty.
func (s *scramClient) verify(message string) ([]byte, error) {
	signature, ok := strings.CutPrefix(message, "v=")
	signature, _, _ = strings.Cut(signature, ",")
	octets, err := base64.StdEncoding.DecodeString(signature)
	if !ok || err != nil || len(octets) == 0 {
		return nil, badChallenge("the server's final message holds no signature")
	}
	if _, err := s.conv.Step(message); err != nil {
		return nil, serverUnverified("the server's signature is wrong: it does not know the password")
	}
	return nil, nil
}

// Verified implements Client.
func (s *scramClient) Verified() error {
	if !s.conv.Valid() {
		return serverUnverified("the server did not prove that it knows the password")
	}
	return nil
}
