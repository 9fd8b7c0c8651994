package smtperr_test

import (
	"errors"
	"fmt"
	"io"
	"net/smtp"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// Classify takes the error of any client, such as net/smtp.
func ExampleClassify() {
	err := smtp.SendMail("127.0.0.1:no-such-port", nil, "alice@example.org", []string{"bob@example.org"}, nil)

	err = smtperr.Classify("", err)
	if e, ok := errors.AsType[*smtperr.Error](err); ok {
		fmt.Println(e.Class, e.Reason, e.Phase, e.Fault())
		fmt.Println(e.Advice())
	}
	// Output:
	// config_error invalid_port config config
	// Set a port between 1 and 65535 in servers.
}

// A 421 matches several sentinels.
func ExampleError_Is() {
	reply := smtperr.NewReply(421, []string{"4.7.0 try again later"})
	err := smtperr.ClassifyReply(smtperr.PhaseMail, reply, smtperr.Session{})

	for _, sentinel := range []error{smtperr.ErrUnavailable, smtperr.ErrSender, smtperr.ErrRefused, smtperr.ErrAuth} {
		fmt.Println(errors.Is(err, sentinel), sentinel)
	}
	// Output:
	// true smtp: service unavailable
	// true smtp: sender refused
	// true smtp: refused
	// false smtp: authentication failed
}

// An Error has the address, the code and the enhanced code of a refusal.
func ExampleClassifyReply() {
	reply := smtperr.NewReply(550, []string{"5.1.1 User unknown"})
	err := smtperr.ClassifyReply(smtperr.PhaseRcpt, reply, smtperr.Session{Recipient: "one@example.org"})

	fmt.Println(err)
	if e, ok := errors.AsType[*smtperr.Error](err); ok {
		fmt.Println(e.Recipient, e.Code(), e.Reply.Enhanced, e.Reason)
	}
	// Output:
	// smtp: RCPT <one@example.org>: 550 5.1.1 User unknown
	// one@example.org 550 5.1.1 mailbox_unknown
}

// The caller decides between a retry and the next server.
func ExampleError_Retry() {
	refused := smtperr.ClassifyReply(smtperr.PhaseAuth, smtperr.NewReply(535, []string{"5.7.8 no"}), smtperr.Session{})
	busy := smtperr.ClassifyReply(smtperr.PhaseGreeting, smtperr.NewReply(421, []string{"busy"}), smtperr.Session{})
	lost := smtperr.Classify(smtperr.PhaseDot, io.EOF)

	for _, err := range []error{refused, busy, lost} {
		e, _ := errors.AsType[*smtperr.Error](err)
		// Like most mail servers, stop after a permanent refusal, and do not send a
		// message again that may have been delivered.
		next := !e.OutcomeUnknown && (e.Temporary() || !errors.Is(e, smtperr.ErrRefused))
		fmt.Printf("retry: %s, next server: %t, %s\n", e.Retry(), next, e)
	}
	// Output:
	// retry: never, next server: false, smtp: AUTH: 535 5.7.8 no
	// retry: later, next server: true, smtp: greeting: 421 busy
	// retry: never, next server: false, smtp: end of message: connection closed (outcome unknown: the message may have been delivered)
}

// Two of three recipients are refused.
func ExampleRefusals() {
	var refused []*smtperr.Error
	rcpt := func(to string, reply smtperr.Reply) {
		err := smtperr.ClassifyReply(smtperr.PhaseRcpt, reply, smtperr.Session{Recipient: to})
		if e, ok := errors.AsType[*smtperr.Error](err); ok {
			refused = append(refused, e)
		}
	}
	rcpt("alice@example.org", smtperr.NewReply(250, []string{"2.1.5 ok"}))
	rcpt("bob@example.org", smtperr.NewReply(550, []string{"5.1.1 no such user"}))
	rcpt("carol@example.org", smtperr.NewReply(452, []string{"4.2.2 mailbox full"}))

	err := smtperr.Refusals(smtperr.PhaseRcpt, refused, 1)
	fmt.Println(err)
	if e, ok := errors.AsType[*smtperr.Error](err); ok {
		fmt.Println(e.Class, e.Temporary())
		for _, each := range e.Recipients {
			fmt.Println(each.Recipient, each.Code(), each.Reason, each.Temporary())
		}
	}
	// Output:
	// smtp: RCPT <carol@example.org> and 1 more: 452 4.2.2 mailbox full
	// recipient_refused true
	// bob@example.org 550 mailbox_unknown false
	// carol@example.org 452 mailbox_full true
}
