package smtperr

import "testing"

var reasonSink Reason

func BenchmarkReplyReason(b *testing.B) {
	for _, bm := range []struct {
		name  string
		phase Phase
		code  int
		text  string
	}{
		{"refusal", PhaseRcpt, 550, "5.1.1 <alice@example.org>: Recipient address rejected: User unknown in virtual mailbox table"},
		{"policy", PhaseRcpt, 554, "5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org"},
		{"unknown", PhaseMail, 550, "5.7.1 Your message was not accepted for local reasons, please contact the administrator"},
	} {
		b.Run(bm.name, func(b *testing.B) {
			r := NewReply(bm.code, []string{bm.text})
			b.ReportAllocs()
			for b.Loop() {
				reasonSink = replyReason(bm.phase, &r, Session{})
			}
		})
	}
}
