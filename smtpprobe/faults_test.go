package smtpprobe_test

import (
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// place is a place in the session at which a fault occurs.
type place struct {
	name       string
	at         smtptest.Event
	second     bool // the second time it is reached
	phase      smtperr.Phase
	next       smtperr.Phase // of the next command; "" if there is none before QUIT
	refused    smtperr.Class
	accepting  string // an accepting reply; "" if data after it is another fault
	unexpected string // a reply with an unexpected first digit
	over       []transport
}

var everyTransport = []transport{plain, starttls, implicit}

var places = []place{
	{
		name: "greeting", at: smtptest.AtGreeting, phase: smtperr.PhaseGreeting, next: smtperr.PhaseEHLO, refused: smtperr.ClassGreetingRefused,
		accepting: "220 relay.test", unexpected: "354 what", over: []transport{plain, implicit},
	},
	{
		name: "EHLO", at: smtptest.AtEHLO, phase: smtperr.PhaseEHLO, next: smtperr.PhaseAuth, refused: smtperr.ClassHeloRefused,
		accepting: "250-relay.test\r\n250 AUTH PLAIN", unexpected: "354 what", over: []transport{plain, implicit},
	},
	{
		name: "EHLO after STARTTLS", at: smtptest.AtEHLO, second: true, phase: smtperr.PhaseEHLO, next: smtperr.PhaseAuth, refused: smtperr.ClassHeloRefused,
		accepting: "250-relay.test\r\n250 AUTH PLAIN", unexpected: "354 what", over: []transport{starttls},
	},
	{
		name: "STARTTLS", at: smtptest.AtStartTLS, phase: smtperr.PhaseSTARTTLS, refused: smtperr.ClassStartTLSRefused,
		unexpected: "354 what", over: []transport{starttls},
	},
	{
		name: "AUTH", at: smtptest.AtAuth, phase: smtperr.PhaseAuth, next: smtperr.PhaseMail, refused: smtperr.ClassAuthFailed,
		accepting: "235 2.7.0 welcome", unexpected: "354 what", over: everyTransport,
	},
	{
		name: "MAIL", at: smtptest.AtMail, phase: smtperr.PhaseMail, next: smtperr.PhaseRcpt, refused: smtperr.ClassSenderRefused,
		accepting: "250 ok", unexpected: "354 what", over: everyTransport,
	},
	{
		name: "RCPT", at: smtptest.AtRcpt, phase: smtperr.PhaseRcpt, next: smtperr.PhaseData, refused: smtperr.ClassRecipientsRefused,
		accepting: "250 ok", unexpected: "354 what", over: everyTransport,
	},
	{
		name: "DATA", at: smtptest.AtData, phase: smtperr.PhaseData, refused: smtperr.ClassDataRefused,
		unexpected: "250 what", over: everyTransport,
	},
	{
		name: "final dot", at: smtptest.AtDot, phase: smtperr.PhaseDot, refused: smtperr.ClassDataRefused,
		accepting: "250 ok", unexpected: "354 what", over: everyTransport,
	},
}

// fault is a fault of a relay or of the network.
type fault struct {
	name  string
	waits bool // until the timeout of the client
	step  func(place) smtptest.Step
	want  func(place) outcome
}

// temporarily returns the outcome of a temporary error without a reply.
func temporarily(class smtperr.Class, reason smtperr.Reason) func(place) outcome {
	return func(p place) outcome { return outcome{class: class, reason: reason, phase: p.phase, temporary: true} }
}

func always(step smtptest.Step) func(place) smtptest.Step {
	return func(place) smtptest.Step { return step }
}

var faults = []fault{
	{name: "close", step: always(smtptest.HalfClose()), want: temporarily(smtperr.ClassDisconnected, smtperr.ReasonClosed)},
	{
		name: "reset", step: always(smtptest.Then(smtptest.Pause(20*time.Millisecond), smtptest.Reset())), // not while connecting
		want: temporarily(smtperr.ClassDisconnected, smtperr.ReasonReset),
	},
	{name: "silence", waits: true, step: always(smtptest.Silence()), want: func(p place) outcome {
		if p.phase == smtperr.PhaseGreeting {
			return temporarily(smtperr.ClassReadTimeout, smtperr.ReasonNoGreeting)(p)
		}
		return temporarily(smtperr.ClassReadTimeout, smtperr.ReasonNoReply)(p)
	}},
	{
		name: "slow reply", waits: true, step: always(smtptest.Drip("250-"+strings.Repeat("x", 2000), 10*time.Millisecond)),
		want: temporarily(smtperr.ClassReadTimeout, smtperr.ReasonSlowReply),
	},
	{name: "garbage", step: always(smtptest.Say("\x01\x02 what is this")), want: func(p place) outcome {
		if p.phase == smtperr.PhaseGreeting {
			return outcome{class: smtperr.ClassProtocolError, reason: smtperr.ReasonNotSMTP, phase: p.phase}
		}
		return temporarily(smtperr.ClassProtocolError, smtperr.ReasonBadCode)(p)
	}},
	{
		name: "endless line", step: always(smtptest.Then(smtptest.Raw("250 "), smtptest.Endless("x"))),
		want: temporarily(smtperr.ClassProtocolError, smtperr.ReasonLineTooLong),
	},
	{name: "endless reply", step: always(smtptest.Endless("250-x\r\n")), want: temporarily(smtperr.ClassProtocolError, smtperr.ReasonReplyTooLong)},
	{name: "unexpected first digit", step: func(p place) smtptest.Step { return smtptest.Say(p.unexpected) }, want: func(p place) outcome {
		o := temporarily(smtperr.ClassProtocolError, smtperr.ReasonUnexpectedCode)(p)
		o.code = codeOf(p.unexpected)
		return o
	}},
	{name: "different codes", step: always(smtptest.Say("250-a", "550 b")), want: temporarily(smtperr.ClassProtocolError, smtperr.ReasonCodeMismatch)},
	{name: "421", step: always(smtptest.Then(smtptest.Say("421 bye"), smtptest.HalfClose())), want: func(p place) outcome {
		o := temporarily(smtperr.ClassServiceUnavailable, smtperr.ReasonRefused)(p)
		o.code = 421
		return o
	}},
	{name: "4xx", step: always(smtptest.Say("499 not now")), want: func(p place) outcome {
		reason := smtperr.ReasonRefused
		if p.phase == smtperr.PhaseAuth {
			reason = smtperr.ReasonAuthTemporary
		}
		return outcome{class: p.refused, reason: reason, phase: p.phase, code: 499, temporary: true}
	}},
	{name: "5xx", step: always(smtptest.Say("599 never")), want: func(p place) outcome {
		return outcome{class: p.refused, reason: smtperr.ReasonRefused, phase: p.phase, code: 599}
	}},
	{
		name: "close within a line", step: always(smtptest.Then(smtptest.Raw("250 2.0.0 que"), smtptest.HalfClose())),
		want: temporarily(smtperr.ClassDisconnected, smtperr.ReasonTruncatedReply),
	},
	{name: "unsolicited reply", step: func(p place) smtptest.Step {
		if p.accepting == "" {
			return nil // see TestProbe_Replies
		}
		return smtptest.Say(p.accepting, "250 and another thing")
	}, want: func(p place) outcome {
		if p.next == "" {
			return outcome{phase: smtperr.PhaseDone, code: 250}
		}
		return outcome{class: smtperr.ClassProtocolError, reason: smtperr.ReasonUnsolicited, phase: p.next, temporary: true}
	}},
}

func codeOf(reply string) int {
	return int(reply[0]-'0')*100 + int(reply[1]-'0')*10 + int(reply[2]-'0')
}

// faultCase is one fault at one place of a session that is otherwise in order.
type faultCase struct {
	name  string
	waits bool
	tr    transport
	conversation
}

func faultCases() []faultCase {
	var list []faultCase
	for _, p := range places {
		for _, f := range faults {
			step := f.step(p)
			if step == nil {
				continue
			}
			if p.second {
				step = smtptest.Seq(smtptest.Healthy(), step)
			}
			for _, tr := range p.over {
				list = append(list, faultCase{name: f.name + " at " + p.name + " over " + string(tr), waits: f.waits, tr: tr, conversation: conversation{
					script: smtptest.Script{Extensions: offering("AUTH PLAIN"), Auth: smtptest.Say("235 2.7.0 welcome")}.With(p.at, step),
					plan: func(p *probing) {
						login("")(p)
						send(alice)(p)
						if f.waits {
							p.ReadTimeout = 2 * time.Second // not less: other tests run at the same time
						}
					},
					want:  f.want(p),
					check: func(t *testing.T, r *smtpprobe.Result, _ smtptest.Session) { requireTimes(t, r) },
				}})
			}
		}
	}
	return list
}

// TestProbe_FaultMatrix also checks that no goroutine and no descriptor is left.
func TestProbe_FaultMatrix(t *testing.T) {
	goroutines, files := runtime.NumGoroutine(), openFiles()
	t.Run("matrix", func(t *testing.T) {
		var waiting []faultCase
		for _, c := range faultCases() {
			if c.waits {
				waiting = append(waiting, c)
				continue
			}
			t.Run(c.name, func(t *testing.T) {
				t.Parallel()
				c.run(t, c.tr)
			})
		}
		runTogether(t, waiting)
	})
	const own = 1 // Eventually evaluates its condition in another goroutine
	require.Eventually(t, func() bool { return runtime.NumGoroutine() <= goroutines+own && openFiles() <= files },
		10*time.Second, 10*time.Millisecond, "goroutines or descriptors are left")
}

// runTogether runs the probes of all cases at the same time, so that their timeouts
// do not add up.
func runTogether(t *testing.T, list []faultCase) {
	t.Helper()
	servers := make([]*smtptest.Server, len(list))
	results := make([]*smtpprobe.Result, len(list))
	var running sync.WaitGroup
	for i := range list {
		c := &list[i]
		servers[i] = c.start(t, c.tr)
		p := prober(servers[i], c.tr)
		c.plan(p)
		running.Go(func() { results[i] = p.probe(t.Context()) })
	}
	running.Wait()
	for i := range list {
		c := &list[i]
		t.Run(c.name, func(t *testing.T) { c.verify(t, results[i], servers[i].Wait(t, 1)[0]) })
	}
}

// requireTimes checks that exactly the complete phases have a time.
func requireTimes(t *testing.T, r *smtpprobe.Result) {
	t.Helper()
	for _, p := range r.Phases {
		if p.Complete {
			require.Positive(t, p.Duration, p.Phase)
			continue
		}
		require.Error(t, p.Err, "%s is incomplete without an error", p.Phase)
	}
	if r.Err != nil && r.Reply == nil && failure(r).Reason != smtperr.ReasonUnsolicited {
		require.Nil(t, timeOf(r, failure(r).Phase), "a phase without a reply has a time")
	}
}

// openFiles returns the number of descriptors of this process, 0 if it is unknown.
func openFiles() int {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return 0
	}
	return len(entries)
}
