//go:build e2e && zoo

// Package zoo probes mail servers written by others. For each probe it compares
// class, reason, reply code, phase and fault with the values that would help the
// server's operator, and searches the server's log for complaints about the
// client.
//
// "make zoo" installs the servers (../install.sh) and runs the tests, as root.
// The result is the table docs/servers.md. The test compares it with the file,
// or writes it if run with -update.
//
// Each server has a file with its configuration and its probes. Servers whose
// Debian packages conflict are unpacked, and run in mount namespaces in which
// their files have the usual paths (sandbox.go).
package zoo
