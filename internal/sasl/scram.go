package sasl

import (
	"context"
	"crypto/pbkdf2"
	"crypto/sha1" //nolint:gosec // SCRAM-SHA-1 has it
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/xdg-go/scram"
	"github.com/xdg-go/stringprep"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

const (
	// minIterations is RFC 5802 §5.1's; fewer would make it cheap to guess the
	// password.
	minIterations = 4096
	// maxIterations bounds what a server can make this machine compute: about a
	// second.
	maxIterations = 1_000_000
)

// scramClient is SCRAM (RFC 5802, RFC 7677). The library computes and compares;
// this type reads the messages first, because the library's errors do not
// show who is at fault, and repeat what the server sent.
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
			return nil, misconfigured("the %s contains a character that %s does not allow (RFC 4013)", unprepared(c), m.name)
		}
		s := &scramClient{name: m.name, conv: conversation(client, m, c)}
		if s.first, err = s.conv.Step(""); err != nil {
			return nil, misconfigured("the mechanism %s refuses the credentials", m.name)
		}
		return s, nil
	}
}

// conversation sets the flag of channel binding (RFC 5802 §6): p it is used; y
// it could be, but the server did not offer it, so that a server that did
// detects an attacker in between; n it is not used.
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

// AnyPrompt implements Client.
func (*scramClient) AnyPrompt() bool { return false }

// Start implements Client.
func (s *scramClient) Start() (ir []byte, hasIR bool, err error) { return []byte(s.first), true, nil }

// Next implements Client.
func (s *scramClient) Next(ctx context.Context, challenge []byte) ([]byte, error) {
	if s.refused || s.step == 2 {
		return nil, unanswerable("the server asks again after everything was sent")
	}
	message := string(challenge)
	if strings.HasPrefix(message, "e=") {
		// The reply that follows decides.
		s.refused = true
		return nil, nil
	}
	s.step++
	if s.step == 1 {
		return s.final(ctx, message)
	}
	return s.verify(message)
}

// final answers the server-first-message with the proof.
func (s *scramClient) final(ctx context.Context, message string) ([]byte, error) {
	iterations, err := s.checkFirst(message)
	if err != nil {
		return nil, err
	}
	var proof string
	err = s.compute(ctx, iterations, func() error {
		proof, err = s.conv.Step(message)
		return err
	})
	if _, ours := errors.AsType[*smtperr.Error](err); ours {
		return nil, err
	}
	if err != nil {
		return nil, badChallenge("the server's first message cannot be read")
	}
	return []byte(proof), nil
}

// computing admits one long computation at a time: servers must not keep all of
// this machine's processors from the other probes. One of up to manyIterations
// takes some milliseconds, and does not wait behind the others.
var computing = make(chan struct{}, 1)

const manyIterations = 1 << 16

// compute runs a PBKDF2 of so many iterations, if it can finish within the
// context's time: it cannot be interrupted, so its time is estimated first.
func (s *scramClient) compute(ctx context.Context, iterations int, do func() error) error {
	if iterations > manyIterations {
		select {
		case computing <- struct{}{}:
			defer func() { <-computing }()
		case <-ctx.Done():
			return lateComputation(ctx.Err())
		}
	}
	deadline, limited := ctx.Deadline()
	if limited && iterations > minIterations {
		took := s.sample()
		needed := took * time.Duration(iterations/minIterations+1)
		if left := time.Until(deadline); needed > left {
			return lateComputation(fmt.Errorf("%d iterations (i=) need about %s, %s is left",
				iterations, needed.Round(time.Millisecond), left.Round(time.Millisecond)))
		}
	}
	return do()
}

// sample is the time of the least number of iterations.
func (s *scramClient) sample() time.Duration {
	began := time.Now()
	var err error
	if strings.HasPrefix(s.name, "SCRAM-SHA-1") {
		_, err = pbkdf2.Key(sha1.New, "sample", []byte("salt-of-16-bytes"), minIterations, sha1.Size)
	} else {
		_, err = pbkdf2.Key(sha256.New, "sample", []byte("salt-of-16-bytes"), minIterations, sha256.Size)
	}
	if err != nil { // a FIPS mode that forbids it: the library has its own
		return 0
	}
	return time.Since(began)
}

func lateComputation(cause error) error {
	if errors.Is(cause, context.Canceled) {
		return smtperr.New(smtperr.ClassCanceled, "", smtperr.PhaseAuth, cause)
	}
	return smtperr.New(smtperr.ClassLocalError, smtperr.ReasonProberStalled, smtperr.PhaseAuth, fmt.Errorf("no time for the computation of SCRAM: %w", cause))
}

// checkFirst wants a nonce, a salt and an iteration count, and no mandatory
// extension (RFC 5802 §7, server-first-message). Its errors name the parameter.
func (s *scramClient) checkFirst(message string) (iterations int, err error) {
	if strings.HasPrefix(message, "m=") {
		return 0, unanswerable("unsupported mandatory SCRAM extension")
	}
	fields := strings.Split(message, ",")
	for len(fields) < 3 {
		fields = append(fields, "")
	}
	ours := s.first[strings.LastIndex(s.first, ",r=")+len(",r="):]
	nonce, isNonce := strings.CutPrefix(fields[0], "r=")
	switch {
	case !isNonce:
		return 0, badChallenge("the nonce (r=) is missing")
	case !strings.HasPrefix(nonce, ours) || nonce == ours:
		return 0, badChallenge("the nonce (r=) does not extend the client's")
	}
	salt, isSalt := strings.CutPrefix(fields[1], "s=")
	if decoded, err := base64.StdEncoding.DecodeString(salt); !isSalt || err != nil || len(decoded) == 0 {
		return 0, badChallenge("the salt (s=) is missing or not base64")
	}
	count, isCount := strings.CutPrefix(fields[2], "i=")
	if !isCount || count == "" || strings.Trim(count, "0123456789") != "" {
		return 0, badChallenge("the iteration count (i=) is missing or not a number")
	}
	// What does not fit an int is too many as well.
	iterations, err = strconv.Atoi(count)
	if err != nil || iterations < minIterations || iterations > maxIterations {
		return 0, badChallenge(fmt.Sprintf("the iteration count (i=) is outside %d to %d", minIterations, maxIterations))
	}
	return iterations, nil
}

// verify compares the server's signature; the answer to it is empty.
func (s *scramClient) verify(message string) ([]byte, error) {
	signature, ok := strings.CutPrefix(message, "v=")
	signature, _, _ = strings.Cut(signature, ",")
	decoded, err := base64.StdEncoding.DecodeString(signature)
	if !ok || err != nil || len(decoded) == 0 {
		return nil, badChallenge("the server's final message has no signature")
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
