package smtpprobe_test

import (
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// moment is a place in the conversation at which the relay may go wrong.
type moment struct {
	name    string
	at      smtptest.Event
	phase   smtperr.Phase
	next    smtperr.Phase // whose command an unsolicited line precedes; "" after the goal
	refused smtperr.Class
	good    string // the reply that is due
	wrong   string // a reply of the wrong first digit
	over    []transport
	second  bool // the second time the moment comes
}

var everywhere = []transport{plain, starttls, implicit}

var moments = []moment{
	{
		name: "greeting", at: smtptest.AtGreeting, phase: smtperr.PhaseGreeting, next: smtperr.PhaseEHLO, refused: smtperr.ClassGreetingRefused, good: "220 relay.test",
		wrong: "354 what", over: []transport{plain, implicit},
	},
	{
		name: "EHLO", at: smtptest.AtEHLO, phase: smtperr.PhaseEHLO, next: smtperr.PhaseAuth, refused: smtperr.ClassHeloRefused, good: "250-relay.test\r\n250 AUTH PLAIN",
		wrong: "354 what", over: []transport{plain, implicit},
	},
	{
		name: "EHLO after STARTTLS", at: smtptest.AtEHLO, phase: smtperr.PhaseEHLO, next: smtperr.PhaseAuth, refused: smtperr.ClassHeloRefused, good: "250-relay.test\r\n250 AUTH PLAIN",
		wrong: "354 what", over: []transport{starttls}, second: true,
	},
	{
		name: "STARTTLS", at: smtptest.AtStartTLS, phase: smtperr.PhaseSTARTTLS, refused: smtperr.ClassStartTLSRefused,
		wrong: "354 what", over: []transport{starttls},
	},
	{
		name: "AUTH", at: smtptest.AtAuth, phase: smtperr.PhaseAuth, next: smtperr.PhaseMail, refused: smtperr.ClassAuthFailed, good: "235 2.7.0 welcome",
		wrong: "354 what", over: everywhere,
	},
	{
		name: "MAIL", at: smtptest.AtMail, phase: smtperr.PhaseMail, next: smtperr.PhaseRcpt, refused: smtperr.ClassSenderRefused, good: "250 ok",
		wrong: "354 what", over: everywhere,
	},
	{
		name: "RCPT", at: smtptest.AtRcpt, phase: smtperr.PhaseRcpt, next: smtperr.PhaseData, refused: smtperr.ClassRecipientsRefused, good: "250 ok",
		wrong: "354 what", over: everywhere,
	},
	{
		name: "DATA", at: smtptest.AtData, phase: smtperr.PhaseData, refused: smtperr.ClassDataRefused,
		wrong: "250 what", over: everywhere,
	},
	{
		name: "dot", at: smtptest.AtDot, phase: smtperr.PhaseDot, refused: smtperr.ClassDataRefused, good: "250 ok",
		wrong: "354 what", over: everywhere,
	},
}

// fault is something that a relay or a network does at a moment.
type fault struct {
	name string
	step func(moment) smtptest.Step
	want func(moment) outcome
}

func failed(class smtperr.Class, reason smtperr.Reason) func(moment) outcome {
	return func(m moment) outcome { return outcome{class: class, reason: reason, phase: m.phase, temporary: true} }
}

func doing(step smtptest.Step) func(moment) smtptest.Step {
	return func(moment) smtptest.Step { return step }
}

var faults = []fault{
	{"closes", doing(smtptest.HalfClose()), failed(smtperr.ClassDisconnected, smtperr.ReasonClosed)},
	// A reset that overtakes the end of the dialing is the dialing's.
	{"resets", doing(smtptest.Then(smtptest.Pause(20*time.Millisecond), smtptest.Reset())), failed(smtperr.ClassDisconnected, smtperr.ReasonReset)},
	{"stalls", doing(smtptest.Silence()), func(m moment) outcome {
		if m.phase == smtperr.PhaseGreeting {
			return failed(smtperr.ClassReadTimeout, smtperr.ReasonNoGreeting)(m)
		}
		return failed(smtperr.ClassReadTimeout, smtperr.ReasonNoReply)(m)
	}},
	{"drips", doing(smtptest.Drip("250-"+strings.Repeat("x", 2000), 10*time.Millisecond)), failed(smtperr.ClassReadTimeout, smtperr.ReasonSlowReply)},
	{"talks garbage", doing(smtptest.Say("\x01\x02 what is this")), func(m moment) outcome {
		if m.phase == smtperr.PhaseGreeting {
			return outcome{class: smtperr.ClassProtocolError, reason: smtperr.ReasonNotSMTP, phase: m.phase}
		}
		return failed(smtperr.ClassProtocolError, smtperr.ReasonBadCode)(m)
	}},
	{"sends a line without end", doing(smtptest.Then(smtptest.Raw("250 "), smtptest.Endless("x"))), failed(smtperr.ClassProtocolError, smtperr.ReasonLineTooLong)},
	{"sends a reply without end", doing(smtptest.Endless("250-x\r\n")), failed(smtperr.ClassProtocolError, smtperr.ReasonReplyTooLong)},
	{"answers with the wrong digit", func(m moment) smtptest.Step { return smtptest.Say(m.wrong) }, func(m moment) outcome {
		o := failed(smtperr.ClassProtocolError, smtperr.ReasonUnexpectedCode)(m)
		o.code = codeOf(m.wrong)
		return o
	}},
	{"mixes codes", doing(smtptest.Say("250-a", "550 b")), failed(smtperr.ClassProtocolError, smtperr.ReasonCodeMismatch)},
	{"shuts down", doing(smtptest.Then(smtptest.Say("421 bye"), smtptest.HalfClose())), func(m moment) outcome {
		o := failed(smtperr.ClassServiceUnavailable, smtperr.ReasonRefused)(m)
		o.code = 421
		return o
	}},
	{"refuses for now", doing(smtptest.Say("499 not now")), func(m moment) outcome {
		reason := smtperr.ReasonRefused
		if m.phase == smtperr.PhaseAuth {
			reason = smtperr.ReasonAuthTemporary
		}
		return outcome{class: m.refused, reason: reason, phase: m.phase, code: 499, temporary: true}
	}},
	{"refuses for good", doing(smtptest.Say("599 never")), func(m moment) outcome {
		return outcome{class: m.refused, reason: smtperr.ReasonRefused, phase: m.phase, code: 599}
	}},
	{"says half a line and closes", doing(smtptest.Then(smtptest.Raw("250 2.0.0 que"), smtptest.HalfClose())), failed(smtperr.ClassDisconnected, smtperr.ReasonTruncatedReply)},
	{"talks on unasked", func(m moment) smtptest.Step {
		if m.good == "" {
			return nil // STARTTLS' is injection, DATA's is the message's: cases of their own
		}
		return smtptest.Say(m.good, "250 and another thing")
	}, func(m moment) outcome {
		if m.next == "" {
			return outcome{phase: smtperr.PhaseDone, code: 250}
		}
		return outcome{class: smtperr.ClassProtocolError, reason: smtperr.ReasonUnsolicited, phase: m.next, temporary: true}
	}},
}

func codeOf(reply string) int {
	return int(reply[0]-'0')*100 + int(reply[1]-'0')*10 + int(reply[2]-'0')
}

// The relay is in order up to the moment, so what it does there is the verdict.
func TestProbe_FaultMatrix(t *testing.T) {
	goroutines, files := runtime.NumGoroutine(), openFiles()
	t.Run("matrix", func(t *testing.T) {
		for _, m := range moments {
			for _, f := range faults {
				step := f.step(m)
				if step == nil {
					continue
				}
				if m.second {
					step = smtptest.Seq(smtptest.Healthy(), step)
				}
				for _, tr := range m.over {
					t.Run(m.name+": the relay "+f.name+" over "+string(tr), func(t *testing.T) {
						t.Parallel()
						c := conversation{
							script: smtptest.Script{Extensions: offering("AUTH PLAIN"), Auth: smtptest.Say("235 2.7.0 welcome")}.With(m.at, step),
							plan: func(p *probing) {
								login("")(p)
								send(alice)(p)
								if f.name == "stalls" || f.name == "drips" {
									p.ReadTimeout = 300 * time.Millisecond
								}
							},
							want: f.want(m),
							check: func(t *testing.T, r *smtpprobe.Result, _ smtptest.Session) {
								requireTruthfulTimes(t, r)
							},
						}
						c.run(t, tr)
					})
				}
			}
		}
	})
	own := 1 // Eventually asks in a goroutine of its own
	require.Eventually(t, func() bool { return runtime.NumGoroutine() <= goroutines+own && openFiles() <= files },
		10*time.Second, 10*time.Millisecond, "goroutines or descriptors are left over")
}

// A phase without its complete reply has no latency, and the failed one has
// run for some time.
func requireTruthfulTimes(t *testing.T, r *smtpprobe.Result) {
	t.Helper()
	for _, p := range r.Phases {
		if p.Complete {
			require.Positive(t, p.Duration, p.Phase)
			continue
		}
		require.Error(t, p.Err, "%s is incomplete without a failure", p.Phase)
	}
	if r.Err != nil && r.Reply == nil && failure(r).Reason != smtperr.ReasonUnsolicited {
		require.Nil(t, timeOf(r, failure(r).Phase), "a phase without a reply has a latency")
	}
}

// openFiles counts this process's descriptors, 0 where that cannot be asked.
func openFiles() int {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return 0
	}
	return len(entries)
}
