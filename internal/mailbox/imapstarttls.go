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
	maxStatusLine  = 8 << 10 // bytes
	maxStatusLines = 100
	startTLSTag    = "T0" // the library begins with T1
	// tlsGreeting replaces the greeting, which precedes STARTTLS, because the library
	// waits for one. It has no capabilities, so that the library requests them over
	// TLS (RFC 9051 §6.2.1).
	tlsGreeting = "* OK STARTTLS completed\r\n"
)

var errPreauth = errors.New("the server sent PREAUTH, which rules out STARTTLS")

// startTLS opens a session that begins in cleartext. The STARTTLS of the library
// neither limits the responses in cleartext nor gives access to the TLS session,
// which channel binding needs.
func (s *imapSession) startTLS(ctx context.Context) error {
	r := bufio.NewReaderSize(s.raw, maxStatusLine)
	greeting, err := readGreeting(ctx, r)
	switch {
	case err != nil:
		return err
	case greeting.Type == imap.StatusResponseTypePreAuth:
		return smtperr.New(smtperr.ClassProtocolError, smtperr.ReasonBadCode, smtperr.PhaseTLS, errPreauth)
	}
	if _, err := io.WriteString(s.raw, startTLSTag+" STARTTLS\r\n"); err != nil {
		return inTime(ctx, smtperr.PhaseTLS, err)
	}
	reply, err := readStatus(r, startTLSTag)
	switch {
	case err != nil:
		return inTime(ctx, smtperr.PhaseTLS, err)
	case reply.Type == imap.StatusResponseTypeBad:
		return smtperr.New(smtperr.ClassNotSupported, smtperr.ReasonStartTLSNotOffered, smtperr.PhaseTLS, &reply.Error)
	case reply.Type != imap.StatusResponseTypeOK:
		return refusal(smtperr.PhaseTLS, &reply.Error)
	case r.Buffered() > 0:
		return smtperr.New(smtperr.ClassProtocolError, smtperr.ReasonStartTLSInjection, smtperr.PhaseTLS,
			errors.New("the server sent data between STARTTLS and TLS"))
	}
	conn, err := s.handshake(ctx)
	if err != nil {
		return err
	}
	return s.start(ctx, conn, io.MultiReader(strings.NewReader(tlsGreeting), conn))
}

// status is a status response (RFC 9051 §7.1).
type status struct {
	imap.Error

	line string // with its line end
}

// readGreeting reads the greeting. The library does not always return the reason of
// a refusal if the server closes the connection after it.
func readGreeting(ctx context.Context, r *bufio.Reader) (*status, error) {
	greeting, err := readStatus(r, "*")
	switch {
	case err != nil:
		return nil, inTime(ctx, smtperr.PhaseGreeting, err)
	case greeting.Type != imap.StatusResponseTypeOK && greeting.Type != imap.StatusResponseTypePreAuth:
		return nil, refusal(smtperr.PhaseGreeting, &greeting.Error)
	}
	return greeting, nil
}

// readStatus returns the next status response with a tag, or a BYE, and skips
// untagged responses before it. The tag of the greeting is "*".
func readStatus(r *bufio.Reader, tag string) (*status, error) {
	for range maxStatusLines {
		slice, err := r.ReadSlice('\n')
		line := string(slice)
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			return nil, smtperr.New(smtperr.ClassProtocolError, smtperr.ReasonLineTooLong, "", errTooMuchData)
		case err != nil:
			return nil, err
		}
		s := &status{line: line}
		words := strings.SplitN(strings.TrimRight(line, "\r\n"), " ", 3)
		if len(words) > 1 {
			s.Type = imap.StatusResponseType(strings.ToUpper(words[1]))
		}
		if len(words) > 2 {
			s.Code, s.Text = cutCode(words[2])
		}
		switch {
		case words[0] == tag && slices.Contains(statusResponses, string(s.Type)):
			return s, nil
		case words[0] == "*" && s.Type == imap.StatusResponseTypeBye:
			return s, nil
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
