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

// session is the state of one probe.
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

	caps          *Capabilities        // of the last EHLO reply; nil without EHLO
	encrypted     *tls.ConnectionState // nil without TLS
	certRequested bool                 // the relay requested a client certificate, and there is none
	authenticated bool                 // the relay replied 235
	envelope      envelope
	accepted      []int // the accepted recipients, as indices of Result.Recipients
	inTransaction bool  // from MAIL to the final dot or RSET
	closing       bool  // the relay sent 421 and may have closed the connection (RFC 5321 §3.8)
}

func newSession(ctx context.Context, p *Prober, t Target, plan Plan) *session {
	start := time.Now()
	deadline := start.Add(p.timeout())
	if d, ok := ctx.Deadline(); ok && d.Before(deadline) {
		deadline = d
	}
	trace := traceOf(ctx)
	s := &session{
		ctx:      ctx,
		prober:   p,
		target:   t,
		plan:     plan,
		deadline: deadline,
		trace:    trace,
		clock:    newClock(trace),
		res:      &Result{Depth: plan.depth(), Start: start},
	}
	s.addSecrets()
	if plan.Transcript != TranscriptNever {
		s.log = wire.NewTranscript(start, &s.secrets)
	}
	return s
}

// addSecrets registers the known secrets at the start: even the greeting may
// repeat them.
func (s *session) addSecrets() {
	s.secrets.Add(s.prober.Secrets...)
	auth := s.plan.Auth
	if auth == nil {
		return
	}
	s.secrets.Add(auth.Password)
	s.secrets.AddUser(auth.Username)
	if source, ok := auth.Token.(interface{ Secrets() []string }); ok {
		s.secrets.Add(source.Secrets()...)
	}
}

// steps are the steps of a session, in order. A session takes those that its
// depth includes, until one of them fails.
var steps = []struct {
	depth Depth
	run   func(*session) error
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

// run runs the whole session and returns its result.
func (s *session) run() *Result {
	if err := s.prepare(); err != nil {
		s.fail(err)
	} else {
		s.runSteps()
	}
	s.cleanUp()
	s.close()
	return s.result()
}

// prepare checks the target and the plan, and builds the envelope and the
// message.
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
		hostname.Local() // caches the name: the lookup must not delay EHLO
	}
	return s.buildEnvelope()
}

func (s *session) runSteps() {
	for _, step := range steps {
		if !s.depth().includes(step.depth) {
			return
		}
		if err := step.run(s); err != nil {
			s.fail(err)
			return
		}
	}
}

func (s *session) depth() Depth { return s.plan.Reaches() }

// fail records an error. The first one is the Result's Err, others are
// Secondary.
func (s *session) fail(err error) {
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

// asError returns err as a *smtperr.Error. An error of the caller's Authenticator
// or TokenSource may be of another type.
func asError(err error) *smtperr.Error {
	if e, ok := errors.AsType[*smtperr.Error](err); ok {
		return e
	}
	return smtperr.New(smtperr.ClassUnknown, "", smtperr.PhaseConfig, err)
}

func (s *session) close() {
	if s.conn == nil {
		return
	}
	s.conn.Close()
	for _, name := range s.conn.Anomalies() {
		s.warn(Warning(name))
	}
}

// result completes the Result.
func (s *session) result() *Result {
	r := s.res
	r.Total = time.Since(r.Start)
	r.Expected = s.checkExpected()
	if r.Err != nil {
		r.Reply = asError(r.Err).Reply
	}
	r.Phases = s.clock.phases
	if s.plan.Transcript == TranscriptAlways || r.Err != nil {
		r.Transcript = s.log.Lines()
	}
	s.redact()
	return r
}

func (s *session) warn(w Warning) { s.res.Warnings = append(s.res.Warnings, w) }

// replySession returns the state of the session on which the classification of a
// reply depends.
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

// canceled reports whether the context was canceled. If its deadline passed, that
// is the timeout of the current phase.
func (s *session) canceled() bool { return errors.Is(s.ctx.Err(), context.Canceled) }
