package mailbox

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/emersion/go-imap/v2"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

const (
	maxCleartextLine  = 8 << 10 // bytes
	maxCleartextLines = 100
	startTLSTag       = "T0" // the library begins with T1
	// tlsGreeting replaces the server's greeting, which precedes STARTTLS. It has
	// no capabilities, so that the library requests them over TLS (RFC 9051
	// §6.2.1).
	tlsGreeting = "* OK STARTTLS completed\r\n"
)

var errPreauth = errors.New("the server sent PREAUTH, which rules out STARTTLS")

// startTLS reads the greeting and negotiates STARTTLS. The library's
// implementation neither limits the cleartext responses nor exposes the TLS
// connection, which channel binding needs.
func (s *imapSession) startTLS(ctx context.Context) error {
	r := bufio.NewReaderSize(s.raw, maxCleartextLine)
	greeting, err := readCleartext(r, "*")
	if err != nil {
		return inTime(ctx, smtperr.PhaseGreeting, err)
	}
	switch {
	case greeting.Type == imap.StatusResponseTypePreAuth:
		return smtperr.New(smtperr.ClassProtocolError, smtperr.ReasonBadCode, smtperr.PhaseTLS, errPreauth)
	case greeting.Type != imap.StatusResponseTypeOK:
		return refusal(smtperr.PhaseGreeting, greeting)
	}
	if _, err := io.WriteString(s.raw, startTLSTag+" STARTTLS\r\n"); err != nil {
		return inTime(ctx, smtperr.PhaseTLS, err)
	}
	reply, err := readCleartext(r, startTLSTag)
	switch {
	case err != nil:
		return inTime(ctx, smtperr.PhaseTLS, err)
	case reply.Type == imap.StatusResponseTypeBad:
		return smtperr.New(smtperr.ClassNotSupported, smtperr.ReasonStartTLSNotOffered, smtperr.PhaseTLS, reply)
	case reply.Type != imap.StatusResponseTypeOK:
		return refusal(smtperr.PhaseTLS, reply)
	case r.Buffered() > 0:
		return smtperr.New(smtperr.ClassProtocolError, smtperr.ReasonStartTLSInjection, smtperr.PhaseTLS,
			errors.New("the server sent data between STARTTLS and TLS"))
	}
	return s.handshake(ctx, tlsGreeting)
}

// readCleartext returns the next status response with a tag, or a BYE, and skips
// other responses. The greeting is the first response of all.
func readCleartext(r *bufio.Reader, tag string) (*imap.Error, error) {
	for range maxCleartextLines {
		line, err := r.ReadSlice('\n')
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			return nil, smtperr.New(smtperr.ClassProtocolError, smtperr.ReasonLineTooLong, "", errTooMuchData)
		case err != nil:
			return nil, err
		}
		words := strings.SplitN(strings.TrimRight(string(line), "\r\n"), " ", 3)
		status := &imap.Error{}
		if len(words) > 1 {
			status.Type = imap.StatusResponseType(strings.ToUpper(words[1]))
		}
		if len(words) > 2 {
			status.Code, status.Text = cutCode(words[2])
		}
		switch {
		case words[0] == tag && slices.Contains(statusResponses, string(status.Type)):
			return status, nil
		case words[0] == "*" && status.Type == imap.StatusResponseTypeBye:
			return status, nil
		case words[0] != "*" || tag == "*":
			return nil, fmt.Errorf("%w: %q", errResponse, words[0])
		}
	}
	return nil, errTooMuchData
}

// cutCode splits the text of a status response into its response code and the
// human-readable rest.
func cutCode(text string) (imap.ResponseCode, string) {
	inner, rest, found := strings.Cut(text, "]")
	if !found || !strings.HasPrefix(inner, "[") {
		return "", text
	}
	code, _, _ := strings.Cut(inner[1:], " ")
	return imap.ResponseCode(strings.ToUpper(code)), strings.TrimSpace(rest)
}
