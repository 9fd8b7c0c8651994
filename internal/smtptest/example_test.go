package smtptest_test

import (
	"errors"
	"fmt"
	"net/smtp"
	"net/textproto"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest"
)

// A relay refuses the second recipient. In a test, call Start instead of Listen and
// Close.
func Example() {
	relay, err := smtptest.Listen(smtptest.Script{
		Rcpt: smtptest.Seq(smtptest.Healthy(), smtptest.Say("550 5.1.1 no such user")),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer relay.Close()

	client, err := smtp.Dial(relay.Addr().String())
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close()
	fmt.Println(client.Mail("probe@example.org"))
	fmt.Println(client.Rcpt("one@example.org"))
	if refusal, ok := errors.AsType[*textproto.Error](client.Rcpt("two@example.org")); ok {
		fmt.Println(refusal.Code, refusal.Msg)
	}
	fmt.Println(client.Quit())
	// Output:
	// <nil>
	// <nil>
	// 550 5.1.1 no such user
	// <nil>
}
