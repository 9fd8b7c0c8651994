// Package policy answers whether a careful sender would deliver: one that
// honors DANE for SMTP (RFC 7672) or MTA-STS (RFC 8461).
//
// It has three parts, and data flows from the first to the last:
//
//   - A Source looks up what is published: the TLSA records of a host (host.go),
//     the MX records and the MTA-STS policy of a domain (domain.go, fetch.go).
//     It asks at most once per interval and remembers the answers (source.go).
//     The questions (question.go) go to a resolver that validates DNSSEC; the
//     package does not validate anything itself.
//   - The session with the relay, which takes place anyway, yields a Session:
//     whether it was encrypted, and the certificates sent.
//   - Judge compares the two and returns a Verdict. It is a pure function
//     (verdict.go; tlsa.go and stspolicy.go have the rules of the two standards).
//
// The names of failures are the result types of RFC 8460 §4.3 (result.go).
package policy
