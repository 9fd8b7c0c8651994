package smtperr

// Recipients sums up the refusals of several recipients, in RCPT or with LMTP
// after the dot: nil without any, RecipientRefused if some were accepted,
// RecipientsRefused if all were refused, ServiceUnavailable if the relay said
// 421. The first 4xx represents them and makes them temporary, else the first.
// The result holds every refusal as it was given.
func Recipients(phase Phase, refusals []*Error, some bool) *Error {
	shown := representative(refusals)
	if shown == nil {
		return nil
	}
	sum := *shown
	sum.Phase = phase
	sum.Recipients = refusals
	sum.allRefused = !some
	switch {
	case sum.Class == ServiceUnavailable:
	case some:
		sum.Class = RecipientRefused
	default:
		sum.Class = RecipientsRefused
	}
	return &sum
}

func representative(refusals []*Error) *Error {
	var shown *Error
	for _, r := range refusals {
		switch {
		case r == nil:
		case r.Class == ServiceUnavailable:
			return r
		case shown == nil, r.Code()/100 == 4 && shown.Code()/100 != 4:
			shown = r
		}
	}
	return shown
}
