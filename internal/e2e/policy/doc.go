//go:build e2e

// Package policy tests the verdicts of DANE and MTA-STS against real servers: the
// zones are signed by Knot DNS, Unbound validates them with a trust anchor of the
// test, and posttls-finger of Postfix says what a DANE sender makes of each host.
// Everything runs on loopback addresses; the ports 25, 53 and 443 need root.
package policy
