// Package differential holds our verdicts against those of the two clients
// whose exceptions our errors are named after: Python's smtplib and
// aiosmtplib, the real ones. All three hold the same sessions with the same
// scripted relays; what the exceptions and our errors say of each is compared,
// and every disagreement stands in docs/differences.md with the reason why our
// verdict is the right one.
//
//	go test -tags e2e ./internal/e2e/differential -v            # compare, print the totals
//	go test -tags e2e ./internal/e2e/differential -update       # write the document
//
// It fails when there is a disagreement that is not listed, or without a
// reason, and when a listed one does not occur any more.
package differential
