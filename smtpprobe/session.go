package smtpprobe

import (
	"context"
	"crypto/tls"
	"net"
	"slices"
	"time"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/socket"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// session is one conversation with one relay, and what it has found out.
type session struct {
	ctx      context.Context
	target   *Target
	plan     *Plan
	res      *Result
	found    *findings // that res is part of
	deadline time.Time // of the whole probe

	conn      net.Conn
	in        *replyReader
	kernel    *socket.Conn // conn, or what it is within TLS
	out       []byte       // the last command, kept for its room
	room      [64]byte     // of an ordinary command
	readBy    time.Time    // the deadlines that conn has
	writeBy   time.Time
	log       *transcript
	encrypted bool
	local     bool // over a unix socket: nobody listens on the way

	caps          *Capabilities // of the last EHLO; nil after HELO
	authenticated bool          // a 235 was seen
	transaction   bool          // MAIL was accepted, and neither the dot nor RSET ended it
	accepted      []int         // the accepted recipients, as indices of Result.Recipients
	message       payload       // what DepthSend sends

	// inSync: the relay owes no reply and nothing of it is unread, so that a
	// command may still be sent.
	inSync bool
	// inDoubt: the final dot is sent and its reply still due (RFC 5321 §6.1).
	inDoubt bool
	// closing: the relay said 421 and may be gone (RFC 5321 §3.8).
	closing bool

	certificateWanted bool                 // the relay asked for a client certificate that we have not
	handshaken        *tls.ConnectionState // of the encrypted session, nil without
	watching          watch                // over the context

	current *PhaseResult // the phase whose clock runs, nil between phases
	began   time.Time
	heard   time.Time // when the last reply had arrived, if that is known
	masked  []string  // secrets that were sent, to be kept out of what is shown

	challenge string // the text of the last 334, as it came
}

// step is one part of the conversation. It is taken when the plan goes at
// least as deep.
type step struct {
	depth Depth
	take  func(*session) *smtperr.Error
}

// script is the conversation, in order. The first failure ends it.
var script = []step{
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

// depths are in order, so that they compare by their place.
var depths = []Depth{DepthConnect, DepthEHLO, DepthAuth, DepthRcpt, DepthSend}

// reaches tells whether a plan of this depth includes that one.
func (d Depth) reaches(other Depth) bool {
	return slices.Index(depths, d) >= slices.Index(depths, other)
}

func (s *session) run() {
	for _, st := range script {
		if !s.depth().reaches(st.depth) {
			break
		}
		if err := st.take(s); err != nil {
			s.verdict(err)
			return
		}
	}
}

func (s *session) depth() Depth { return s.plan.Reaches() }

// verdict records a failure: the first one decides, what follows is secondary.
func (s *session) verdict(err *smtperr.Error) {
	if s.res.Err != nil {
		s.res.Secondary = append(s.res.Secondary, err)
		s.res.Err.OutcomeUnknown = s.res.Err.OutcomeUnknown || err.OutcomeUnknown
		return
	}
	s.res.Err = err
	s.phase(err.Phase).Err = err
}

// phase finds the entry of a phase, or adds it.
func (s *session) phase(name smtperr.Phase) *PhaseResult {
	for i := range s.res.Phases {
		if s.res.Phases[i].Phase == name {
			return &s.res.Phases[i]
		}
	}
	s.res.Phases = append(s.res.Phases, PhaseResult{Phase: name})
	return &s.res.Phases[len(s.res.Phases)-1]
}

// decisive makes a reply the decisive one, unless a failure comes.
func (s *session) decisive(reply smtperr.Reply) {
	s.found.reply = reply
	s.res.Reply = &s.found.reply
}

// unfinish takes back that a phase is complete: of its several commands, an
// earlier one was answered.
func (s *session) unfinish(name smtperr.Phase) {
	for i := range s.res.Phases {
		if s.res.Phases[i].Phase == name {
			s.res.Phases[i].Complete = false
		}
	}
}

// begin starts the clock of a phase. Until end, the phase is not complete.
func (s *session) begin(name smtperr.Phase) {
	s.current = s.phase(name)
	s.current.Complete = false
	s.began, s.heard = time.Now(), time.Time{}
}

// end stops the clock of a phase that got what it waited for.
func (s *session) end() {
	s.stop()
	s.current.Complete = true
}

// stop stops the clock of a phase that did not.
func (s *session) stop() {
	s.current.Duration += s.since(s.began)
}

// since is the time up to the arrival of the reply, if there was one, and else
// up to now: that we are late to read it is no fault of the relay's.
func (s *session) since(began time.Time) time.Duration {
	if s.heard.After(began) {
		return s.heard.Sub(began)
	}
	return time.Since(began)
}

// finish takes leave of the relay and sums up.
func (s *session) finish() {
	s.reset()
	s.quit()
	s.close()
	r := s.res
	r.Total = time.Since(r.Start)
	r.Expected = s.judge()
	if r.Err != nil {
		r.Reply = r.Err.Reply
	}
	if s.in != nil {
		r.Warnings = append(s.in.odd.warnings(), r.Warnings...)
		s.in.free()
	}
	r.Transcript = s.log.lines()
}

func (s *session) close() {
	if s.conn == nil {
		return
	}
	s.watching.end()
	s.log.event("closed")
	if s.encrypted {
		// TLS says goodbye with an alert; that must not wait either.
		_ = s.conn.SetDeadline(time.Now().Add(closeTime))
	}
	_ = s.conn.Close()
}

// closeTime bounds the TLS close_notify of a connection whose peer does not read.
const closeTime = 100 * time.Millisecond

// circumstances are the facts that decide what a reply means.
func (s *session) circumstances() smtperr.Session {
	return smtperr.Session{
		TLS:               s.encrypted,
		AuthOffered:       s.caps.Has("AUTH"),
		Authenticated:     s.authenticated,
		RecipientAccepted: len(s.accepted) > 0,
		LMTP:              s.target.LMTP,
		Mechanism:         s.res.AuthMechanism,
		Sender:            s.plan.From,
	}
}
