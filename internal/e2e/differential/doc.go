// Package differential compares the product's errors with the exceptions of
// Python's smtplib and aiosmtplib, after which the error classes are named. All
// three run the same sessions with the same scripted relays. docs/differences.md
// lists every disagreement with the reason for the product's verdict.
//
//	go test -tags e2e ./internal/e2e/differential -v            # compare, print the totals
//	go test -tags e2e ./internal/e2e/differential -update       # write the document
//
// The test fails if a disagreement is not listed or has no reason, and if a
// listed one no longer occurs.
package differential
