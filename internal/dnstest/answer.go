package dnstest

import (
	"net"
	"strings"

	"github.com/miekg/dns"
)

// Answer is what a server does when it is asked for a name.
type Answer func(q *Query)

// Query is a question, and the reply in the making.
type Query struct {
	Question dns.Question
	Attempt  int // how often this very question was asked, from 1
	Reply    *dns.Msg
	// CheckingDisabled is the CD bit of the question: validation is not wanted.
	CheckingDisabled bool

	writer dns.ResponseWriter
}

func (q *Query) send() {
	_ = q.writer.WriteMsg(q.Reply) //nolint:errcheck // who asked has left, or will ask again
}

// overUDP reports whether the query came in a datagram.
func (q *Query) overUDP() bool {
	_, udp := q.writer.LocalAddr().(*net.UDPAddr)
	return udp
}

// Records answers with those records whose type was asked for, each written
// as type and data: "A 127.0.0.1". A "CNAME other.test." answers every type.
// It panics if that is no record: a mistake of the test.
func Records(records ...string) Answer {
	for _, record := range records {
		parse("relay.test.", record)
	}
	return func(q *Query) {
		for _, record := range records {
			rr := parse(q.Question.Name, record)
			if kind := rr.Header().Rrtype; kind == q.Question.Qtype || kind == dns.TypeCNAME {
				q.Reply.Answer = append(q.Reply.Answer, rr)
			}
		}
		q.send()
	}
}

func parse(name, record string) dns.RR {
	rr, err := dns.NewRR(name + " 60 IN " + record)
	if err != nil {
		panic(err)
	}
	return rr
}

// Chain answers with records of several names, each written as name, type and
// data: "alias.test. CNAME relay.test.". Of the last name only those whose type
// was asked for count.
func Chain(records ...string) Answer {
	all := make([]dns.RR, len(records))
	for i, record := range records {
		name, data, _ := strings.Cut(record, " ")
		all[i] = parse(name, data)
	}
	return func(q *Query) {
		for _, rr := range all {
			if kind := rr.Header().Rrtype; kind == q.Question.Qtype || kind == dns.TypeCNAME {
				q.Reply.Answer = append(q.Reply.Answer, rr)
			}
		}
		q.send()
	}
}

// Secure sets the AD bit, as a resolver does that has validated the answer.
func Secure(answer Answer) Answer {
	return func(q *Query) {
		q.Reply.AuthenticatedData = true
		answer(q)
	}
}

// Bogus is the answer of a resolver to which the answer is not valid: it answers
// only if the question asks for no validation.
func Bogus(answer Answer) Answer {
	return func(q *Query) {
		if q.CheckingDisabled {
			answer(q)
			return
		}
		ServFail()(q)
	}
}

// For answers each type of record in its own way: dnstest.For("A", ...). Others
// have no data.
func For(answers map[string]Answer) Answer {
	return func(q *Query) { answers[dns.TypeToString[q.Question.Qtype]].or(NoData())(q) }
}

// NoData is the answer for a name that exists without such a record.
func NoData() Answer { return Records() }

// NXDomain is the answer for a name that does not exist.
func NXDomain() Answer { return code(dns.RcodeNameError) }

// ServFail is the answer of a server that failed.
func ServFail() Answer { return code(dns.RcodeServerFailure) }

// Refused is the answer of a server that does not serve the client.
func Refused() Answer { return code(dns.RcodeRefused) }

func code(rcode int) Answer {
	return func(q *Query) {
		q.Reply.Rcode = rcode
		q.send()
	}
}

// Silence does not answer, so that the question times out.
func Silence() Answer { return func(*Query) {} }

// Garbage answers with a header and then bytes that make no record.
func Garbage() Answer {
	return func(q *Query) {
		message, err := q.Reply.Pack()
		if err != nil {
			return
		}
		const answers = 7 // the low byte of ANCOUNT
		message[answers] = 1
		_, _ = q.writer.Write(append(message, 0xc0)) //nolint:errcheck // who asked has left, or will ask again
	}
}

// Truncated makes the client ask again over TCP, where the answer follows.
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

// Seq answers a question first with the first answer, then with the second,
// and so on; the last one stays. Each type of record counts for itself.
func Seq(answers ...Answer) Answer {
	return func(q *Query) { answers[min(q.Attempt, len(answers))-1](q) }
}

func (a Answer) or(other Answer) Answer {
	if a == nil {
		return other
	}
	return a
}
