// Package differential compares our verdicts with those of the two clients
// that our errors are named after: Python's smtplib and aiosmtplib. All three
// run the same sessions with the same scripted relays. The test compares the
// exceptions with our errors, and docs/differences.md lists every disagreement
// with the reason for our verdict.
//
//	go test -tags e2e ./internal/e2e/differential -v            # compare, print the totals
//	go test -tags e2e ./internal/e2e/differential -update       # write the document
//
// The test fails if a disagreement is not listed or has no reason, and if a
// listed one no longer occurs.
package differential
