package smtperr_test

import (
	"errors"
	"fmt"
	"io"
	"net/smtp"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// except SMTPException: whatever went wrong, with any client.
func Example_catchEverything() {
	err := smtp.SendMail("127.0.0.1:no-such-port", nil, "alice@example.org", []string{"bob@example.org"}, nil)

	err = smtperr.Wrap("", err)
	if e, ok := smtperr.Of(err); ok {
		fmt.Println(e.Class, e.Reason, e.Phase, e.Fault())
		fmt.Println(e.Advice())
	}
	// Output:
	// config_error invalid_port config config
	// Give a port between 1 and 65535.
}

// except SMTPAuthenticationError, except TimeoutError, except SMTPServerDisconnected.
func Example_catchSpecificKinds() {
	reply := smtperr.NewReply(421, []string{"4.7.0 try again later"})
	var err error = smtperr.ClassifyReply(smtperr.PhaseMail, reply, smtperr.Circumstances{})

	switch {
	case errors.Is(err, smtperr.ErrAuth):
		fmt.Println("check the password")
	case errors.Is(err, smtperr.ErrTimeout), errors.Is(err, smtperr.ErrDisconnected):
		fmt.Println("check the network")
	case errors.Is(err, smtperr.ErrUnavailable):
		fmt.Println("the relay is busy")
	}
	// A 421 is what it would be without being one, too: here SMTPSenderRefused.
	fmt.Println(errors.Is(err, smtperr.ErrSenderRefused), errors.Is(err, smtperr.SenderRefused))
	// Output:
	// the relay is busy
	// true false
}

// except SMTPSenderRefused as e: e.smtp_code, e.smtp_error, e.sender.
func Example_inspectCodeAndRecipient() {
	reply := smtperr.NewReply(550, []string{"5.1.1 no such user"})
	var err error = smtperr.ClassifyReply(smtperr.PhaseRcpt, reply, smtperr.Circumstances{Recipient: "bob@example.org"})

	var refused *smtperr.SMTPRecipientRefused
	if errors.As(err, &refused) {
		fmt.Println(refused.Code, refused.Enhanced, refused.Recipient)
		fmt.Println(refused.Message)
	}
	fmt.Println(err)
	// Output:
	// 550 5.1.1 bob@example.org
	// 5.1.1 no such user
	// recipient_refused/mailbox_unknown at rcpt: 550 5.1.1 no such user (rcpt to <bob@example.org>)
}

// Retry, or go on to the next server? Two policies of failover answer.
func Example_retryOrNextServer() {
	refused := smtperr.ClassifyReply(smtperr.PhaseAuth, smtperr.NewReply(535, []string{"5.7.8 no"}), smtperr.Circumstances{})
	busy := smtperr.ClassifyReply(smtperr.PhaseGreeting, smtperr.NewReply(421, []string{"busy"}), smtperr.Circumstances{})
	lost := smtperr.Classify(smtperr.PhaseDot, io.EOF)

	for _, e := range []*smtperr.Error{refused, busy, lost} {
		fmt.Printf("%s: retry %s, next server %t\n", e.Class, e.RetrySame(), e.NextServer(smtperr.MTA))
	}
	fmt.Println(lost)
	// Output:
	// auth_failed: retry no, next server false
	// service_unavailable: retry later, next server true
	// disconnected: retry no, next server false
	// disconnected/closed at dot: EOF (outcome unknown: the message may have been delivered)
}

// The dict that smtplib's sendmail returns, or SMTPRecipientsRefused.recipients.
func Example_readPartialRefusals() {
	refuse := func(to string, code int, text string) *smtperr.Error {
		return smtperr.ClassifyReply(smtperr.PhaseRcpt, smtperr.NewReply(code, []string{text}), smtperr.Circumstances{Recipient: to})
	}
	var err error = smtperr.Recipients(smtperr.PhaseRcpt, []*smtperr.Error{
		refuse("bob@example.org", 550, "5.1.1 no such user"),
		refuse("carol@example.org", 452, "4.2.2 mailbox full"),
	}, true) // and somebody else was accepted

	var refused *smtperr.SMTPRecipientsRefused
	if errors.As(err, &refused) {
		for _, e := range refused.Recipients {
			fmt.Println(e.Recipient, e.Code(), e.Reason, e.Temporary)
		}
	}
	fmt.Println(errors.Is(err, smtperr.RecipientRefused), errors.Is(err, smtperr.RecipientsRefused))
	// Output:
	// bob@example.org 550 mailbox_unknown false
	// carol@example.org 452 mailbox_full true
	// true false
}
