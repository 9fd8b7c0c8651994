package smtpprobe_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// relay starts a scripted relay for an example.
func relay(script smtptest.Script) (smtpprobe.Target, func()) {
	srv, err := smtptest.Listen(script)
	if err != nil {
		panic(err)
	}
	return smtpprobe.Target{Host: srv.Host(), Port: srv.Port()}, srv.Close
}

// With the zero values of Prober and Plan, a probe ends after EHLO.
func ExampleProber_Probe() {
	target, stop := relay(smtptest.Script{})
	defer stop()

	var p smtpprobe.Prober
	r := p.Probe(context.Background(), target, smtpprobe.Plan{})
	fmt.Println("error:", r.Err)
	fmt.Println("reply:", r.Reply.Code)
	for _, phase := range r.Phases {
		fmt.Println(phase.Phase, phase.Complete, phase.Duration > 0)
	}
	// Output:
	// error: <nil>
	// reply: 250
	// connect true true
	// greeting true true
	// ehlo true true
	// quit true true
}

// Retry returns whether and when to try the same server again.
func ExampleProber_Probe_nextServer() {
	busy, stopBusy := relay(smtptest.Script{Greeting: smtptest.Say("421 4.3.2 too busy")})
	defer stopBusy()
	healthy, stopHealthy := relay(smtptest.Script{})
	defer stopHealthy()

	p := smtpprobe.Prober{Timeout: 10 * time.Second}
	for _, target := range []smtpprobe.Target{busy, healthy} {
		r := p.Probe(context.Background(), target, smtpprobe.Plan{})
		if r.Err == nil {
			fmt.Println("accepted")
			break
		}
		fmt.Println(r.Err)
		if errors.Is(r.Err, smtperr.ErrAuth) {
			break // the next server would refuse the credentials, too
		}
		if e, ok := errors.AsType[*smtperr.Error](r.Err); ok {
			fmt.Println("this server again:", e.Retry())
		}
	}
	// Output:
	// smtp: greeting: 421 4.3.2 too busy
	// this server again: later
	// accepted
}

// The message is sent to the accepted recipients. Each recipient has a result.
func ExampleProber_Probe_recipients() {
	target, stop := relay(smtptest.Script{
		Rcpt: smtptest.Match("<bob@", smtptest.Say("550 5.1.1 no such user")),
	})
	defer stop()

	var p smtpprobe.Prober
	r := p.Probe(context.Background(), target, smtpprobe.Plan{
		Depth:   smtpprobe.DepthSend,
		From:    "probe@example.org",
		To:      []string{"alice@example.org", "bob@example.org"},
		Message: smtpprobe.Message{Subject: "test"},
	})
	fmt.Println("message accepted:", r.MessageAccepted)
	for _, rcpt := range r.Recipients {
		fmt.Println(rcpt.Address, rcpt.Accepted, rcpt.Reply.Code)
	}
	fmt.Println(errors.Is(r.Err, smtperr.ErrRecipient))
	// Output:
	// message accepted: true
	// alice@example.org true 250
	// bob@example.org false 550
	// true
}

func ExampleWithTrace() {
	target, stop := relay(smtptest.Script{})
	defer stop()

	ctx := smtpprobe.WithTrace(context.Background(), &smtpprobe.Trace{
		PhaseDone: func(p smtpprobe.PhaseResult) { fmt.Println(p.Phase, "done") },
		Command:   func(_ smtperr.Phase, line string) { fmt.Println("C:", line) },
		Reply:     func(_ smtperr.Phase, r smtperr.Reply) { fmt.Println("S:", r.Code) },
	})
	p := smtpprobe.Prober{Helo: "probe.example.org"}
	p.Probe(ctx, target, smtpprobe.Plan{})
	// Output:
	// connect done
	// S: 220
	// greeting done
	// C: EHLO probe.example.org
	// S: 250
	// ehlo done
	// C: QUIT
	// S: 221
	// quit done
}

// A mail domain is resolved to its MX hosts.
func ExampleProber_Targets() {
	var p smtpprobe.Prober
	targets, err := p.Targets(context.Background(), smtpprobe.Target{Domain: "[192.0.2.1]", Port: 25})
	fmt.Println(err)
	for _, t := range targets {
		fmt.Println(t.Host, t.Port)
	}
	// Output:
	// <nil>
	// 192.0.2.1 25
}
