package dnstest

import (
	"net"
	"strings"

	"github.com/miekg/dns"
)

// Answer handles a query. It may send the reply, change it first, or leave the
// query unanswered.
type Answer func(q *Query)

// Query is a query and the reply to it, which has no records yet.
type Query struct {
	Question dns.Question
	Attempt  int // how often the same question was asked, from 1
	Reply    *dns.Msg
	// CheckingDisabled is the CD bit of the query: the client does not want DNSSEC
	// validation.
	CheckingDisabled bool

	writer dns.ResponseWriter
}

func (q *Query) send() {
	_ = q.writer.WriteMsg(q.Reply) //nolint:errcheck // the client may be gone
}

func (q *Query) overUDP() bool {
	_, udp := q.writer.LocalAddr().(*net.UDPAddr)
	return udp
}

// Records answers with those of the records that have the queried type. A record is
// written as type and data, such as "A 127.0.0.1". A "CNAME other.test." answers
// queries of every type. Records panics if a record is not valid.
func Records(records ...string) Answer {
	for _, record := range records {
		parse("relay.test.", record)
	}
	return func(q *Query) {
		for _, record := range records {
			q.add(parse(q.Question.Name, record))
		}
		q.send()
	}
}

// Chain answers with records of several names, to follow a CNAME chain in one
// reply. A record is written as name, type and data, such as "alias.test. CNAME
// relay.test.". Records other than CNAME need to have the queried type. Chain
// panics if a record is not valid.
func Chain(records ...string) Answer {
	parsed := make([]dns.RR, len(records))
	for i, record := range records {
		name, data, _ := strings.Cut(record, " ")
		parsed[i] = parse(name, data)
	}
	return func(q *Query) {
		for _, record := range parsed {
			q.add(record)
		}
		q.send()
	}
}

// add adds a record to the reply if it answers the question.
func (q *Query) add(record dns.RR) {
	if rrtype := record.Header().Rrtype; rrtype == q.Question.Qtype || rrtype == dns.TypeCNAME {
		q.Reply.Answer = append(q.Reply.Answer, record)
	}
}

func parse(name, record string) dns.RR {
	rr, err := dns.NewRR(name + " 60 IN " + record)
	if err != nil {
		panic(err)
	}
	return rr
}

// Secure sets the AD bit, like a resolver that has validated the answer.
func Secure(answer Answer) Answer {
	return func(q *Query) {
		q.Reply.AuthenticatedData = true
		answer(q)
	}
}

// Bogus replies like a resolver for which validation fails: with SERVFAIL, unless
// the query disables checking.
func Bogus(answer Answer) Answer {
	return func(q *Query) {
		if q.CheckingDisabled {
			answer(q)
			return
		}
		ServFail()(q)
	}
}

// ExtendedError adds an extended DNS error (RFC 8914) to the reply.
func ExtendedError(code uint16, answer Answer) Answer {
	return func(q *Query) {
		const udpSize = 1232
		q.Reply.SetEdns0(udpSize, true)
		opt := q.Reply.IsEdns0()
		opt.Option = append(opt.Option, &dns.EDNS0_EDE{InfoCode: code})
		answer(q)
	}
}

// For selects the answer by the queried type, such as "A". Types that are not in
// the map have no records.
func For(answers map[string]Answer) Answer {
	return func(q *Query) { answers[dns.TypeToString[q.Question.Qtype]].or(NoData())(q) }
}

// NoData replies that the name has no records of the queried type.
func NoData() Answer { return Records() }

// NXDomain replies that the name does not exist.
func NXDomain() Answer { return rcode(dns.RcodeNameError) }

// ServFail replies SERVFAIL.
func ServFail() Answer { return rcode(dns.RcodeServerFailure) }

// Refused replies REFUSED.
func Refused() Answer { return rcode(dns.RcodeRefused) }

func rcode(code int) Answer {
	return func(q *Query) {
		q.Reply.Rcode = code
		q.send()
	}
}

// Silence does not reply.
func Silence() Answer { return func(*Query) {} }

// Garbage replies with a message whose only record is truncated.
func Garbage() Answer {
	return func(q *Query) {
		message, err := q.Reply.Pack()
		if err != nil {
			return
		}
		const answerCount = 7 // offset of the low byte of ANCOUNT
		message[answerCount] = 1
		_, _ = q.writer.Write(append(message, 0xc0)) //nolint:errcheck // the client may be gone
	}
}

// Truncated sets the TC bit in replies over UDP, and gives the answer over TCP.
func Truncated(answer Answer) Answer {
	return func(q *Query) {
		if !q.overUDP() {
			answer(q)
			return
		}
		q.Reply.Truncated = true
		q.send()
	}
}

// Seq gives the answers in turn each time the same question is asked, and then
// repeats the last one. It counts each type separately.
func Seq(answers ...Answer) Answer {
	return func(q *Query) { answers[min(q.Attempt, len(answers))-1](q) }
}

// or returns the answer, or the other one if it is nil.
func (a Answer) or(other Answer) Answer {
	if a == nil {
		return other
	}
	return a
}
