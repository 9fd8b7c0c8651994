package dashboards

import "github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"

// TimedPhases returns the phases that have a field PHASE_time, in the order of a
// session.
func TimedPhases() []smtperr.Phase {
	return []smtperr.Phase{
		smtperr.PhaseDNS, smtperr.PhaseConnect, smtperr.PhaseTLS, smtperr.PhaseGreeting,
		smtperr.PhaseEHLO, smtperr.PhaseHELO, smtperr.PhaseSTARTTLS, smtperr.PhaseAuth,
		smtperr.PhaseMail, smtperr.PhaseRcpt, smtperr.PhaseData, smtperr.PhaseBody,
		smtperr.PhaseDot, smtperr.PhaseRset, smtperr.PhaseQuit,
	}
}
