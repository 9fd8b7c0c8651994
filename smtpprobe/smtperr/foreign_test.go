package smtperr_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/smtp"
	"net/textproto"
	"strings"
	"testing"

	gosasl "github.com/emersion/go-sasl"
	gosmtp "github.com/emersion/go-smtp"
	"github.com/stretchr/testify/require"
	gomail "github.com/wneessen/go-mail"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

func requireVerdict(t *testing.T, err error, phase smtperr.Phase, class smtperr.Class, reason smtperr.Reason, code int) {
	t.Helper()
	require.Error(t, err)
	e := classify(phase, err)
	require.Equal(t, class, e.Class, err)
	require.Equal(t, reason, e.Reason, err)
	require.Equal(t, code, e.Code(), err)
	require.Equal(t, err, e.Cause, "cause")
}

func TestClassify_NetSMTP(t *testing.T) {
	t.Parallel()
	dial := func(t *testing.T, script smtptest.Script) *smtp.Client {
		t.Helper()
		c, err := smtp.Dial(smtptest.Start(t, script).Addr().String())
		require.NoError(t, err)
		t.Cleanup(func() { c.Close() })
		return c
	}
	t.Run("refused greeting", func(t *testing.T) {
		t.Parallel()
		_, err := smtp.Dial(smtptest.Start(t, smtptest.Script{Greeting: smtptest.Say("554 5.7.1 go away")}).Addr().String())
		requireVerdict(t, err, smtperr.PhaseGreeting, smtperr.ClassGreetingRefused, smtperr.ReasonAccessDenied, 554)
	})
	t.Run("refused sender, two lines", func(t *testing.T) {
		t.Parallel()
		err := dial(t, smtptest.Script{Mail: smtptest.Say("550-5.7.1 no", "550 5.7.1 and no")}).Mail("a@b.test")
		requireVerdict(t, err, smtperr.PhaseMail, smtperr.ClassSenderRefused, smtperr.ReasonNotAuthorized, 550)
		require.Len(t, classify(smtperr.PhaseMail, err).Reply.Lines, 2)
	})
	t.Run("250 to DATA", func(t *testing.T) {
		t.Parallel()
		c := dial(t, smtptest.Script{Data: smtptest.Say("250 ok")})
		require.NoError(t, c.Mail("a@b.test"))
		require.NoError(t, c.Rcpt("c@d.test"))
		_, err := c.Data()
		requireVerdict(t, err, smtperr.PhaseData, smtperr.ClassProtocolError, smtperr.ReasonUnexpectedCode, 250)
	})
	t.Run("reply without code", func(t *testing.T) {
		t.Parallel()
		err := dial(t, smtptest.Script{Mail: smtptest.Raw("very well\r\n")}).Mail("a@b.test")
		requireVerdict(t, err, smtperr.PhaseMail, smtperr.ClassProtocolError, smtperr.ReasonBadCode, 0)
	})
	t.Run("lost connection", func(t *testing.T) {
		t.Parallel()
		err := dial(t, smtptest.Script{Mail: smtptest.Close()}).Mail("a@b.test")
		requireVerdict(t, err, smtperr.PhaseMail, smtperr.ClassDisconnected, smtperr.ReasonClosed, 0)
	})
	t.Run("PLAIN without TLS", func(t *testing.T) {
		t.Parallel()
		_, _, err := smtp.PlainAuth("", "u", "p", "relay.test").Start(&smtp.ServerInfo{Name: "relay.test"})
		requireVerdict(t, err, smtperr.PhaseAuth, smtperr.ClassNotSupported, smtperr.ReasonCleartextAuthForbidden, 0)
	})
	t.Run("AUTH not offered", func(t *testing.T) {
		t.Parallel()
		addr := smtptest.Start(t, smtptest.Script{}).Addr().String()
		err := smtp.SendMail(addr, smtp.PlainAuth("", "u", "p", "127.0.0.1"), "a@b.test", []string{"c@d.test"}, nil)
		requireVerdict(t, err, smtperr.PhaseAuth, smtperr.ClassNotSupported, smtperr.ReasonAuthNotOffered, 0)
	})
	t.Run("line break in address", func(t *testing.T) {
		t.Parallel()
		err := dial(t, smtptest.Script{}).Mail("a@b.test\r\nRCPT")
		requireVerdict(t, err, smtperr.PhaseMail, smtperr.ClassConfigError, smtperr.ReasonInvalidAddress, 0)
	})
}

func TestClassify_GoSMTP(t *testing.T) {
	t.Parallel()
	dial := func(t *testing.T, script smtptest.Script) *gosmtp.Client {
		t.Helper()
		conn, err := net.Dial("tcp", smtptest.Start(t, script).Addr().String())
		require.NoError(t, err)
		c := gosmtp.NewClient(conn)
		if script.LMTP {
			c = gosmtp.NewClientLMTP(conn)
		}
		t.Cleanup(func() { c.Close() })
		return c
	}
	t.Run("a refused recipient, its enhanced code apart from the text", func(t *testing.T) {
		t.Parallel()
		c := dial(t, smtptest.Script{Rcpt: smtptest.Say("550 5.1.1 who")})
		require.NoError(t, c.Mail("a@b.test", nil))
		err := c.Rcpt("c@d.test", nil)
		requireVerdict(t, err, smtperr.PhaseRcpt, smtperr.ClassRecipientRefused, smtperr.ReasonMailboxUnknown, 550)
		require.Equal(t, "5.1.1", classify(smtperr.PhaseRcpt, err).Reply.Enhanced.String())
	})
	t.Run("a refused recipient without an enhanced code", func(t *testing.T) {
		t.Parallel()
		c := dial(t, smtptest.Script{Rcpt: smtptest.Say("550 who")})
		require.NoError(t, c.Mail("a@b.test", nil))
		err := c.Rcpt("c@d.test", nil)
		requireVerdict(t, err, smtperr.PhaseRcpt, smtperr.ClassRecipientRefused, smtperr.ReasonMailboxUnavailable, 550)
		require.True(t, classify(smtperr.PhaseRcpt, err).Reply.Enhanced.IsZero())
	})
	t.Run("421", func(t *testing.T) {
		t.Parallel()
		err := dial(t, smtptest.Script{Mail: smtptest.Say("421 4.3.2 bye")}).Mail("a@b.test", nil)
		requireVerdict(t, err, smtperr.PhaseMail, smtperr.ClassServiceUnavailable, smtperr.ReasonNotAccepting, 421)
	})
	t.Run("LMTP's replies, one for each recipient", func(t *testing.T) {
		t.Parallel()
		c := dial(t, smtptest.Script{LMTP: true, Dot: smtptest.Seq(smtptest.Say("250 2.0.0 ok"), smtptest.Say("550 5.1.1 who"), smtptest.Say("452 4.2.2 full"))})
		require.NoError(t, c.Mail("a@b.test", nil))
		for _, to := range []string{"good@d.test", "bad@d.test", "full@d.test"} {
			require.NoError(t, c.Rcpt(to, nil))
		}
		w, err := c.Data()
		require.NoError(t, err)
		_, err = w.Write([]byte("Subject: x\r\n\r\nx\r\n"))
		require.NoError(t, err)
		_, err = w.CloseWithLMTPResponse()
		e := classify("", err)
		require.Equal(t, smtperr.ClassRecipientRefused, e.Class)
		require.Equal(t, smtperr.PhaseDot, e.Phase)
		require.Equal(t, 452, e.Code(), "the first 4xx represents them")
		require.True(t, e.Temporary())
		require.Len(t, e.Recipients, 2)
		require.Equal(t, "bad@d.test", e.Recipients[0].Recipient)
		require.Equal(t, smtperr.ReasonMailboxUnknown, e.Recipients[0].Reason)
	})
	t.Run("marked as without an enhanced code", func(t *testing.T) {
		t.Parallel()
		e := classify(smtperr.PhaseMail, byValueError{Code: 550, EnhancedCode: [3]int{-1, -1, -1}, Message: "no"})
		require.True(t, e.Reply.Enhanced.IsZero())
		require.False(t, e.Reply.EnhancedMismatch)
	})
	t.Run("by value", func(t *testing.T) {
		t.Parallel()
		err := fmt.Errorf("x: %w", byValueError{Code: 550, EnhancedCode: [3]int{5, 7, 1}, Message: "no"})
		requireVerdict(t, err, smtperr.PhaseMail, smtperr.ClassSenderRefused, smtperr.ReasonNotAuthorized, 550)
	})
}

type byValueError struct {
	Code         int
	EnhancedCode [3]int
	Message      string
}

func (e byValueError) Error() string { return e.Message }

func TestClassify_GoMail(t *testing.T) {
	t.Parallel()
	send := func(t *testing.T, script smtptest.Script, change ...func(*gomail.Msg)) error {
		t.Helper()
		srv := smtptest.Start(t, script)
		c, err := gomail.NewClient(srv.Host(), gomail.WithPort(int(srv.Port())), gomail.WithTLSPolicy(gomail.NoTLS))
		require.NoError(t, err)
		m := gomail.NewMsg()
		require.NoError(t, m.From("a@b.test"))
		require.NoError(t, m.To("c@d.test"))
		m.SetBodyString(gomail.TypeTextPlain, "x")
		for _, f := range change {
			f(m)
		}
		return c.DialAndSend(m)
	}
	for _, tt := range []struct {
		name   string
		script smtptest.Script
		class  smtperr.Class
		reason smtperr.Reason
		phase  smtperr.Phase
		code   int
	}{
		{name: "MAIL", script: smtptest.Script{Mail: smtptest.Say("550 5.7.1 no")}, class: smtperr.ClassSenderRefused, reason: smtperr.ReasonNotAuthorized, phase: smtperr.PhaseMail, code: 550},
		{name: "RCPT", script: smtptest.Script{Rcpt: smtptest.Say("450 4.2.1 later")}, class: smtperr.ClassRecipientRefused, reason: smtperr.ReasonMailboxUnavailableTemp, phase: smtperr.PhaseRcpt, code: 450},
		{name: "DATA", script: smtptest.Script{Data: smtptest.Say("554 5.5.1 nobody")}, class: smtperr.ClassDataRefused, reason: smtperr.ReasonNoValidRecipients, phase: smtperr.PhaseData, code: 554},
		{name: "dot", script: smtptest.Script{Dot: smtptest.Say("552 5.3.4 too big")}, class: smtperr.ClassDataRefused, reason: smtperr.ReasonMessageTooLarge, phase: smtperr.PhaseDot, code: 552},
		{name: "421 to MAIL", script: smtptest.Script{Mail: smtptest.Say("421 4.7.0 bye")}, class: smtperr.ClassServiceUnavailable, reason: smtperr.ReasonPolicyTemporary, phase: smtperr.PhaseMail, code: 421},
	} {
		t.Run("a reply to "+tt.name, func(t *testing.T) {
			t.Parallel()
			err := send(t, tt.script)
			requireVerdict(t, err, "", tt.class, tt.reason, tt.code)
			e := classify("", err)
			require.Equal(t, tt.phase, e.Phase, "derived from the error")
			require.Equal(t, tt.code/100 == 4, e.Temporary())
		})
	}
	t.Run("a message without recipients", func(t *testing.T) {
		t.Parallel()
		err := send(t, smtptest.Script{}, func(m *gomail.Msg) { m.SetAddrHeaderFromMailAddress(gomail.HeaderTo) })
		requireVerdict(t, err, "", smtperr.ClassConfigError, smtperr.ReasonInvalidAddress, 0)
	})
}

// moxError has the shape of mox's smtpclient.Error.
type moxError struct {
	Permanent bool
	Code      int
	Secode    string
	Command   string
	Line      string
	MoreLines []string
	Err       error
}

func (e moxError) Error() string { return e.Err.Error() + ", transient: " + e.Line }
func (e moxError) Unwrap() error { return e.Err }

func TestClassify_Mox(t *testing.T) {
	t.Parallel()
	status := errors.New("remote smtp server sent unexpected response status code")
	for _, tt := range []struct {
		name     string
		err      moxError
		class    smtperr.Class
		reason   smtperr.Reason
		phase    smtperr.Phase
		code     int
		enhanced string
	}{
		{
			name: "refused recipient", err: moxError{Code: 550, Secode: "1.1", Command: "rcptto", Line: "550 5.1.1 User unknown", Err: status},
			class: smtperr.ClassRecipientRefused, reason: smtperr.ReasonMailboxUnknown, phase: smtperr.PhaseRcpt, code: 550, enhanced: "5.1.1",
		},
		{
			name: "421 greeting", err: moxError{Code: 421, Command: "(greeting)", Line: "421 busy", Err: status},
			class: smtperr.ClassServiceUnavailable, reason: smtperr.ReasonCongested, phase: smtperr.PhaseGreeting, code: 421,
		},
		{
			name: "DATA", err: moxError{Code: 554, Command: "data", Line: "554 none", Err: fmt.Errorf("%w: got 554, expected 354", status)},
			class: smtperr.ClassDataRefused, reason: smtperr.ReasonNoValidRecipients, phase: smtperr.PhaseData, code: 554,
		},
		{
			name: "after the dot", err: moxError{Code: 554, Command: "data", Line: "554-no", MoreLines: []string{"554 never"}, Err: fmt.Errorf("%w: got 554, expected 2xx", status)},
			class: smtperr.ClassDataRefused, reason: smtperr.ReasonContentRejected, phase: smtperr.PhaseDot, code: 554,
		},
		{
			name: "lost connection", err: moxError{Command: "mailfrom", Err: fmt.Errorf("mailfrom: %w", io.EOF)},
			class: smtperr.ClassDisconnected, reason: smtperr.ReasonClosed, phase: smtperr.PhaseMail,
		},
		{
			name: "missing extension", err: moxError{Command: "ehlo", Err: errors.New("remote smtp server does not implement smtputf8 extension, required by message")},
			class: smtperr.ClassNotSupported, reason: smtperr.ReasonSMTPUTF8NotOffered, phase: smtperr.PhaseEHLO,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			e := classify("", fmt.Errorf("delivering: %w", tt.err))
			require.Equal(t, tt.class, e.Class)
			require.Equal(t, tt.reason, e.Reason)
			require.Equal(t, tt.phase, e.Phase)
			require.Equal(t, tt.code, e.Code())
			if tt.code != 0 {
				require.Equal(t, tt.enhanced, e.Reply.Enhanced.String())
				require.Len(t, e.Reply.Lines, 1+len(tt.err.MoreLines))
			}
		})
	}
}

func TestClassify_KnownTexts(t *testing.T) {
	t.Parallel()
	_, _, wrongHost := smtp.PlainAuth("", "u", "p", "relay.test").Start(&smtp.ServerInfo{Name: "other.test", TLS: true})
	_, noAddress := net.Dial("tcp", "")
	for _, tt := range []struct {
		err    error
		class  smtperr.Class
		reason smtperr.Reason
	}{
		{err: wrongHost, class: smtperr.ClassConfigError},
		{err: noAddress, class: smtperr.ClassConfigError, reason: smtperr.ReasonInvalidAddress},
		{err: gosmtp.ErrTooLongLine, class: smtperr.ClassProtocolError, reason: smtperr.ReasonLineTooLong},
		{err: gosasl.ErrUnexpectedServerChallenge, class: smtperr.ClassAuthFailed, reason: smtperr.ReasonChallengeLoop},
		{err: gomail.ErrNoFromAddress, class: smtperr.ClassConfigError, reason: smtperr.ReasonInvalidAddress},
		{err: gomail.ErrNoRcptAddresses, class: smtperr.ClassConfigError, reason: smtperr.ReasonInvalidAddress},
		{err: gomail.ErrPlainAuthNotSupported, class: smtperr.ClassNotSupported, reason: smtperr.ReasonAuthNoMechanism},
		{err: gomail.ErrSCRAMSHA256PLUSAuthNotSupported, class: smtperr.ClassNotSupported, reason: smtperr.ReasonAuthNoMechanism},
		{err: gomail.ErrNoSupportedAuthDiscovered, class: smtperr.ClassNotSupported, reason: smtperr.ReasonAuthNoMechanism},
	} {
		e := classify(smtperr.PhaseAuth, fmt.Errorf("x: %w", tt.err))
		require.Equal(t, tt.class, e.Class, "%v", tt.err)
		require.Equal(t, tt.reason, e.Reason, "%v", tt.err)
	}

	srv := smtptest.Start(t, smtptest.Script{})
	c, err := gomail.NewClient(srv.Host(), gomail.WithPort(int(srv.Port())), gomail.WithTLSPolicy(gomail.TLSMandatory))
	require.NoError(t, err)
	requireVerdict(t, c.DialWithContext(t.Context()), smtperr.PhaseSTARTTLS, smtperr.ClassNotSupported, smtperr.ReasonStartTLSNotOffered, 0)
}

// The errors resemble those of SMTP clients.
func TestClassify_ForeignLookalikes(t *testing.T) {
	t.Parallel()
	for name, err := range map[string]error{
		"Code and Message fields": httpError{Code: 550, Message: "x"},
		"ErrorCode method":        awsError{},
		"map of errors":           fieldsError{"a": errors.New("b")},
		"text with a reply":       errors.New("550 5.1.1 no such user"),
		"text with a known text":  errors.New("the relay said: unencrypted connection"),
	} {
		require.Equal(t, smtperr.ClassUnknown, classify(smtperr.PhaseMail, err).Class, name)
	}
}

type (
	httpError struct {
		Code    int
		Message string
	}
	awsError    struct{}
	fieldsError map[string]error
)

func (e httpError) Error() string { return e.Message }
func (awsError) Error() string    { return "x" }
func (awsError) ErrorCode() int   { return 550 }
func (fieldsError) Error() string { return "x" }

func TestClassify_TextprotoInvalidCode(t *testing.T) {
	t.Parallel()
	for _, code := range []int{-1, 0, 99, 600, 1 << 20} {
		e := classify(smtperr.PhaseMail, &textproto.Error{Code: code, Msg: strings.Repeat("x", 1<<16)})
		require.Equal(t, smtperr.ClassProtocolError, e.Class)
		require.Equal(t, smtperr.ReasonBadCode, e.Reason)
		requireSafeText(t, e.Error())
	}
}
