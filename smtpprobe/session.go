package smtpprobe

import (
	"context"
	"crypto/tls"
	"errors"
	"time"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/hostname"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/mask"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/wire"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// session is one conversation with one relay, and what it has found out.
type session struct {
	ctx      context.Context
	prober   *Prober
	target   Target
	plan     Plan
	deadline time.Time // of the whole probe
	trace    Trace

	res     *Result
	clock   clock
	secrets mask.Secrets
	log     *wire.Transcript
	conn    *wire.Conn // nil until connected

	caps          *Capabilities        // of the last EHLO; nil after HELO
	encrypted     *tls.ConnectionState // nil without TLS
	authenticated bool                 // a 235 was received
	envelope      envelope             // what to send
	accepted      []int                // the accepted recipients, as indices of Result.Recipients
	open          bool                 // MAIL was accepted, and neither the dot nor RSET ended the transaction
	closing       bool                 // the relay sent 421 and may be gone (RFC 5321 §3.8)

	certificateWanted bool // the relay asked for a client certificate, and there is none
}

func newSession(ctx context.Context, p *Prober, t Target, plan Plan) *session {
	start := time.Now()
	deadline := start.Add(p.timeout())
	if d, ok := ctx.Deadline(); ok && d.Before(deadline) {
		deadline = d
	}
	s := &session{
		ctx:      ctx,
		prober:   p,
		target:   t,
		plan:     plan,
		deadline: deadline,
		trace:    traceOf(ctx),
		res:      &Result{Depth: plan.depth(), Start: start},
	}
	s.clock.trace = s.trace
	s.clock.phases = make([]PhaseResult, 0, usualPhases)
	// From the start: the greeting may repeat them already.
	s.secrets.Add(p.Secrets...)
	if plan.Auth != nil {
		s.secrets.Add(plan.Auth.Password)
		s.secrets.AddUser(plan.Auth.Username)
		if source, ok := plan.Auth.Token.(interface{ Secrets() []string }); ok {
			s.secrets.Add(source.Secrets()...)
		}
	}
	if plan.Transcript != TranscriptNever {
		s.log = wire.NewTranscript(start, &s.secrets)
	}
	return s
}

// prepare finds what is wrong with target and plan before anything is sent.
func (s *session) prepare() error {
	if err := s.target.check(); err != nil {
		return err
	}
	if err := s.plan.check(); err != nil {
		return err
	}
	if err := checkHelo(s.prober.Helo); err != nil {
		return err
	}
	if s.prober.Helo == "" {
		hostname.Local() // may ask the resolver, which must not keep the relay waiting
	}
	return s.pack()
}

// script is the conversation, in order. A step is taken if the plan goes at
// least as deep; the first failure ends the conversation.
var script = []struct {
	depth Depth
	take  func(*session) error
}{
	{DepthConnect, (*session).connect},
	{DepthConnect, (*session).implicitTLS},
	{DepthConnect, (*session).greeting},
	{DepthEHLO, (*session).hello},
	{DepthEHLO, (*session).startTLS},
	{DepthAuth, (*session).auth},
	{DepthRcpt, (*session).mail},
	{DepthRcpt, (*session).rcpt},
	{DepthSend, (*session).data},
	{DepthSend, (*session).body},
	{DepthSend, (*session).dot},
}

func (s *session) run() {
	for _, step := range script {
		if !s.depth().includes(step.depth) {
			return
		}
		if err := step.take(s); err != nil {
			s.failed(err)
			return
		}
	}
}

func (s *session) depth() Depth { return s.plan.Reaches() }

// failed records a failure: the first one decides, what follows is secondary.
func (s *session) failed(err error) {
	if err == nil {
		return
	}
	e := asError(err)
	if s.res.Err != nil {
		first := asError(s.res.Err)
		first.OutcomeUnknown = first.OutcomeUnknown || e.OutcomeUnknown
		s.res.Secondary = append(s.res.Secondary, err)
		return
	}
	s.res.Err = e
	s.clock.phase(e.Phase).Err = e
}

// asError is the detail of an error. An error of a caller's Authenticator may
// lack it.
func asError(err error) *smtperr.Error {
	if e, ok := errors.AsType[*smtperr.Error](err); ok {
		return e
	}
	return smtperr.New(smtperr.ClassUnknown, "", smtperr.PhaseConfig, err)
}

// finish ends the conversation and sums up.
func (s *session) finish() *Result {
	s.cleanUp()
	if s.conn != nil {
		s.conn.Close()
		for _, name := range s.conn.Anomalies() {
			s.warn(Warning(name))
		}
	}
	r := s.res
	r.Total = time.Since(r.Start)
	r.Expected = s.judge()
	if r.Err != nil {
		r.Reply = asError(r.Err).Reply
	}
	r.Phases = s.clock.phases
	if s.plan.Transcript == TranscriptAlways || r.Err != nil || !r.Expected {
		r.Transcript = s.log.Lines()
	}
	s.redact()
	return r
}

func (s *session) warn(w Warning) { s.res.Warnings = append(s.res.Warnings, w) }

// replySession is what the meaning of a reply depends on.
func (s *session) replySession() smtperr.Session {
	return smtperr.Session{
		TLS:               s.encrypted != nil,
		AuthOffered:       s.caps.Has("AUTH"),
		Authenticated:     s.authenticated,
		RecipientAccepted: len(s.accepted) > 0,
		LMTP:              s.target.LMTP,
		Mechanism:         s.res.AuthMechanism,
		Sender:            s.plan.From,
	}
}

// usualPhases is the number of phases of a probe of DepthEHLO without TLS, DNS
// included.
const usualPhases = 5

// clock measures the phases of a probe.
type clock struct {
	phases  []PhaseResult
	current int // index of the phase that is running, or was running last
	began   time.Time
	trace   Trace
}

// index returns the index of a phase, which it adds if it is new.
func (c *clock) index(name smtperr.Phase) int {
	for i := range c.phases {
		if c.phases[i].Phase == name {
			return i
		}
	}
	c.phases = append(c.phases, PhaseResult{Phase: name})
	return len(c.phases) - 1
}

// phase returns a phase, which it adds if it is new. The pointer is valid until
// another phase is added.
func (c *clock) phase(name smtperr.Phase) *PhaseResult { return &c.phases[c.index(name)] }

// running returns the phase that is running, or was running last.
func (c *clock) running() *PhaseResult { return &c.phases[c.current] }

// start starts the clock of a phase, which is not complete until its next reply.
func (c *clock) start(name smtperr.Phase) {
	c.trace.PhaseStart(name)
	c.current = c.index(name)
	c.running().Complete = false
	c.began = time.Now()
}

// stop stops the clock. A phase ends when its reply arrived, if that is known:
// that this process is late to read it is not the relay's fault.
func (c *clock) stop(arrived time.Time) {
	took := time.Since(c.began)
	if arrived.After(c.began) {
		took = arrived.Sub(c.began)
	}
	c.running().Duration += took
	c.trace.PhaseDone(*c.running())
}

// replied records a reply of the phase that runs. A 334 in AUTH asks for more.
func (c *clock) replied(code int) {
	p := c.running()
	p.Code = code
	p.Complete = code != 334 || p.Phase != smtperr.PhaseAuth
}

// incomplete takes back that a phase is complete: of its several commands, only
// an earlier one was answered.
func (c *clock) incomplete(name smtperr.Phase) {
	for i := range c.phases {
		if c.phases[i].Phase == name {
			c.phases[i].Complete = false
		}
	}
}

// during runs a stretch of a phase on the phase's clock.
func (s *session) during(phase smtperr.Phase, do func() error) error {
	s.clock.start(phase)
	err := do()
	arrived := time.Time{}
	if s.conn != nil {
		arrived = s.conn.Arrived()
	}
	s.clock.stop(arrived)
	return err
}
