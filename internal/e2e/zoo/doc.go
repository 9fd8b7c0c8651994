//go:build e2e && zoo

// Package zoo probes mail servers that nobody here wrote, and compares class,
// reason, fault, reply code and phase with what an operator would want to read,
// and each server's log with what a polite client leaves in it.
//
// "make zoo" installs the servers (install.sh) and runs the tests, as root. The
// result is the table docs/servers.md, which the test keeps current; run the
// test with -update to write it.
//
// A server is one file with its configuration and its situations. Servers that
// cannot be installed beside each other are unpacked, and run in mount
// namespaces of their own in which they find their files at the usual paths
// (sandbox.go).
package zoo
