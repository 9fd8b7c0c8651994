package sasl

import (
	"context"
	"crypto/pbkdf2"
	"crypto/sha1" //nolint:gosec // used by SCRAM-SHA-1
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
	// minIterations is the minimum of RFC 5802 §5.1. With fewer iterations the
	// password is easier to guess.
	minIterations = 4096
	// maxIterations limits the computation that a server can demand to about one
	// second.
	maxIterations = 1_000_000
)

// scramClient is a client for SCRAM (RFC 5802, RFC 7677). It checks the server's
// messages before it passes them to the library, whose errors repeat the message
// and do not distinguish a malformed message from a wrong signature.
type scramClient struct {
	name    string
	conv    *scram.ClientConversation
	first   string // client-first-message
	refused bool   // the server sent an error instead of its signature
	step    int    // number of answered challenges
}

func startSCRAM(hash scram.HashGeneratorFcn) func(*mechanism, *params) (Client, error) {
	return func(m *mechanism, p *params) (Client, error) {
		client, err := hash.NewClient(p.Username, p.Password, "")
		if err != nil {
			// The library's error contains the password.
			return nil, misconfigured("the %s contains a character that %s does not allow (RFC 4013)", unprepared(p), m.name)
		}
		s := &scramClient{name: m.name, conv: conversation(client, m, p)}
		if s.first, err = s.conv.Step(""); err != nil {
			return nil, misconfigured("the mechanism %s refuses the credentials", m.name)
		}
		return s, nil
	}
}

// conversation starts a conversation with the right flag for channel binding (RFC
// 5802 §6): "p" if it is used; "y" if the client supports it but the server did
// not offer it, so that a server that did offer it detects a downgrade; else "n".
func conversation(client *scram.Client, m *mechanism, p *params) *scram.ClientConversation {
	switch {
	case m.plus:
		return client.NewConversationWithChannelBinding(p.binding)
	case p.binding.IsSupported() && !p.plusOffered:
		return client.NewConversationAdvertisingChannelBinding()
	}
	return client.NewConversation()
}

// unprepared returns the name of the credential that SASLprep rejects.
func unprepared(p *params) string {
	if _, err := stringprep.SASLprep.Prepare(p.Username); err != nil {
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
		return nil, errTooManyChallenges()
	}
	message := string(challenge)
	if strings.HasPrefix(message, "e=") {
		// The server's final reply follows.
		s.refused = true
		return nil, nil
	}
	s.step++
	if s.step == 1 {
		return s.final(ctx, message)
	}
	return s.verify(message)
}

// final returns the client-final-message for a server-first-message.
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
	if _, classified := errors.AsType[*smtperr.Error](err); classified {
		return nil, err
	}
	if err != nil {
		return nil, badChallenge("the server's first message is malformed")
	}
	return []byte(proof), nil
}

// computing allows one computation of more than manyIterations at a time, so that
// a server cannot occupy all processors. Shorter computations take milliseconds
// and do not wait.
var computing = make(chan struct{}, 1)

const manyIterations = 1 << 16

// compute calls f, which computes PBKDF2 with a number of iterations. The
// computation cannot be interrupted, so compute estimates its time first and fails
// if ctx ends earlier.
func (s *scramClient) compute(ctx context.Context, iterations int, f func() error) error {
	if iterations > manyIterations {
		select {
		case computing <- struct{}{}:
			defer func() { <-computing }()
		case <-ctx.Done():
			return computeError(ctx.Err())
		}
	}
	deadline, limited := ctx.Deadline()
	if limited && iterations > minIterations {
		needed := s.sample() * time.Duration(iterations/minIterations+1)
		if left := time.Until(deadline); needed > left {
			return computeError(fmt.Errorf("%d iterations (i=) need about %s, %s is left",
				iterations, needed.Round(time.Millisecond), left.Round(time.Millisecond)))
		}
	}
	return f()
}

// sample measures the time of minIterations.
func (s *scramClient) sample() time.Duration {
	start := time.Now()
	var err error
	if strings.HasPrefix(s.name, "SCRAM-SHA-1") {
		_, err = pbkdf2.Key(sha1.New, "sample", []byte("salt-of-16-bytes"), minIterations, sha1.Size)
	} else {
		_, err = pbkdf2.Key(sha256.New, "sample", []byte("salt-of-16-bytes"), minIterations, sha256.Size)
	}
	if err != nil { // forbidden in FIPS mode; the library has its own implementation
		return 0
	}
	return time.Since(start)
}

func computeError(cause error) error {
	if errors.Is(cause, context.Canceled) {
		return smtperr.New(smtperr.ClassCanceled, "", smtperr.PhaseAuth, cause)
	}
	return smtperr.New(smtperr.ClassLocalError, smtperr.ReasonProberStalled, smtperr.PhaseAuth, fmt.Errorf("no time for the computation of SCRAM: %w", cause))
}

// checkFirst checks the nonce, the salt and the iteration count of a
// server-first-message (RFC 5802 §7) and returns the iteration count. Errors
// contain the name of the parameter.
func (s *scramClient) checkFirst(message string) (iterations int, err error) {
	if strings.HasPrefix(message, "m=") {
		return 0, challengeLoop("unsupported mandatory SCRAM extension")
	}
	fields := strings.Split(message, ",")
	for len(fields) < 3 {
		fields = append(fields, "")
	}
	clientNonce := s.first[strings.LastIndex(s.first, ",r=")+len(",r="):]
	nonce, isNonce := strings.CutPrefix(fields[0], "r=")
	switch {
	case !isNonce:
		return 0, badChallenge("the nonce (r=) is missing")
	case !strings.HasPrefix(nonce, clientNonce) || nonce == clientNonce:
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
	// An error means that the number exceeds an int.
	iterations, err = strconv.Atoi(count)
	if err != nil || iterations < minIterations || iterations > maxIterations {
		return 0, badChallenge(fmt.Sprintf("the iteration count (i=) is outside %d to %d", minIterations, maxIterations))
	}
	return iterations, nil
}

// verify checks the server's signature. The response is empty.
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
