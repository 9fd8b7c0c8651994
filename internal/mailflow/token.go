package mailflow

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// TokenHeader is the name of the header field that carries the token.
const TokenHeader = "X-Smtpprobe-Id" //nolint:gosec // the name of a header field

// MinKey is the fewest bytes of a signing key.
const MinKey = 16

const (
	tokenVersion = "1"
	idDigits     = 8  // of a flow and of a run, hexadecimal
	macSize      = 16 // bytes; the HMAC is truncated
	maxToken     = 96 // bytes; ENVID has at most 100 (RFC 3461 §4.4)
	maxSeq       = 1 << 53
)

// Token identifies a message of a flow.
type Token struct {
	Flow string    // the flow's id, see FlowID
	Run  string    // the process that sent it, see NewRun
	Seq  uint64    // from 1 within a run
	Sent time.Time // to the millisecond
}

// FlowID returns the id of the flow of a relay: the first 8 hexadecimal digits
// of SHA-256 over the agent's name, NUL, and the relay's name.
func FlowID(agent, relay string) string {
	sum := sha256.Sum256([]byte(agent + "\x00" + relay))
	return hex.EncodeToString(sum[:])[:idDigits]
}

// NewRun returns the random id of a process.
func NewRun() string {
	var b [idDigits / 2]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

// Key signs tokens. The zero Key signs and verifies nothing.
type Key struct{ secret []byte }

// NewKey returns the key of a secret, which has at least MinKey bytes.
func NewKey(secret []byte) (Key, error) {
	if len(secret) < MinKey {
		return Key{}, fmt.Errorf("must be at least %d bytes", MinKey)
	}
	return Key{secret: append([]byte(nil), secret...)}, nil
}

// Sign returns the text of a token, as the header field carries it.
func (k Key) Sign(t Token) string {
	payload := t.payload()
	return payload + "." + base64.RawURLEncoding.EncodeToString(k.mac(payload))
}

func (t Token) payload() string {
	return tokenVersion + "." + t.Flow + "." + t.Run + "." + strconv.FormatUint(t.Seq, 10) + "." +
		strconv.FormatInt(t.Sent.UnixMilli(), 10)
}

func (k Key) mac(payload string) []byte {
	h := hmac.New(sha256.New, k.secret)
	h.Write([]byte(payload))
	return h.Sum(nil)[:macSize]
}

var (
	errNoToken = errors.New("not a token")
	errForged  = errors.New("wrong signature")
)

// Verify parses the text of a token and checks its signature.
func (k Key) Verify(text string) (Token, error) {
	t, payload, mac, err := parseToken(text)
	if err != nil {
		return Token{}, err
	}
	if len(k.secret) < MinKey || !hmac.Equal(mac, k.mac(payload)) {
		return Token{}, errForged
	}
	return t, nil
}

// parseToken parses a token. It accepts only the exact form that Sign returns.
func parseToken(text string) (t Token, payload string, mac []byte, err error) {
	if len(text) > maxToken {
		return Token{}, "", nil, errNoToken
	}
	parts := strings.Split(text, ".")
	if len(parts) != 6 || parts[0] != tokenVersion || !isID(parts[1]) || !isID(parts[2]) {
		return Token{}, "", nil, errNoToken
	}
	seq, errSeq := strconv.ParseUint(parts[3], 10, 64)
	sent, errSent := strconv.ParseInt(parts[4], 10, 64)
	mac, errMAC := base64.RawURLEncoding.Strict().DecodeString(parts[5])
	if errSeq != nil || errSent != nil || errMAC != nil || len(mac) != macSize ||
		seq == 0 || seq > maxSeq || sent <= 0 || sent > maxSeq {
		return Token{}, "", nil, errNoToken
	}
	t = Token{Flow: parts[1], Run: parts[2], Seq: seq, Sent: time.UnixMilli(sent)}
	payload = t.payload()
	if payload+"."+base64.RawURLEncoding.EncodeToString(mac) != text { // such as a leading zero or a line end
		return Token{}, "", nil, errNoToken
	}
	return t, payload, mac, nil
}

func isID(s string) bool {
	return len(s) == idDigits && strings.Trim(s, "0123456789abcdef") == ""
}

// EnvelopeID returns a signed token as xtext (RFC 3461 §4), for the ENVID
// parameter of MAIL.
func EnvelopeID(signed string) string {
	const digits = "0123456789ABCDEF"
	var b strings.Builder
	for _, c := range []byte(signed) {
		if c < '!' || c > '~' || c == '+' || c == '=' {
			b.WriteByte('+')
			b.WriteByte(digits[c>>4])
			b.WriteByte(digits[c&15])
			continue
		}
		b.WriteByte(c)
	}
	return b.String()
}

// fromXtext decodes xtext. It leaves invalid xtext unchanged, because a relay may
// have decoded the text already.
func fromXtext(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '+' && i+2 < len(s) {
			if c, err := hex.DecodeString(s[i+1 : i+3]); err == nil {
				b.Write(c)
				i += 2
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}
