// Package policy evaluates whether a sender that honors DANE for SMTP (RFC 7672)
// or MTA-STS (RFC 8461) would deliver mail to a host.
//
// Data flows through three parts:
//
//   - A Source looks up what is published: the TLSA records of a host (host.go),
//     the MX records of a domain (domain.go) and its MTA-STS policy (sts.go,
//     fetch.go). It repeats a lookup at most once per interval and caches the
//     result (cache.go). A Resolver sends the DNS queries (resolver.go, query.go)
//     to a name server that validates DNSSEC; this package does not validate.
//   - A probe of the host, which takes place anyway, yields a Session: whether
//     TLS was established, and the certificate chain.
//   - Evaluate compares the two and returns a Verdict. It is a pure function
//     (verdict.go); the rules of the standards are in tlsa.go and stspolicy.go.
//
// Failures have the names of the result types of RFC 8460 §4.3 (result.go).
// An MTA-STS policy can be saved and restored, so that a restart does not forget
// it before its max_age ends (saved.go).
package policy
