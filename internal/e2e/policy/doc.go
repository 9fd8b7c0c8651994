//go:build e2e

// Package policy tests the DANE and MTA-STS verdicts with real servers. Knot DNS
// signs the zones, Unbound validates them with the trust anchor of the test, and
// the verdict on each host is compared with that of Postfix's posttls-finger. All
// servers listen on loopback addresses. Ports 25, 53 and 443 need root.
package policy
