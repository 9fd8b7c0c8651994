// Package policy evaluates whether a sender that honors DANE for SMTP (RFC 7672)
// or MTA-STS (RFC 8461) would deliver mail to a host.
//
// Data flows through three parts:
//
//   - A Source looks up the TLSA records of a host (host.go), the MX records of a
//     domain (domain.go) and its MTA-STS policy (sts.go, fetch.go). It caches the
//     results and repeats a lookup at most once per interval (cache.go). A Resolver
//     sends the DNS queries (resolver.go, query.go) to a name server that validates
//     DNSSEC. This package does not validate.
//   - Observed takes a Session out of the result of a probe (session.go): whether TLS
//     was established, and the certificate chain. There is no additional session.
//   - Evaluate compares the two and returns a Verdict (verdict.go). It is a pure
//     function. The rules of the standards are in tlsa.go and stspolicy.go. A
//     DomainVerdict adds up the verdicts on the MX hosts of a domain (domainverdict.go).
//
// Failures have the names of the result types of RFC 8460 §4.3 (result.go).
// An MTA-STS policy can be saved and restored, so that a restart does not forget
// it before its max_age ends (saved.go).
package policy
