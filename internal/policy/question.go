package policy

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"runtime"
	"strings"
	"sync/atomic"
	"time"

	"github.com/miekg/dns"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/dial"
)

// udpSize is the largest answer in a datagram (RFC 6891 §6.2.5), in bytes.
const udpSize = 1232

// maxAliases bounds a chain of CNAME records.
const maxAliases = 16

// resolvConf lists the system's name servers.
const resolvConf = "/etc/resolv.conf"

// Resolver is where the questions go.
type Resolver struct {
	// Server is the host:port of the name server; empty: those of the system.
	Server string
	// Trust: the resolver validates DNSSEC, and nobody can change its answers on
	// the way, so that its AD bit counts (RFC 7672 §2.1.1). For the system's name
	// servers that is so only on loopback.
	Trust bool
	// Timeout bounds a question; 0 is five seconds.
	Timeout time.Duration
}

const defaultQuestionTimeout = 5 * time.Second

// Check reports why the resolver cannot be used, in terms of the settings.
func (r Resolver) Check() error {
	if r.Server != "" {
		return nil
	}
	servers, err := systemServers()
	if err != nil {
		return err
	}
	if r.Trust && !onLoopback(servers) {
		return fmt.Errorf(`dnssec "trust" needs dns_server: the system's name server %s is not on loopback, `+
			`and its answers can be changed on the way`, servers[0])
	}
	return nil
}

// systemServers are the system's name servers as host:port, at least one.
func systemServers() ([]string, error) {
	if runtime.GOOS == "windows" {
		return nil, errors.New(`policy "report" needs dns_server on Windows`)
	}
	conf, err := dns.ClientConfigFromFile(resolvConf)
	if err != nil || len(conf.Servers) == 0 {
		return []string{"127.0.0.1:53"}, nil //nolint:nilerr // the default, see resolv.conf(5)
	}
	servers := make([]string, len(conf.Servers))
	for i, s := range conf.Servers {
		servers[i] = net.JoinHostPort(s, conf.Port)
	}
	return servers, nil
}

func onLoopback(servers []string) bool {
	for _, s := range servers {
		at, err := netip.ParseAddrPort(s)
		if err != nil || !at.Addr().Unmap().IsLoopback() {
			return false
		}
	}
	return true
}

// servers are where to ask, and whether an AD bit from there counts.
func (r Resolver) servers() (servers []string, trusted bool, err error) {
	if r.Server != "" {
		return []string{r.Server}, r.Trust, nil
	}
	servers, err = systemServers()
	return servers, r.Trust && onLoopback(servers), err
}

// exchange asks one question. A server that does not answer is replaced by the
// next one.
func (r Resolver) exchange(ctx context.Context, question *dns.Msg) (reply *dns.Msg, trusted bool, err error) {
	servers, trusted, err := r.servers()
	if err != nil {
		return nil, false, err
	}
	timeout := r.Timeout
	if timeout <= 0 {
		timeout = defaultQuestionTimeout
	}
	for _, server := range servers {
		step, cancel := context.WithTimeout(ctx, timeout/time.Duration(len(servers)))
		reply, err = dial.NameServer(server).Exchange(step, question)
		cancel()
		if err == nil {
			return reply, trusted, nil
		}
	}
	return nil, false, err
}

// answer is what a resolver answers for a name and type.
type answer struct {
	records []dns.RR // of the type, at the end of the aliases
	end     string   // the name itself, or that at the end of its aliases; absolute
	secure  bool     // validated by a trusted resolver, every alias included
}

// lookupError is a question without a usable answer. That is never the same as
// "there are no such records".
type lookupError struct {
	bogus      bool // there are records, and DNSSEC proves that they are not genuine
	serverFail bool // the server failed, for whatever reason
	name       string
	cause      string
}

func (e *lookupError) Error() string {
	return "lookup " + strings.TrimSuffix(e.name, ".") + ": " + e.cause
}

// questions asks a limited number of questions.
type questions struct {
	resolver Resolver
	left     int
	asked    *atomic.Int64
}

var errTooMany = errors.New("too many questions")

// send asks one question. The AD bit in it asks for the AD bit in the answer
// (RFC 6840 §5.7), and so does DO with older resolvers.
func (q *questions) send(ctx context.Context, name string, kind uint16, checkingDisabled bool) (*dns.Msg, bool, error) {
	if q.left <= 0 {
		return nil, false, errTooMany
	}
	q.left--
	q.asked.Add(1)
	question := new(dns.Msg).SetQuestion(dns.CanonicalName(name), kind).SetEdns0(udpSize, true)
	question.AuthenticatedData, question.CheckingDisabled = true, checkingDisabled
	reply, trusted, err := q.resolver.exchange(ctx, question)
	if err == nil && !answers(reply, question) {
		return nil, false, errors.New("the answer is to another question")
	}
	return reply, trusted, err
}

func answers(reply, question *dns.Msg) bool {
	return len(reply.Question) == 1 && reply.Question[0].Qtype == question.Question[0].Qtype &&
		dns.CanonicalName(reply.Question[0].Name) == question.Question[0].Name
}

// ask looks records up. A name or type that does not exist is an answer without
// records; every error is a *lookupError.
func (q *questions) ask(ctx context.Context, name string, kind uint16) (answer, error) {
	reply, trusted, err := q.send(ctx, name, kind, false)
	failure := &lookupError{name: name}
	switch {
	case err != nil:
		failure.cause = err.Error()
	case reply.Rcode == dns.RcodeSuccess || reply.Rcode == dns.RcodeNameError:
		a, err := readAnswer(reply, dns.CanonicalName(name), kind)
		if err == nil {
			a.secure = trusted && reply.AuthenticatedData
			return a, nil
		}
		failure.cause = err.Error()
	default:
		failure.cause = "the server answered " + dns.RcodeToString[reply.Rcode]
		failure.bogus, failure.serverFail = provedBogus(reply), reply.Rcode == dns.RcodeServerFailure
	}
	return answer{}, failure
}

// confirm finds out whether a failure comes from DNSSEC: then the same question
// succeeds without validation (RFC 4035 §3.2.2). It asks only if a question is
// left.
func (q *questions) confirm(ctx context.Context, failure error, kind uint16) error {
	e, ok := errors.AsType[*lookupError](failure)
	if !ok || e.bogus || !e.serverFail || q.left <= 0 || !q.resolver.Trust {
		return failure
	}
	reply, trusted, err := q.send(ctx, e.name, kind, true)
	if err == nil && trusted && (reply.Rcode == dns.RcodeSuccess || reply.Rcode == dns.RcodeNameError) {
		return &lookupError{name: e.name, bogus: true, cause: "the DNSSEC signatures are not valid"}
	}
	return failure
}

// provedBogus reports whether the resolver says itself that validation failed
// (RFC 8914 §4.7 to §4.13).
func provedBogus(reply *dns.Msg) bool {
	opt := reply.IsEdns0()
	if opt == nil {
		return false
	}
	for _, option := range opt.Option {
		if e, ok := option.(*dns.EDNS0_EDE); ok {
			switch e.InfoCode {
			case dns.ExtendedErrorCodeDNSBogus, dns.ExtendedErrorCodeSignatureExpired, dns.ExtendedErrorCodeSignatureNotYetValid,
				dns.ExtendedErrorCodeDNSKEYMissing, dns.ExtendedErrorCodeRRSIGsMissing, dns.ExtendedErrorCodeNoZoneKeyBitSet,
				dns.ExtendedErrorCodeNSECMissing:
				return true
			}
		}
	}
	return false
}

// readAnswer follows the aliases of an answer to the records of the type.
func readAnswer(reply *dns.Msg, name string, kind uint16) (answer, error) {
	aliases := make(map[string]string)
	if kind != dns.TypeCNAME {
		for _, record := range reply.Answer {
			if c, ok := record.(*dns.CNAME); ok {
				aliases[dns.CanonicalName(c.Hdr.Name)] = dns.CanonicalName(c.Target)
			}
		}
	}
	a := answer{end: name}
	for steps := 0; aliases[a.end] != ""; steps++ {
		if steps == maxAliases {
			return a, errors.New("too many aliases, or a loop of them")
		}
		a.end = aliases[a.end]
	}
	for _, record := range reply.Answer {
		if h := record.Header(); h.Rrtype == kind && dns.CanonicalName(h.Name) == a.end {
			a.records = append(a.records, record)
		}
	}
	return a, nil
}
